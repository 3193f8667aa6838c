import { hash } from 'node:crypto';
import { decodeBase64 } from './base64.ts';
import { ed25519Spki } from './ed25519.ts';
import { EntryError } from './entry-error.ts';
import type { Signer } from './entry.ts';

/** The longest key file: a comment and a key, a line each. */
const MAX_FILE_BYTES = 2048;
const RAW_KEY_BYTES = 32;
/** Algorithm, key id, key. Rekor takes any algorithm for Ed25519, so a thief may write what he likes there. */
const KEY_BYTES = 2 + 8 + RAW_KEY_BYTES;
const COMMENT = 'untrusted comment:';

/**
 * Who signed by base64 of a public key of minisign or signify: of its text with or without the comment, or of the 32 bytes of the key
 * alone, as Rekor recorded it at first. The fingerprint is the key id as minisign prints it, but in lower case: a number of 64 bits that
 * nothing binds to the key. The claim `key` also holds the SHA-256 of the SubjectPublicKeyInfo, which is bound; it is the fingerprint
 * where there is no id. Throws EntryError; `what` names the key.
 */
export function signerFromMinisign(publicKey: unknown, signature: Buffer | null, what: string): Signer {
  const { id, key } = readKey(decodeBase64(publicKey, what), what);
  const spki = ed25519Spki(key);
  const digest = hash('sha256', spki);
  const names = id === null ? [digest] : [id, digest];
  return { type: 'minisign', fingerprint: id ?? digest, claims: { key: names }, certificate: null, spki, signature };
}

interface MinisignKey {
  readonly id: string | null;
  readonly key: Buffer;
}

function readKey(file: Buffer, what: string): MinisignKey {
  if (file.length === RAW_KEY_BYTES) {
    return { id: null, key: file };
  }
  const bytes = decodeBase64(keyLine(file, what), what);
  if (bytes.length !== KEY_BYTES) {
    throw new EntryError(`Cannot read ${what}: a minisign key of ${bytes.length} bytes, expected ${KEY_BYTES}`);
  }
  const id = bytes.readBigUInt64LE(2);
  // Rekor fills the id with zeros where all it was given is the bare key.
  return { id: id === 0n ? null : id.toString(16).padStart(16, '0'), key: bytes.subarray(-RAW_KEY_BYTES) };
}

function keyLine(file: Buffer, what: string): string {
  const lines = file.length > MAX_FILE_BYTES ? [] : file.toString('latin1').trimEnd().split(/\r?\n/);
  const [first = ''] = lines;
  const [line, ...others] = first.startsWith(COMMENT) ? lines.slice(1) : lines;
  if (line === undefined || others.length > 0) {
    throw new EntryError(`Cannot read ${what}: expected a minisign key of one line, and a comment before it at most`);
  }
  return line;
}
