import { beforeAll, describe, expect, it } from 'vitest';
import { parseCertificate } from '../../src/entry/certificate.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { Certificate } from '../../src/entry/entry.ts';
import { createChainFinder } from '../../src/trust/chain.ts';
import { parseTrustedRoot } from '../../src/trust/trusted-root.ts';
import { expectAgreement, outline } from '../support/oracles/agreement.ts';
import { createOpenSslChains, createSigstoreChains, maySignCode, readLeaf } from '../support/oracles/chain-oracle.ts';
import { readCorpus, type Corpus } from '../support/oracles/corpus.ts';
import { outlineByOthers } from '../support/oracles/entry-oracle.ts';
import { READERS } from '../support/oracles/reader.ts';
import { readTrustSets } from '../support/oracles/trust-sets.ts';
import { hasRealdata } from '../support/realdata.ts';

/** After all that was recorded, so that nothing begins too late to be asked about. */
const AFTER_ALL = new Date('2100-01-01');

describe.runIf(hasRealdata)('everything in the real data that has a certificate, asked of others too', () => {
  let corpus: Corpus;

  beforeAll(() => {
    corpus = readCorpus();
  });

  it('chains of certificates, each by its own notBefore, to every authority', () => {
    const leaves = corpus.certificates.map(({ file, value }) => ({
      ...{ file, certificate: parseCertificate(value), leaf: readLeaf(value) },
    }));
    for (const { name, json } of readTrustSets()) {
      const { authorities, skipped } = parseTrustedRoot(json);
      expect(skipped).toEqual([]);
      const find = createChainFinder(authorities, null);
      const others = [createSigstoreChains(json), createOpenSslChains(authorities)];
      const compared = leaves.map(({ file, certificate, leaf }) => ({
        file,
        ours: find(certificate, AFTER_ALL).verdict === 'trusted',
        theirs: others.map((chains) => maySignCode(leaf) && chains(leaf)),
      }));
      const trusted = compared.filter(({ ours }) => ours).length;
      expect(trusted).toBeGreaterThan(30);
      expectAgreement(`chains to ${name}, ${trusted} of them trusted,`, '@sigstore/verify and OpenSSL', compared);
    }
  });

  it('bundles: what their entries say, and the chain of each signer to the public instances', async () => {
    const roots = readTrustSets()
      .slice(0, 2)
      .map(({ json }) => ({
        find: createChainFinder(parseTrustedRoot(json).authorities, null),
        others: createSigstoreChains(json),
      }));
    const ours = (body: Buffer) =>
      certificatesIn(body).map((certificate) =>
        roots.map(({ find }) => find(certificate, AFTER_ALL).verdict === 'trusted'),
      );
    const theirs = (body: Buffer) =>
      certificatesIn(body).map(({ der }) =>
        roots.map(({ others }) => maySignCode(readLeaf(der)) && others(readLeaf(der))),
      );
    const compared = await Promise.all(
      corpus.bundles.map(async ({ file, value }) => {
        const chains = value.map(theirs);
        const outlines = READERS.map((reader) => Promise.all(value.map((body) => outlineByOthers(body, reader))));
        return {
          file,
          ours: { entries: value.map(outline), chains: value.map(ours) },
          theirs: (await Promise.all(outlines)).map((entries) => ({ entries, chains })),
        };
      }),
    );
    expectAgreement('bundles', '2 libraries and @sigstore/verify', compared);
  });
});

function certificatesIn(body: Buffer): readonly Certificate[] {
  const decoded = decodeEntry(body);
  return decoded.ok ? decoded.entry.signers.flatMap(({ certificate }) => certificate ?? []) : [];
}
