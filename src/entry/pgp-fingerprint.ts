import { hash } from 'node:crypto';
import { EntryError } from './entry-error.ts';

/** Version, time of creation, algorithm; later versions also name the length of what follows. */
const HEAD_BYTES = { 4: 6, 5: 10, 6: 10 } as const;
/** Two bytes hold the length in what is hashed. */
const MAX_V4_BYTES = 0xffff;

/**
 * The fingerprint of a PGP public key or subkey from the body of its packet, lower-case hex: SHA-1 for version 4 (RFC 4880 §12.2),
 * SHA-256 for 5 (of drafts, and of GnuPG) and 6 (RFC 9580 §5.5.4). Older keys have MD5 for one, which anybody can match, and are
 * refused. Throws EntryError; `what` names the key.
 */
export function pgpFingerprint(body: Buffer, what: string): string {
  const [version] = body;
  if (version !== 4 && version !== 5 && version !== 6) {
    throw new EntryError(`Cannot read ${what}: a PGP key of version ${version ?? 'none'}, expected 4, 5 or 6`);
  }
  const head = HEAD_BYTES[version];
  const isLengthRight =
    version === 4
      ? body.length <= MAX_V4_BYTES
      : body.length >= head && body.readUInt32BE(head - 4) === body.length - head;
  if (body.length <= head || !isLengthRight) {
    throw new EntryError(
      `Cannot read ${what}: a PGP key of version ${version} in ${body.length} bytes, expected as many as it has`,
    );
  }
  return version === 4
    ? hash('sha1', Buffer.concat([Buffer.of(0x99, body.length >> 8, body.length & 0xff), body]), 'hex')
    : hash('sha256', Buffer.concat([longHead(version === 5 ? 0x9a : 0x9b, body.length), body]), 'hex');
}

function longHead(octet: number, length: number): Buffer {
  const head = Buffer.of(octet, 0, 0, 0, 0);
  head.writeUInt32BE(length, 1);
  return head;
}
