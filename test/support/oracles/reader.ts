import { createPublicKey, hash } from 'node:crypto';
import type { Certificate } from '../../../src/entry/entry.ts';
import { readByOthers } from '../certificate-oracle.ts';
import { readByPkijs, spkiByPkijs } from './pkijs-certificate.ts';

/** Libraries that read certificates and keys instead of us. Each throws for what it cannot read. */
export interface Reader {
  readonly name: string;
  certificate(der: Buffer): Certificate;
  /** SubjectPublicKeyInfo, from the same. */
  spki(der: Buffer): Buffer;
}

export const READERS: readonly Reader[] = [
  {
    name: '@sigstore/core and OpenSSL',
    certificate: remembering(readByOthers),
    spki: (der) => createPublicKey({ key: der, format: 'der', type: 'spki' }).export({ format: 'der', type: 'spki' }),
  },
  { name: 'pkijs', certificate: remembering(readByPkijs), spki: spkiByPkijs },
];

/** They take milliseconds, and the same certificates are asked for again and again. */
function remembering(read: (der: Buffer) => Certificate): (der: Buffer) => Certificate {
  const known = new Map<string, Certificate>();
  return (der) => {
    const id = hash('sha256', der);
    const certificate = known.get(id) ?? read(der);
    known.set(id, certificate);
    return certificate;
  };
}
