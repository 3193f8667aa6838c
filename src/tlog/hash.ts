import { hash as digest } from 'node:crypto';

declare const hashBrand: unique symbol;

/** 32 bytes of SHA-256, made only here, so that unchecked bytes cannot reach a comparison. */
export type Hash = Buffer & { readonly [hashBrand]: true };

export const HASH_SIZE = 32;

/** The root of a tree without leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const EMPTY_ROOT = sha256(Buffer.alloc(0));

/** SHA-256 of `data`. */
export function sha256(data: Uint8Array): Hash {
  return digest('sha256', data, 'buffer') as Hash;
}

/** Hash of a leaf: SHA-256(0x00 ‖ data) (RFC 6962 §2.1). */
export function leafHash(data: Uint8Array): Hash {
  const prefixed = Buffer.allocUnsafe(data.length + 1);
  prefixed[0] = 0x00;
  prefixed.set(data, 1);
  return sha256(prefixed);
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1). */
export function nodeHash(left: Hash, right: Hash): Hash {
  const prefixed = Buffer.allocUnsafe(1 + 2 * HASH_SIZE);
  prefixed[0] = 0x01;
  prefixed.set(left, 1);
  prefixed.set(right, 1 + HASH_SIZE);
  return sha256(prefixed);
}

/** Takes 32 bytes as a hash. Throws SyntaxError for any other length. */
export function toHash(bytes: Uint8Array): Hash {
  if (bytes.length !== HASH_SIZE) {
    throw new SyntaxError(`Cannot take ${bytes.length} bytes as a hash: expected ${HASH_SIZE}`);
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) as Hash;
}

/** Reads a hash from its only spelling: lower-case hex, or padded standard base64. Throws SyntaxError. */
export function parseHash(text: string, encoding: 'hex' | 'base64'): Hash {
  const bytes = Buffer.from(text, encoding);
  if (bytes.length !== HASH_SIZE || bytes.toString(encoding) !== text) {
    throw new SyntaxError(`Cannot parse hash "${text.slice(0, 100)}": expected 32 bytes in ${encoding}`);
  }
  return bytes as Hash;
}
