import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CertificateRequest } from '../src/demo/certificate-authority.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from './fakes/fake-rekor-v1.ts';
import { certify, fillers, NOW, STRANGER } from './support/actors.ts';
import { BUILDER, intotoV001, intotoV002, provenanceV1, WIDGET_DIGEST } from './support/attested-entries.ts';
import { siteV1 } from './support/log-sites.ts';
import { SuspectStage } from './support/suspect-stage.ts';

// Tekton Chains signs as its cluster, whatever the pipeline was: which builder it was stands in the provenance alone, that
// Rekor v1 stores beside the entry and signs the hash of.

const EVIL = 'https://evil.example/builder';
const CHAINS: CertificateRequest = {
  subject: 'https://kubernetes.io/namespaces/tekton-chains/serviceaccounts/tekton-chains-controller',
  notBefore: NOW,
  claims: { issuer: 'https://kubernetes.default.svc.cluster.local' },
};
const WATCH = {
  name: 'widget-chains',
  select: [{ subject: 'https://kubernetes.io/namespaces/tekton-chains/**' }],
  expect: {
    issuer: 'https://kubernetes.default.svc.cluster.local',
    slsa_builder: BUILDER,
    source_uri: 'git+https://git.example/acme/**',
  },
  severity: 'high',
};

let stage: SuspectStage;
let rekor: RunningFakeRekorV1;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  rekor = await startFakeRekorV1();
  stage = await SuspectStage.open(siteV1(rekor));
  stage.configure({ watches: [WATCH] });
});

afterEach(async () => {
  await stage.close();
  vi.useRealTimers();
});

const payload = provenanceV1();
const altered = provenanceV1({ builder: EVIL });
const pages = (): readonly string[] => stage.slack.texts().filter((text) => !text.includes('watching, verified'));
const history = async (): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const { out } = await stage.ask('history', '--json');
  const lines = out.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>).reverse();
};

/** Each version of the entry that Chains' clients make. */
const FORMS = [
  ['0.0.1', (bytes: Buffer) => intotoV001({ ...certify(CHAINS), payload: bytes })],
  ['0.0.2', (bytes: Buffer) => intotoV002({ signers: [certify(CHAINS)], payload: bytes })],
] as const;

describe.each(FORMS)('an attestation of Tekton Chains, intoto %s', (_, entry) => {
  it('is expected in silence where its builder is the right one', async () => {
    rekor.append([...fillers(2), entry(payload)], NOW.getTime() / 1000);
    rekor.attest(2, payload);
    expect(await stage.once()).toBe(0);
    expect(await history()).toMatchObject([
      {
        index: 2,
        verdict: 'expected',
        kind: 'intoto',
        signer: { slsa_builder: BUILDER, subject: [CHAINS.subject], signing_time: 'within' },
      },
    ]);
    expect((await history())[0]?.['artifacts']).toContain(`sha256:${WIDGET_DIGEST}`);
    expect(await stage.alerts()).toEqual([]);
    expect(pages()).toEqual([]);
  });

  it('is told with the builder that was found where that is another one', async () => {
    rekor.append([entry(altered)]);
    rekor.attest(0, altered);
    expect(await stage.once()).toBe(1);
    expect(await stage.alerts()).toMatchObject([
      {
        kind: 'unexpected',
        severity: 'high',
        watch: 'widget-chains',
        violations: [{ claim: 'slsa_builder', expected: BUILDER, found: EVIL }],
      },
    ]);
    expect(pages().join('')).toContain(EVIL);
  });

  it.each([
    ['bad in place of good', payload, altered],
    ['good in place of bad', altered, payload],
  ])('is not believed where it was exchanged, %s, and that is told', async (_name, logged, served) => {
    rekor.append([entry(logged)]);
    rekor.attest(0, served);
    expect(await stage.once()).toBe(1);
    const alerts = await stage.alerts();
    expect(alerts.map(({ kind }) => kind).sort()).toEqual(['entry-mismatch', 'unexpected']);
    expect(alerts.find(({ kind }) => kind === 'unexpected')).toMatchObject({
      violations: [
        { claim: 'slsa_builder', expected: BUILDER, found: null },
        { claim: 'source_uri', found: null },
      ],
    });
    // Neither what was served nor what was not.
    const [found] = await history();
    expect(found).toMatchObject({ verdict: 'unexpected' });
    expect(JSON.stringify(found?.['signer'])).not.toContain('slsa_builder');
    // The log goes on all the same.
    expect(await stage.status()).toMatchObject({ logs: [{ state: 'verified' }, { state: 'verified' }] });
  });

  it('is no concern of anybody where others signed it', async () => {
    rekor.append([
      intotoV001({ ...certify(STRANGER), payload: altered }),
      intotoV002({ signers: [certify(STRANGER)], payload: altered }),
    ]);
    rekor.attest(0, altered);
    rekor.attest(1, payload);
    expect(await stage.once()).toBe(0);
    expect(await history()).toEqual([]);
    expect(await stage.alerts()).toEqual([]);
  });
});
