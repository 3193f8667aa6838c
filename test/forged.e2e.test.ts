import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { authority, certify, fillers, forger, NOW, releaseAt } from './support/actors.ts';
import { BOTH, type LogSite } from './support/log-sites.ts';
import { WIDGET } from './support/stage.ts';
import { SuspectStage } from './support/suspect-stage.ts';

// Rekor looks at no chain: anybody can log a certificate of their own that holds our name and our claims.

const TAG = releaseAt('refs/tags/v1.0.0');
const BRANCH = releaseAt('refs/heads/hotfix');

let stage: SuspectStage;
let site: LogSite;

afterEach(async () => {
  await stage.close();
  vi.useRealTimers();
});

const pages = (): readonly string[] => stage.slack.texts().filter((text) => !text.includes('watching, verified'));
const verdicts = async (): Promise<readonly unknown[]> => {
  const { out } = await stage.ask('history', '--json');
  const lines = out.split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { readonly verdict: string }).verdict).reverse();
};

describe.each(BOTH)('certificates that nobody trusts, in a %s log', (_, start) => {
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    site = await start();
    stage = await SuspectStage.open(site);
  });

  it('are one quiet alert into which repeats fold, whatever they claim', async () => {
    site.append([
      ...fillers(3),
      site.entry(certify(TAG, forger)),
      site.entry(certify(BRANCH, forger)),
      site.envelope([certify(BRANCH, forger)]),
    ]);
    expect(await stage.once()).toBe(1);
    site.append([site.entry(certify(BRANCH, forger), 'another')]);
    await stage.once();

    expect(await verdicts()).toEqual(['forged', 'forged', 'forged', 'forged']);
    const [alert, ...others] = await stage.alerts();
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      kind: 'forged',
      severity: 'low',
      state: 'open',
      occurrences: 4,
      signer: { chain: 'untrusted', source_repository: 'https://github.com/acme/widget' },
      // Nothing that a stranger wrote is a link.
      links: { run: null, commit: null },
    });
    expect(pages()).toHaveLength(1);
  });

  it('do not hide, and are not hidden by, a branch that really signed', async () => {
    site.append([site.entry(certify(BRANCH, forger)), site.entry(certify(BRANCH)), site.entry(certify(TAG))]);
    expect(await stage.once()).toBe(1);
    expect(await verdicts()).toEqual(['forged', 'unexpected', 'expected']);
    expect((await stage.alerts()).map(({ kind, severity }) => `${kind} ${severity}`).sort()).toEqual([
      'forged low',
      'unexpected critical',
    ]);
  });

  it('are what a certificate from tomorrow is, and one for another use', async () => {
    const tomorrow = new Date(NOW.getTime() + 86_400_000);
    site.append([
      site.entry(certify({ ...TAG, notBefore: tomorrow })),
      site.entry(certify({ ...TAG, codeSigning: false })),
    ]);
    expect(await stage.once()).toBe(1);
    expect(await verdicts()).toEqual(['forged', 'forged']);
  });

  it('page where somebody holds a certificate that is trusted and the log took a false signature', async () => {
    const release = certify(TAG);
    site.append([site.entry({ certificate: release.certificate, privateKey: certify(TAG).privateKey })]);
    expect(await stage.once()).toBe(1);
    expect(await stage.alerts()).toMatchObject([
      { kind: 'forged', severity: WIDGET.severity, signer: { chain: 'trusted', signature: 'invalid' } },
    ]);
    expect(pages()).toHaveLength(1);
    expect((await stage.ask('history')).out).toMatch(
      /Claims to be signed by acme[/]widget.* Its signature does not verify[.]/,
    );
  });

  it('are none of those whom nobody watches, and no release', async () => {
    const stranger = { ...TAG, subject: 'x@elsewhere.example', claims: { issuer: 'https://accounts.google.com' } };
    site.append([
      site.entry(certify(stranger, forger)),
      site.entry(certify(TAG)),
      // As far ahead as clocks may differ.
      site.entry(certify({ ...TAG, notBefore: new Date(NOW.getTime() + 60_000) })),
      site.entry({ privateKey: certify(TAG).privateKey }),
    ]);
    expect(await stage.once()).toBe(0);
    expect(await verdicts()).toEqual(['expected', 'expected']);
    expect(await stage.alerts()).toEqual([]);
    expect(pages()).toEqual([]);
  });
});

describe('a certificate of an authority that comes to be trusted', () => {
  it('is expected for who trusts it by then, and was forged before', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    const [, open] = BOTH[0] ?? [];
    if (open === undefined) {
      throw new Error('There is no log');
    }
    site = await open();
    stage = await SuspectStage.open(site);
    site.append([site.entry(certify(TAG, forger))]);
    expect(await stage.once()).toBe(1);
    stage.write('ca.pem', forger.chainPem());
    site.append([site.entry(certify(TAG, forger), 'again'), site.entry(certify(TAG, authority))]);
    expect(await stage.once()).toBe(1);
    expect(await verdicts()).toEqual(['forged', 'expected', 'forged']);
  });
});
