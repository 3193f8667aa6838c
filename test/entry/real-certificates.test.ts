import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCertificate } from '../../src/entry/certificate.ts';
import { DerError } from '../../src/entry/der.ts';
import type { Certificate } from '../../src/entry/entry.ts';
import { readByOthers } from '../support/certificate-oracle.ts';
import { countEach } from '../support/count-each.ts';
import { readRealCertificates, type RealCertificate } from '../support/real-certificates.ts';
import { hasRealdata } from '../support/realdata.ts';

describe.runIf(hasRealdata)('parseCertificate() on every recorded real certificate', () => {
  const certificates = hasRealdata ? readRealCertificates() : [];

  it('has them all', () => {
    expect(certificates).toHaveLength(341);
    expect(countEach(certificates.map(({ sanKind }) => sanKind))).toEqual({
      URI: 282,
      email: 53,
      otherName: 1,
      DNS: 4,
      '': 1,
    });
  });

  it('agrees with @sigstore/core and OpenSSL on key, times, purpose, names and every extension', () => {
    const ours = certificates.map(({ der }) => legible(parseCertificate(der)));
    expect(ours).toEqual(certificates.map(({ der }) => legible(readByOthers(der))));
  });

  it('agrees with what was recorded about them', () => {
    expect(certificates.map(summarize)).toEqual(
      certificates.map(({ id, issuer, notBefore }) => ({ id, issuer, notBefore })),
    );
  });

  it('finds nothing wrong with the way any of them is written', () => {
    const blamed = certificates.map(({ id, der }) => ({ id, problems: parseCertificate(der).problems }));
    expect(blamed.filter(({ problems }) => Object.keys(problems).length > 0)).toEqual([]);
  });

  it('throws nothing but DerError when any one byte is changed', () => {
    const [one, ...others] = samples(certificates);
    const mutants = [one, ...others].flatMap((der) =>
      Array.from({ length: der?.length ?? 0 }, (_, at) =>
        [0x00, 0x01, 0x20, 0x7f, 0x80, 0xff].map((by) => flip(der, at, by)),
      ).flat(),
    );
    const outcomes = countEach(mutants.map(outcomeOf));
    expect(Object.keys(outcomes).sort()).toEqual(['DerError', 'read']);
  });

  it('refuses every truncation, and every certificate followed by anything', () => {
    const outcomes = samples(certificates).flatMap((der) => [
      ...Array.from(der, (_, length) => outcomeOf(der.subarray(0, length))),
      outcomeOf(Buffer.concat([der, Buffer.of(0)])),
    ]);
    expect(Object.keys(countEach(outcomes))).toEqual(['DerError']);
  });

  it('throws nothing but DerError when many bytes are changed, cut out or put in', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples(certificates)),
        fc.array(fc.tuple(fc.nat(2500), fc.nat(3), fc.uint8Array({ maxLength: 4 })), { minLength: 1, maxLength: 6 }),
        (der, edits) => {
          const edited = edits.reduce(
            (bytes, [at, cut, put]) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
            der,
          );
          expect(['DerError', 'read']).toContain(outcomeOf(edited));
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

function legible(certificate: Certificate): unknown {
  return { ...certificate, der: certificate.der.toString('hex'), spki: certificate.spki.toString('hex') };
}

/** A workflow, an e-mail address of 2021, and a user name. */
function samples(certificates: readonly RealCertificate[]): readonly Buffer[] {
  return ['d1aa1a67a620c773', '60e7af05cada4cb7', 'fcddff6fdfde4783'].flatMap((id) =>
    certificates.filter((certificate) => certificate.id === id).map(({ der }) => der),
  );
}

function summarize({ id, der }: RealCertificate): Pick<RealCertificate, 'id' | 'issuer' | 'notBefore'> {
  const { claims, notBefore } = parseCertificate(der);
  return { id, issuer: claims['issuer']?.[0] ?? null, notBefore: new Date(notBefore) };
}

function flip(der: Buffer | undefined, at: number, by: number): Buffer {
  const mutant = Buffer.from(der ?? Buffer.alloc(0));
  mutant[at] = (mutant[at] ?? 0) ^ by;
  return mutant;
}

function outcomeOf(der: Buffer): string {
  try {
    parseCertificate(der);
    return 'read';
  } catch (error) {
    return error instanceof DerError ? 'DerError' : String(error);
  }
}
