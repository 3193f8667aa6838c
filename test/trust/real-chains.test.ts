import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCertificate } from '../../src/entry/certificate.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { Certificate } from '../../src/entry/entry.ts';
import { createChainVerifier } from '../../src/trust/chain.ts';
import { parseTrustedRoot } from '../../src/trust/trusted-root.ts';
import { countEach } from '../support/count-each.ts';
import { readRealCertificates } from '../support/real-certificates.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { readRecordedRekorV2, type RecordedEntry } from '../support/recorded-rekor-v2.ts';

const NOW = new Date('2026-11-22');
type Verify = ReturnType<typeof createChainVerifier>;

describe.runIf(hasRealdata)('createChainVerifier() with the authorities of the public instances', () => {
  const certificates = hasRealdata ? readRealCertificates() : [];

  it('trusts the certificates of Fulcio at their own time, from 2021 on, each by its own instance only', () => {
    const [production, staging] = [rootOf('sigstore__root-signing'), rootOf('sigstore__root-signing-staging')];
    const verdicts = certificates.map(({ der, notBefore }) => {
      const certificate = parseCertificate(der);
      const issuer = new X509Certificate(der).issuer.includes('O=sigstore.dev') ? notBefore.getUTCFullYear() : 'others';
      return `${issuer}: ${production(certificate, NOW)}, ${staging(certificate, NOW)}`;
    });
    expect(countEach(verdicts)).toEqual({
      '2021: trusted, untrusted': 1,
      '2022: trusted, untrusted': 19,
      '2022: untrusted, trusted': 4,
      '2023: trusted, untrusted': 67,
      '2023: untrusted, trusted': 6,
      '2024: trusted, untrusted': 56,
      '2024: untrusted, trusted': 5,
      '2025: trusted, untrusted': 76,
      '2025: untrusted, trusted': 12,
      '2026: trusted, untrusted': 66,
      '2026: untrusted, trusted': 3,
      // Test authorities, GitHub's own instance, and certificates that somebody signed himself.
      'others: untrusted, untrusted': 26,
    });
  });

  it('trusts what a root signed itself, with the intermediate beside it in the same chain', () => {
    const production = rootOf('sigstore__root-signing');
    const signedByRoot = certificates.filter(
      ({ der }) => new X509Certificate(der).issuer === 'O=sigstore.dev\nCN=sigstore',
    );
    expect(countEach(signedByRoot.map(({ der }) => production(parseCertificate(der), NOW)))).toEqual({ trusted: 7 });
  });

  it('trusts none of them by an authority that nobody trusts', () => {
    const evil = authorityOf('evil');
    const verdicts = certificates.map(({ der }) => evil(parseCertificate(der), NOW));
    expect(countEach(verdicts)).toEqual({ untrusted: 341 });
  });
});

describe.runIf(hasRealdata)('createChainVerifier() with the authorities of the recorded Rekor v2 log', () => {
  it('tells the certificates of the trusted CA from those of the other, in all 1,032', () => {
    const [fulcio, evil] = [authorityOf('fulcio'), authorityOf('evil')];
    const trusted = parseTrustedRoot(readFileSync(realdata('servers/rekor-v2/trusted_root.json'), 'utf8'));
    const byRoot = createChainVerifier(trusted.authorities, trusted.goodUntil);
    const verdicts = readRecordedRekorV2().flatMap(({ leaf, record }) =>
      certificatesOf(leaf, record).map((certificate) =>
        [record.ca, byRoot(certificate, NOW), fulcio(certificate, NOW), evil(certificate, NOW)].join(' '),
      ),
    );
    expect(countEach(verdicts)).toEqual({
      'fulcio trusted trusted untrusted': 958,
      'evil untrusted untrusted trusted': 74,
    });
  });
});

function rootOf(repository: string): Verify {
  const { authorities, goodUntil } = parseTrustedRoot(
    readFileSync(realdata(`trust/${repository}/targets/trusted_root.json`), 'utf8'),
  );
  return createChainVerifier(authorities, goodUntil);
}

function authorityOf(name: 'fulcio' | 'evil'): Verify {
  const [first, second] = ['int', 'root'].map(
    (part) => new X509Certificate(readFileSync(realdata(`servers/rekor-v2/ca/${name}-${part}.pem`))).raw,
  );
  const chain = [first ?? Buffer.alloc(0), second ?? Buffer.alloc(0)] as const;
  return createChainVerifier([{ name, chain, validFrom: null, validTo: null }], null);
}

function certificatesOf(leaf: Buffer, record: RecordedEntry): readonly Certificate[] {
  const decoded = decodeEntry(leaf);
  const signers = decoded.ok ? decoded.entry.signers : [];
  return signers
    .filter(({ fingerprint }) => fingerprint === record.spkiSha256)
    .flatMap(({ certificate }) => (certificate === null ? [] : [certificate]));
}
