import { constants, hash, verify, type KeyObject } from 'node:crypto';
import { verifyEd25519ph } from './ed25519ph.ts';
import type { ParsedEntry, SignatureVerdict } from './entry.ts';
import { IN_TOTO_TYPE, preAuthEncoding } from './pae.ts';

/** Of the signatures of an entry so many are tried with one key. */
const MAX_TRIED = 8;
/** With all keys of an entry so many, over so many bytes: whoever logs may attach dozens of both to megabytes. */
const MAX_TRIED_IN_ALL = 72;
const MAX_TRIED_BYTES = 16 * 1024 * 1024;

/**
 * Whether the key made a signature of a DSSE envelope: over the pre-authentication encoding of its payload (dsse, intoto). Only with
 * the payload at hand. Its type is signed as well, and only intoto 0.0.2 records it: where it had to be guessed, a signature
 * that does not hold says nothing; nor does one that was not tried, because there is too much of it. Never throws.
 */
export function checkEnvelope(entry: ParsedEntry, own: Buffer, key: KeyObject): SignatureVerdict {
  const { attestation, payload } = entry;
  const holds = attestation === null || payload === null ? null : verifierOf(key);
  if (attestation === null || payload === null || holds === null) {
    return 'not-checkable';
  }
  const type = payload.type ?? attestation.payloadType ?? IN_TOTO_TYPE;
  const message = preAuthEncoding(type, attestation.payload);
  // intoto 0.0.2 does not say which of its keys made which of its signatures.
  const others = entry.signers.flatMap(({ signature }) => (signature === null || signature === own ? [] : [signature]));
  const tried = [own, ...others].slice(0, mostTried(entry.signers.length, message.length));
  if (tried.some((signature) => holds(message, signature))) {
    return 'verified';
  }
  return payload.type !== null && tried.length > others.length ? 'invalid' : 'not-checkable';
}

/** For each of so many keys, over so many bytes. */
function mostTried(keys: number, bytes: number): number {
  return Math.min(MAX_TRIED, Math.floor(MAX_TRIED_IN_ALL / keys), Math.floor(MAX_TRIED_BYTES / (keys * bytes)));
}

type Verify = (message: Buffer, signature: Buffer) => boolean;

/** With a larger key each of the six ways to sign takes long to try. Go's TLS takes no larger ones either. */
const MAX_RSA_BITS = 8192;
const HASHES = ['sha256', 'sha384', 'sha512'] as const;
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };

/** DSSE does not say which hash is used: clients take that of the curve, or SHA-256 for all. Null for a key that is not checked here. */
function verifierOf(key: KeyObject): Verify | null {
  const type = key.asymmetricKeyType;
  if (type === 'ec') {
    return (message, signature) => HASHES.some((name) => attempt(() => verify(name, message, key, signature)));
  }
  if (type === 'rsa') {
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) > MAX_RSA_BITS) {
      return null;
    }
    return (message, signature) =>
      HASHES.some(
        (name) =>
          attempt(() => verify(name, message, key, signature)) ||
          attempt(() => verify(name, message, { key, ...PSS }, signature)),
      );
  }
  if (type === 'ed25519') {
    return (message, signature) =>
      attempt(() => verify(null, message, key, signature)) ||
      attempt(() => verifyEd25519ph(key, signature, hash('sha512', message, 'buffer')));
  }
  return null;
}

/** The libraries throw for a signature that is none. */
function attempt(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
