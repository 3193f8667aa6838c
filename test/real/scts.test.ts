import { describe, expect, it } from 'vitest';
import { parseCertificate } from '../../src/entry/certificate.ts';
import type { Certificate } from '../../src/entry/entry.ts';
import type { SctVerdict } from '../../src/policy/standing.ts';
import { createChainVerifier } from '../../src/trust/chain.ts';
import { createSctVerifier } from '../../src/trust/sct.ts';
import { parseTrustedRoot } from '../../src/trust/trusted-root.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata } from '../support/realdata.ts';
import { readTrustOracle } from '../support/trust-oracle.ts';
import { readEveryCertificate, readTrustedRoots, withDistinctTrust } from '../support/trust-roots.ts';

/** After all that was recorded but what is dated later on purpose. */
const NOW = new Date('2026-11-22');
/** @sigstore/verify takes its time. */
const LONG = 300_000;

/** What @sigstore/verify says where we say more. */
const COARSE: Readonly<Record<SctVerdict, string>> = {
  verified: 'verified',
  absent: 'absent',
  invalid: 'not verified',
  'unknown-log': 'not verified',
};

describe.runIf(hasRealdata)('createSctVerifier() on every recorded certificate', () => {
  const certificates = hasRealdata ? readEveryCertificate().map((der) => parseCertificate(der)) : [];
  const roots = hasRealdata ? readTrustedRoots() : [];

  it(
    'says what @sigstore/verify says, by every recorded trusted root of whoever chains to it',
    () => {
      const compared = withDistinctTrust(roots, true).flatMap(({ file, json }) => {
        const oracle = readTrustOracle(json);
        const sctOf = verifierOf(json);
        return certificates
          .filter(isTrustedBy(json))
          .map((certificate) => ({ file, ours: COARSE[sctOf(certificate)], theirs: oracle.sctOf(certificate.der) }));
      });
      const differing = compared.filter(({ ours, theirs }) => ours !== theirs);
      console.log(`promises: ${compared.length - differing.length} of ${compared.length} agree`);
      expect(differing).toEqual([]);
    },
    LONG,
  );

  it.each([
    // The seven are of 2021 and 2022, when the promise was handed over beside the certificate.
    ['sigstore__root-signing/targets', { verified: 280, absent: 7 }],
    // One is by a log two days after the end that its key was given.
    ['sigstore__root-signing-staging/targets', { verified: 30, 'unknown-log': 1 }],
    // The keys of another instance.
    ['sigstore__sigstore-conformance/test/assets/bundle-verify/invalid-ct-key_fail', { 'unknown-log': 280, absent: 7 }],
    ['sigstore__sigstore-conformance/test/assets/bundle-verify/bundle-with-sct-with-extensions', { verified: 1 }],
  ])('counts by the root of %s', (folder, counts) => {
    const json = roots.find(({ file }) => file === `trust/${folder}/trusted_root.json`)?.json ?? '';
    const own = certificates.filter(isTrustedBy(json));
    expect(countEach(own.map(verifierOf(json)))).toEqual(counts);
  });

  it('verifies none of those that it verifies by the keys of logs that are others', () => {
    const { authorities, ctLogs } = parseTrustedRoot(
      roots.find(({ file }) => file === 'trust/sigstore__root-signing/targets/trusted_root.json')?.json ?? '',
    );
    const [sctOf, without] = [createSctVerifier(authorities, ctLogs), createSctVerifier([], ctLogs)];
    const verified = certificates.filter((certificate) => sctOf(certificate) === 'verified');
    // The log says whose certificate it is about.
    expect(countEach(verified.map(without))).toEqual({ invalid: 280 });
  });
});

/** chains.test.ts shows that the others trust the same ones. */
function isTrustedBy(json: string): (certificate: Certificate) => boolean {
  const { authorities } = parseTrustedRoot(json);
  const chainOf = createChainVerifier(authorities, null);
  return (certificate) => chainOf(certificate, NOW) === 'trusted';
}

function verifierOf(json: string): ReturnType<typeof createSctVerifier> {
  const { authorities, ctLogs } = parseTrustedRoot(json);
  return createSctVerifier(authorities, ctLogs);
}
