import { createPublicKey, hash, sign, type KeyObject } from 'node:crypto';
import { IN_TOTO_TYPE, preAuthEncoding } from '../entry/pae.ts';
import { toPem } from './certificate-authority.ts';

/** Who signs: with a certificate (DER), or with the bare key when there is none. The key is on P-256. */
export interface EntrySigner {
  readonly certificate?: Buffer;
  readonly privateKey: KeyObject;
}

/** The leaf of a Rekor v2 `hashedrekord` 0.0.2: a real signature over the artifact's SHA-256. */
export function hashedRekordV2(options: EntrySigner & { readonly artifact: Buffer }): Buffer {
  return leaf('hashedrekord', '0.0.2', {
    hashedRekordV002: {
      data: { algorithm: 'SHA2_256', digest: hash('sha256', options.artifact, 'base64') },
      signature: { content: signed(options.artifact, options), verifier: verifierV2(options) },
    },
  });
}

/** The leaf of a Rekor v2 `dsse` 0.0.2: real signatures over the envelope's pre-authentication encoding. */
export function dsseV2(options: {
  readonly signers: readonly EntrySigner[];
  readonly payload: Buffer;
  readonly payloadType?: string;
}): Buffer {
  const message = preAuthEncoding(options.payloadType ?? IN_TOTO_TYPE, options.payload);
  return leaf('dsse', '0.0.2', {
    dsseV002: {
      payloadHash: { algorithm: 'SHA2_256', digest: hash('sha256', options.payload, 'base64') },
      signatures: options.signers.map((signer) => ({ content: signed(message, signer), verifier: verifierV2(signer) })),
    },
  });
}

/** The leaf of a Rekor v1 `hashedrekord` 0.0.1. */
export function hashedRekordV1(options: EntrySigner & { readonly artifact: Buffer }): Buffer {
  return leaf('hashedrekord', '0.0.1', {
    data: { hash: { algorithm: 'sha256', value: hash('sha256', options.artifact, 'hex') } },
    signature: { content: signed(options.artifact, options), publicKey: { content: verifierV1(options) } },
  });
}

/** The leaf of a Rekor v1 `dsse` 0.0.1. */
export function dsseV1(options: {
  readonly signers: readonly EntrySigner[];
  readonly payload: Buffer;
  readonly payloadType?: string;
}): Buffer {
  const message = preAuthEncoding(options.payloadType ?? IN_TOTO_TYPE, options.payload);
  return leaf('dsse', '0.0.1', {
    // The envelope as a client would have sent it; only its hash is logged.
    envelopeHash: { algorithm: 'sha256', value: hash('sha256', message, 'hex') },
    payloadHash: { algorithm: 'sha256', value: hash('sha256', options.payload, 'hex') },
    signatures: options.signers.map((signer) => ({ signature: signed(message, signer), verifier: verifierV1(signer) })),
  });
}

function leaf(kind: string, apiVersion: string, spec: unknown): Buffer {
  return Buffer.from(canonical({ apiVersion, kind, spec }));
}

/** RFC 8785 for what stands in entries: strings, lists and objects whose keys are ASCII. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

function signed(message: Buffer, { privateKey }: EntrySigner): string {
  return sign('sha256', message, privateKey).toString('base64');
}

function verifierV2({ certificate, privateKey }: EntrySigner): unknown {
  return certificate === undefined
    ? { keyDetails: 'PKIX_ECDSA_P256_SHA_256', publicKey: { rawBytes: spkiOf(privateKey).toString('base64') } }
    : {
        keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        x509Certificate: { rawBytes: certificate.toString('base64') },
      };
}

function verifierV1({ certificate, privateKey }: EntrySigner): string {
  const pem =
    certificate === undefined
      ? createPublicKey(privateKey).export({ type: 'spki', format: 'pem' })
      : toPem(certificate);
  return Buffer.from(pem).toString('base64');
}

function spkiOf(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
}
