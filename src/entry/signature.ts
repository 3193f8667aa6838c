import { constants, createPublicKey, publicDecrypt, type KeyObject } from 'node:crypto';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { verifyEd25519ph } from './ed25519ph.ts';
import type { ParsedEntry, SignatureVerdict, SignedDigest, Signer } from './entry.ts';
import { checkEnvelope } from './envelope-signature.ts';

/**
 * Whether a signer's signature holds over the digest that the entry itself records (hashedrekord), or over the payload that is bound
 * to it as its attestation (dsse, intoto). `not-checkable` where not all that is needed is at hand, or the key is of a kind not
 * checked here. Never throws. Takes milliseconds: only for entries that somebody watches.
 */
export function checkSignature(entry: ParsedEntry, signer: Signer): SignatureVerdict {
  const key = signer.spki === null || signer.signature === null ? null : readKey(signer.spki);
  if (key === null || signer.signature === null) {
    return 'not-checkable';
  }
  return entry.signedDigest === null
    ? checkEnvelope(entry, signer.signature, key)
    : checkDigest(entry.signedDigest, signer.signature, key);
}

function checkDigest(signedDigest: SignedDigest, signature: Buffer, key: KeyObject): SignatureVerdict {
  const verify = verifierOf(key, signedDigest.algorithm);
  if (verify === null) {
    return 'not-checkable';
  }
  try {
    return verify(signature, signedDigest) ? 'verified' : 'invalid';
  } catch {
    // The libraries throw for a signature that is none, and for a key that is no point of its curve.
    return 'invalid';
  }
}

type Verify = (signature: Buffer, digest: SignedDigest) => boolean;

/** Go, and so Rekor, verifies nothing by an RSA key of a larger exponent; with one of thousands of bits it would take long. */
const MAX_EXPONENT = 2n ** 31n - 1n;

/** Those that are checked. Of others nothing must be asked: node ends the whole process over the details of some that it took. */
const TYPES: ReadonlySet<string | undefined> = new Set(['ec', 'rsa', 'ed25519']);

function readKey(spki: Buffer): KeyObject | null {
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    if (!TYPES.has(key.asymmetricKeyType)) {
      return null;
    }
    // Throws for the point at infinity, which node does not survive to be asked of either.
    key.export({ format: 'der', type: 'spki' });
    return (key.asymmetricKeyDetails?.publicExponent ?? 0n) > MAX_EXPONENT ? null : key;
  } catch {
    return null;
  }
}

function verifierOf(key: KeyObject, algorithm: SignedDigest['algorithm']): Verify | null {
  const type = key.asymmetricKeyType;
  if (type === 'ec') {
    return ecdsaVerifier(key);
  }
  if (type === 'rsa') {
    return (signature, digest) => verifyRsa(key, signature, digest);
  }
  // Only Ed25519ph signs a digest, and always one of SHA-512: plain Ed25519 is made over what the entry does not hold.
  if (type === 'ed25519' && algorithm === 'sha512') {
    return (signature, { value }) => verifyEd25519ph(key, signature, value);
  }
  return null;
}

const CURVES = { prime256v1: p256, secp384r1: p384, secp521r1: p521 } as const;

/** node:crypto hashes whatever ECDSA is asked to verify, so a digest needs a library that does not. */
function ecdsaVerifier(key: KeyObject): Verify | null {
  const name = key.asymmetricKeyDetails?.namedCurve;
  if (name !== 'prime256v1' && name !== 'secp384r1' && name !== 'secp521r1') {
    return null;
  }
  const curve = CURVES[name];
  // Not cut from the SPKI, which may hold the point in its compressed form.
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(0x04), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return (signature, { value }) =>
    curve.verify(signature, value, point, { prehash: false, format: 'der', lowS: false });
}

/** DigestInfo up to the digest itself, DER (RFC 8017 §9.2, note 1). */
const DIGEST_INFO = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
} as const;

/**
 * PKCS #1 v1.5: OpenSSL undoes the padding, strictly, and what is inside must be the digest and nothing else. It would fill up a
 * signature that is shorter than the modulus, which is none (RFC 8017 §8.2.2).
 */
function verifyRsa(key: KeyObject, signature: Buffer, { algorithm, value }: SignedDigest): boolean {
  if (signature.length !== Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8)) {
    return false;
  }
  const inside = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  return inside.equals(Buffer.concat([DIGEST_INFO[algorithm], value]));
}
