import { createPublicKey, hash } from 'node:crypto';
import { decodeBase64 } from './base64.ts';
import { parseCertificate } from './certificate.ts';
import { expectEnd, expectSpki } from './der.ts';
import { EntryError } from './entry-error.ts';
import type { Certificate, Signer } from './entry.ts';
import { objectAt, type JsonObject } from './json.ts';
import { parsePem, type PemBlock } from './pem.ts';

/**
 * A signer as Rekor v1 records one: base64 of a PEM text with a certificate, a chain or a public key. `signature`: null where
 * the entry records none. Throws EntryError or DerError.
 */
export function signerFromPem(
  verifier: unknown,
  signature: Buffer | null,
  what: string,
  readBlocks: (text: string) => readonly PemBlock[] = parsePem,
): Signer {
  const blocks = readBlocks(decodeBase64(verifier, what).toString('latin1'));
  const [first] = blocks;
  if (first?.label === 'CERTIFICATE' && blocks.every(({ label }) => label === 'CERTIFICATE')) {
    // Whoever submitted the entry chose the rest of the chain: it is no reason to believe the first.
    return certificateSigner(parseCertificate(first.der), signature);
  }
  if (first !== undefined && blocks.length === 1 && first.label === 'PUBLIC KEY') {
    return keySigner(first.der, signature);
  }
  if (first !== undefined && blocks.length === 1 && first.label === 'RSA PUBLIC KEY') {
    return keySigner(spkiFromPkcs1(first.der, what), signature);
  }
  throw new EntryError(`Cannot read ${what}: expected PEM of one public key, or of certificates only`);
}

/** A signer as Rekor v2 records one: base64 of a certificate or of a public key in DER. Throws EntryError or DerError. */
export function signerFromVerifier(parent: JsonObject, signature: Buffer, path: string): Signer {
  const verifier = objectAt(parent, 'verifier', path);
  const hasCertificate = isSet(verifier['x509Certificate']);
  if (hasCertificate === isSet(verifier['publicKey'])) {
    const state = hasCertificate ? 'both' : 'neither';
    throw new EntryError(`Cannot read ${path}.verifier: it has ${state} of x509Certificate and publicKey`);
  }
  const member = hasCertificate ? 'x509Certificate' : 'publicKey';
  const { rawBytes } = objectAt(verifier, member, `${path}.verifier`);
  const der = decodeBase64(rawBytes, `${path}.verifier.${member}.rawBytes`);
  return hasCertificate ? certificateSigner(parseCertificate(der), signature) : keySigner(der, signature);
}

/** In protobuf JSON null stands for a field that is not set. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Whom a certificate names. `signature`: null where the entry records none. */
export function certificateSigner(certificate: Certificate, signature: Buffer | null): Signer {
  const { spki } = certificate;
  const fingerprint = fingerprintOf(spki);
  const claims = { ...certificate.claims, key: [fingerprint] };
  return { type: 'certificate', fingerprint, claims, certificate, spki, signature };
}

function keySigner(spki: Buffer, signature: Buffer | null): Signer {
  expectEnd(expectSpki(spki, 0, spki.length).end, spki.length, 'public key');
  const fingerprint = fingerprintOf(spki);
  return { type: 'public-key', fingerprint, claims: { key: [fingerprint] }, certificate: null, spki, signature };
}

function fingerprintOf(spki: Buffer): string {
  return hash('sha256', spki, 'hex');
}

function spkiFromPkcs1(der: Buffer, what: string): Buffer {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'pkcs1' }).export({ format: 'der', type: 'spki' });
  } catch {
    throw new EntryError(`Cannot read ${what}: its RSA public key is broken`);
  }
}
