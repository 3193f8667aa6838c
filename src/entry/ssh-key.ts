import { hash } from 'node:crypto';
import { addressesIn } from './address.ts';
import { decodeBase64 } from './base64.ts';
import { EntryError } from './entry-error.ts';
import type { Signer } from './entry.ts';

/** Rekor takes no longer ones. */
const MAX_FILE_BYTES = 65_536;
/** Type, key, comment, as in an authorized_keys file without options. Whatever follows the key matches, so that nothing is tried twice. */
const LINE = /^(\S+)[ \t]+(\S+)(.*)$/s;

/** How many fields follow the type in a public key (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4, OpenSSH PROTOCOL.u2f). */
const FIELDS = new Map([
  ['ssh-rsa', 2],
  ['ssh-dss', 4],
  ['ssh-ed25519', 1],
  ['ssh-ed448', 1],
  ['ecdsa-sha2-nistp256', 2],
  ['ecdsa-sha2-nistp384', 2],
  ['ecdsa-sha2-nistp521', 2],
  ['sk-ssh-ed25519@openssh.com', 2],
  ['sk-ecdsa-sha2-nistp256@openssh.com', 3],
]);
const CERTIFICATE_SUFFIX = '-cert-v01@openssh.com';

/**
 * Who signed by base64 of a line `type key [comment]` with an SSH public key. The fingerprint is that which `ssh-keygen -l` prints: of
 * the key, also where the line holds an OpenSSH certificate of it, whose own is then in the claim `key` too. Throws EntryError; `what` names
 * the line.
 */
export function signerFromSsh(publicKey: unknown, signature: Buffer | null, what: string): Signer {
  const file = decodeBase64(publicKey, what);
  if (file.length > MAX_FILE_BYTES) {
    throw new EntryError(`Cannot read ${what}: an SSH key of ${file.length} bytes, expected at most ${MAX_FILE_BYTES}`);
  }
  const [, type = '', key = '', comment = ''] = LINE.exec(file.toString().trim()) ?? [];
  if (key === '' || comment.includes('\n')) {
    throw new EntryError(`Cannot read ${what}: expected one line of SSH key type, key and comment`);
  }
  const blob = decodeBase64(key, what);
  const fingerprints = new Set([keyIn(blob, type, what), blob].map(sshFingerprint));
  const [fingerprint = sshFingerprint(blob)] = fingerprints;
  const addresses = new Set(addressesIn(comment));
  return {
    type: 'ssh',
    fingerprint,
    claims: { key: [...fingerprints], ...(addresses.size > 0 && { key_subject: [...addresses] }) },
    certificate: null,
    spki: null,
    signature,
  };
}

/** As OpenSSH prints it. */
function sshFingerprint(blob: Buffer): string {
  return `SHA256:${hash('sha256', blob, 'base64').replace(/=+$/, '')}`;
}

/** The key alone: of a certificate the key that it certifies, of a type that is not known all that is there. */
function keyIn(blob: Buffer, type: string, what: string): Buffer {
  const typeField = fieldAt(blob, 0, what);
  if (typeField.toString('latin1', 4) !== type) {
    throw new EntryError(`Cannot read ${what}: the SSH key is not of the type that stands before it`);
  }
  const certified = certifiedType(type);
  const count = FIELDS.get(certified ?? type);
  if (count === undefined) {
    return blob;
  }
  // A certificate has a nonce before the key, and its own fields after it (OpenSSH PROTOCOL.certkeys).
  const begin = typeField.length + (certified === null ? 0 : fieldAt(blob, typeField.length, what).length);
  let end = begin;
  for (let field = 0; field < count; field++) {
    end += fieldAt(blob, end, what).length;
  }
  if (certified !== null) {
    return Buffer.concat([sshString(certified), blob.subarray(begin, end)]);
  }
  if (end !== blob.length) {
    throw new EntryError(`Cannot read ${what}: ${blob.length - end} bytes follow the SSH key, expected none`);
  }
  return blob;
}

/** The type of key that a certificate of `type` is for; null for what is no certificate. */
function certifiedType(type: string): string | null {
  if (!type.endsWith(CERTIFICATE_SUFFIX)) {
    return null;
  }
  const plain = type.slice(0, -CERTIFICATE_SUFFIX.length);
  return plain.startsWith('sk-') ? `${plain}@openssh.com` : plain;
}

/** A length in 4 bytes and as many bytes (RFC 4251 §5, `string`), the length with it. */
function fieldAt(blob: Buffer, at: number, what: string): Buffer {
  const end = at + 4 <= blob.length ? at + 4 + blob.readUInt32BE(at) : Infinity;
  if (end > blob.length) {
    throw new EntryError(`Cannot read ${what}: the SSH key ends inside of a field`);
  }
  return blob.subarray(at, end);
}

function sshString(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text, 'latin1')]);
}
