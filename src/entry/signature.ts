import { constants, createPublicKey, hash, publicDecrypt, type KeyObject } from 'node:crypto';
import { eddsa } from '@noble/curves/abstract/edwards.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import type { ParsedEntry, SignatureVerdict, SignedDigest, Signer } from './entry.ts';

/**
 * Whether a signer's signature holds over the digest that the entry itself records (hashedrekord). `not-checkable` where
 * the entry does not carry all that is needed, or the key is of a kind not checked here. Never throws. Takes milliseconds:
 * only for entries that somebody watches.
 */
export function checkSignature(entry: ParsedEntry, signer: Signer): SignatureVerdict {
  const { signedDigest } = entry;
  if (signedDigest === null || signer.signature === null) {
    return 'not-checkable';
  }
  const key = readKey(signer.spki);
  const verify = key === null ? null : verifierOf(key, signedDigest.algorithm);
  if (verify === null) {
    return 'not-checkable';
  }
  try {
    return verify(signer.signature, signedDigest) ? 'verified' : 'invalid';
  } catch {
    // The libraries throw for a signature that is none, and for a key that is no point of its curve.
    return 'invalid';
  }
}

type Verify = (signature: Buffer, digest: SignedDigest) => boolean;

function readKey(spki: Buffer): KeyObject | null {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
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
    return (signature, digest) => verifyEd25519ph(key, signature, digest);
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

/** PKCS #1 v1.5: OpenSSL undoes the padding, strictly, and what is inside must be the digest and nothing else. */
function verifyRsa(key: KeyObject, signature: Buffer, { algorithm, value }: SignedDigest): boolean {
  const inside = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  return inside.equals(Buffer.concat([DIGEST_INFO[algorithm], value]));
}

/** Ed25519ph (RFC 8032 §5.1) signs a SHA-512 digest; noble's own variant would hash it once more. */
const ed25519OverDigest = eddsa(ed25519.Point, (data: Uint8Array) => hash('sha512', data, 'buffer'), {
  domain: (data: Uint8Array, context: Uint8Array, prehashed: boolean) =>
    Buffer.concat([
      Buffer.from('SigEd25519 no Ed25519 collisions'),
      Buffer.from([prehashed ? 1 : 0, context.length]),
      context,
      data,
    ]),
  prehash: (digest: Uint8Array) => Uint8Array.from(digest),
});

function verifyEd25519ph(key: KeyObject, signature: Buffer, { value }: SignedDigest): boolean {
  // An SPKI of Ed25519 ends with the 32 bytes of the key (RFC 8410 §4).
  const point = key.export({ format: 'der', type: 'spki' }).subarray(-32);
  return ed25519OverDigest.verify(signature, value, point, { zip215: false });
}
