import { createPublicKey, hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { JsonObject } from './json.ts';

/** SubjectPublicKeyInfo up to the key itself: of Ed25519 (RFC 8410 §4), and of an uncompressed point on P-256 (RFC 5480 §2). */
const ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
const P256 = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
const ED25519_HEX = /^[0-9a-f]{64}$/i;
const P256_HEX = /^04[0-9a-f]{128}$/i;
const PEM = /^-----BEGIN (?:RSA )?PUBLIC KEY-----/;
/** Far longer than the PEM text of an RSA key of 16,384 bits. */
const MAX_PEM_LENGTH = 8192;

/** What the id of a key is made of: go-tuf hashes these members, securesystemslib those without the algorithms. */
const HASHED = ['keytype', 'keyval', 'scheme'] as const;
const ALGORITHMS = 'keyid_hash_algorithms';

/**
 * The id of a TUF key: SHA-256 of its canonical JSON, hex (TUF specification §4.2). `stated` is the id that the root gives the
 * key: it counts where it is made of the whole object, as tuf-on-ci does it, of what every key has, or of that and the
 * hash algorithms. Any other says what its author likes, and the id that go-tuf computes stands in its place. Throws
 * EntryError for a key that has no canonical JSON.
 */
export function tufKeyId(stated: string, key: JsonObject): string {
  const bare = idOf(Object.fromEntries(HASHED.map((name) => [name, key[name] ?? ''])));
  const usual = Object.hasOwn(key, ALGORITHMS)
    ? idOf(Object.fromEntries([...HASHED, ALGORITHMS].map((name) => [name, key[name] ?? ''])))
    : bare;
  return [bare, idOf(key)].includes(stated) ? stated : usual;
}

function idOf(key: JsonObject): string {
  return hash('sha256', canonicalJson(key), 'hex');
}

/** The key as SubjectPublicKeyInfo, DER: Ed25519 and P-256 are also written in hex. Null for what is no such key. */
export function tufKeySpki(key: JsonObject): Buffer | null {
  const text = publicPartOf(key);
  if (ED25519_HEX.test(text)) {
    return Buffer.concat([ED25519, Buffer.from(text, 'hex')]);
  }
  if (P256_HEX.test(text)) {
    return Buffer.concat([P256, Buffer.from(text, 'hex')]);
  }
  return text.length <= MAX_PEM_LENGTH && PEM.test(text) ? readPem(text) : null;
}

function publicPartOf({ keyval }: JsonObject): string {
  const value: unknown = typeof keyval === 'object' && keyval !== null && 'public' in keyval ? keyval.public : '';
  return typeof value === 'string' ? value : '';
}

function readPem(text: string): Buffer | null {
  try {
    return createPublicKey(text).export({ type: 'spki', format: 'der' });
  } catch {
    return null;
  }
}
