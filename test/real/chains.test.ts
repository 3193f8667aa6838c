import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseCertificate } from '../../src/entry/certificate.ts';
import { createChainFinder } from '../../src/trust/chain.ts';
import { parseTrustedRoot } from '../../src/trust/trusted-root.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata } from '../support/realdata.ts';
import { readTrustOracle } from '../support/trust-oracle.ts';
import {
  readEveryCertificate,
  readTrustedRoots,
  withDistinctTrust,
  type RecordedRoot,
} from '../support/trust-roots.ts';

/** After all that was recorded but what is dated later on purpose. */
const NOW = new Date('2026-11-22');
/** @sigstore/verify takes its time. */
const LONG = 300_000;

describe.runIf(hasRealdata)('createChainFinder() on every recorded certificate, by every recorded trusted root', () => {
  const certificates = hasRealdata ? readEveryCertificate().map((der) => parseCertificate(der)) : [];
  const roots = hasRealdata ? readTrustedRoots() : [];

  it(
    'says what @sigstore/verify says',
    () => {
      const compared = withDistinctTrust(roots, false).flatMap(({ file, json }) => {
        const find = finderOf(json);
        const oracle = readTrustOracle(json);
        return certificates.map((certificate) => ({
          file,
          ours: find(certificate, NOW).verdict,
          theirs: oracle.chainOf(certificate.der),
        }));
      });
      const differing = compared.filter(({ ours, theirs }) => ours !== theirs);
      console.log(`chains: ${compared.length - differing.length} of ${compared.length} agree`);
      expect(differing).toEqual([]);
      expect(countEach(compared.map(({ ours }) => ours))).toEqual({ trusted: 937, untrusted: 1478 });
    },
    LONG,
  );

  it('says what OpenSSL says of the certificates of the public-good instance', () => {
    const json = publicGood(roots).json;
    const find = finderOf(json);
    const issuers = parseTrustedRoot(json).authorities.flatMap(({ chain }) =>
      chain.map((der) => new X509Certificate(der)),
    );
    const verdicts = certificates.map((certificate) => {
      const parsed = new X509Certificate(certificate.der);
      const isIssued = issuers.some((issuer) => parsed.checkIssued(issuer) && parsed.verify(issuer.publicKey));
      return `${find(certificate, NOW).verdict} ${isIssued}`;
    });
    expect(countEach(verdicts)).toEqual({ 'trusted true': 287, 'untrusted false': 58 });
  });

  it('says why it does not trust the others', () => {
    const find = finderOf(publicGood(roots).json);
    const reasons = certificates.flatMap((certificate) => find(certificate, NOW).reason ?? []);
    expect(countEach(reasons)).toEqual({
      'its issuer has the name of a trusted authority, which did not sign it': 32,
      'no trusted authority has the name of its issuer': 18,
      'its extended key usage does not allow code signing': 4,
      'it begins more than five minutes from now': 3,
      'it is the certificate of an authority': 1,
    });
  });

  it('trusts none of those that it trusts once a byte is another', () => {
    const find = finderOf(publicGood(roots).json);
    const trusted = certificates.filter((certificate) => find(certificate, NOW).verdict === 'trusted');
    const verdicts = trusted.flatMap((certificate, which) => {
      // Another place in each, and in the last quarter, where what nobody signed begins.
      const places = [which * 7919, certificate.der.length - 1 - ((which * 31) % 128)];
      return places.map((place) => {
        const changed = Buffer.from(certificate.der);
        const at = place % changed.length;
        changed.writeUInt8(changed.readUInt8(at) ^ (1 + (which % 255)), at);
        return find({ ...certificate, der: changed }, NOW).verdict;
      });
    });
    expect(countEach(verdicts)).toEqual({ untrusted: 2 * trusted.length });
  });
});

function finderOf(json: string): ReturnType<typeof createChainFinder> {
  const { authorities, goodUntil, skipped } = parseTrustedRoot(json);
  expect(skipped).toEqual([]);
  return createChainFinder(authorities, goodUntil);
}

function publicGood(roots: readonly RecordedRoot[]): RecordedRoot {
  const found = roots.find(({ file }) => file === 'trust/sigstore__root-signing/targets/trusted_root.json');
  if (found === undefined) {
    throw new Error('Cannot find the trusted root of the public-good instance among the recorded ones');
  }
  return found;
}
