import { decodeBase64 } from './base64.ts';
import { EntryError } from './entry-error.ts';
import type { SignedDigest } from './entry.ts';
import { stringAt, type JsonObject } from './json.ts';

const SIZES = { sha256: 32, sha384: 48, sha512: 64 } as const;
/** Names in sigstore_common.proto, `HashAlgorithm`. */
const PROTO_NAMES = { SHA2_256: 'sha256', SHA2_384: 'sha384', SHA2_512: 'sha512' } as const;

/**
 * Reads `{algorithm, value}` of Rekor v1: the value is hex of either case. Null for an algorithm that is not of SHA-2:
 * such an entry still names its signer. Throws EntryError.
 */
export function digestFromHex(hash: JsonObject, path: string): SignedDigest | null {
  const name = stringAt(hash, 'algorithm', path);
  const algorithm = isKey(SIZES, name) ? name : null;
  const text = stringAt(hash, 'value', path);
  return algorithm === null ? null : checked(algorithm, Buffer.from(text, 'hex'), text.length / 2, path);
}

/** Reads `{algorithm, digest}` of Rekor v2: the digest is base64. Null as above. Throws EntryError. */
export function digestFromBase64(data: JsonObject, path: string): SignedDigest | null {
  const name = stringAt(data, 'algorithm', path);
  const algorithm = isKey(PROTO_NAMES, name) ? PROTO_NAMES[name] : null;
  const value = decodeBase64(data['digest'], `${path}.digest`);
  return algorithm === null ? null : checked(algorithm, value, value.length, path);
}

/** The digest as a claim: `sha256:hex`; none for none. */
export function artifactsOf(digest: SignedDigest | null): readonly string[] {
  return digest === null ? [] : [`${digest.algorithm}:${digest.value.toString('hex')}`];
}

/** `length` is how many bytes the text stands for: Buffer stops in silence at what is no hex. */
function checked(algorithm: keyof typeof SIZES, value: Buffer, length: number, path: string): SignedDigest {
  if (value.length !== SIZES[algorithm] || length !== value.length) {
    throw new EntryError(`Cannot read ${path}: expected the ${SIZES[algorithm]} bytes of ${algorithm}`);
  }
  return { algorithm, value };
}

function isKey<T extends object>(table: T, name: string): name is Extract<keyof T, string> {
  return Object.hasOwn(table, name);
}
