import { createPublicKey, verify } from 'node:crypto';
import { dsse } from '@sigstore/core';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity } from '@sigstore/verify';

/** A signature over what a DSSE envelope holds. */
export interface EnvelopeSignature {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
  /** Who is to have made it. */
  readonly spki: Buffer;
}

/** Whether it holds, by @sigstore/verify, which always hashes with SHA-256. */
export function holdsBySigstore({ payloadType, payload, signature, spki }: EnvelopeSignature): boolean {
  const bundle = bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: '' }, tlogEntries: [], timestampVerificationData: null },
    dsseEnvelope: {
      ...{ payloadType, payload: payload.toString('base64') },
      signatures: [{ sig: signature.toString('base64'), keyid: '' }],
    },
  });
  return toSignedEntity(bundle).signature.verifySignature(keyOf(spki));
}

/** Whether it holds, by OpenSSL, over the encoding that @sigstore/core makes, with the hash that goes with the key. */
export function holdsByOpenSsl({ payloadType, payload, signature, spki }: EnvelopeSignature): boolean {
  const key = keyOf(spki);
  const message = dsse.preAuthEncoding(payloadType, payload);
  const names = key.asymmetricKeyType === 'ed25519' ? [null] : ['sha256', 'sha384', 'sha512'];
  return names.some((name) => verify(name, message, key, signature));
}

function keyOf(spki: Buffer) {
  return createPublicKey({ key: spki, format: 'der', type: 'spki' });
}
