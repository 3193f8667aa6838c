import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config/load.ts';
import { runDaemon, runOnce, type DaemonDeps, type OnceOutcome } from '../src/daemon.ts';
import { createDemoAuthority } from '../src/demo/certificate-authority.ts';
import { hashedRekordV2 } from '../src/demo/entries.ts';
import { keyToPem } from '../src/evidence/log-key.ts';
import { systemClock } from '../src/lib/clock.ts';
import { listAlerts } from '../src/store/alerts.ts';
import { readHistory } from '../src/store/history.ts';
import { Store } from '../src/store/store.ts';
import { startFakeGithub, type FakeGithub } from './fakes/fake-github.ts';
import { startFakeLog, type RunningFakeLog } from './fakes/fake-log.ts';
import { authority, certify, fillers, NOW, releaseAt } from './support/actors.ts';
import { BUILDER, bundleOf, digestOf, provenance } from './support/attestations.ts';
import { noReload } from './support/no-reload.ts';
import { setTrustStage } from './support/trust-stage.ts';
import { trustedRootJson } from './support/trusted-root-json.ts';
import { until } from './support/until.ts';

const TAG = 'refs/tags/v1.0.0';
const HOUR = 3_600_000;

describe('the program, with a watch whose attestations lie at the API of GitHub', () => {
  let folder: string;
  let log: RunningFakeLog;
  let github: FakeGithub;
  let now: Date;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sigwatch-judged-again-'));
    now = NOW;
    [log, github] = await Promise.all([startFakeLog('acme.test'), startFakeGithub()]);
    writeFileSync(join(folder, 'ca.pem'), authority.chainPem());
    writeFileSync(join(folder, 'log.pub'), keyToPem(log.key.spki));
    const config = {
      version: 1,
      database: './sigwatch.db',
      trust: { source: 'none', certificate_authorities: [{ name: 'test-ca', chain: './ca.pem' }] },
      logs: {
        discover: false,
        poll_interval: '20ms',
        custom: [
          {
            name: 'acme',
            type: 'rekor-v2',
            url: log.url,
            origin: 'acme.test',
            public_key: './log.pub',
            start: 'genesis',
            stale_after: 'none',
          },
        ],
      },
      watches: [
        {
          name: 'widget-release',
          select: [{ source_repository: 'acme/widget' }],
          expect: { slsa_builder: BUILDER },
          attestations: { github: true, url: github.url, token: { env: 'GITHUB_TOKEN' } },
        },
      ],
    };
    writeFileSync(join(folder, 'sigwatch.yaml'), JSON.stringify(config));
    log.append([...fillers(2), hashedRekordV2({ ...certify(releaseAt(TAG)), artifact: Buffer.from('widget') })]);
  });

  afterEach(async () => {
    await Promise.all([log.close(), github.close()]);
    rmSync(folder, { recursive: true });
  });

  const deps = (): DaemonDeps => {
    const nothing = (): void => undefined;
    const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
    const clock = { now: () => now, sleep: systemClock.sleep.bind(systemClock) };
    return { ...noReload, clock, logger, pid: 1, onProgress: nothing, onReady: nothing, onAlive: nothing };
  };
  const config = () => loadConfig(join(folder, 'sigwatch.yaml'), { GITHUB_TOKEN: 'secret' });
  const once = (): Promise<OnceOutcome> => runOnce(config(), deps(), new AbortController().signal);
  const read = () => {
    const store = Store.open(join(folder, 'sigwatch.db'), { readonly: true });
    try {
      return {
        verdicts: [...readHistory(store, {})].map(({ verdict }) => verdict),
        alerts: listAlerts(store)
          .filter(({ kind }) => kind !== 'started')
          .map(({ kind, state }) => `${kind} ${state}`),
      };
    } finally {
      store.close();
    }
  };
  const publish = (builder: string): void => {
    const digest = digestOf('widget');
    github.publish('acme/widget', digest, { bundle: bundleOf(provenance(digest, builder), certify(releaseAt(TAG))) });
  };

  it('asks once in each run, and settles in a later one', async () => {
    expect(await once()).toEqual({ found: false, failed: false });
    expect(read()).toEqual({ verdicts: ['unverifiable'], alerts: [] });
    now = new Date(now.getTime() + HOUR / 2);
    expect(await once()).toEqual({ found: false, failed: false });
    expect(github.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer secret', 'Bearer secret']);
    publish(BUILDER);
    now = new Date(now.getTime() + HOUR);
    expect(await once()).toEqual({ found: false, failed: false });
    expect(read()).toEqual({ verdicts: ['expected'], alerts: [] });
    expect(await once()).toEqual({ found: false, failed: false });
    expect(github.requests).toHaveLength(3);
  });

  it('finds what the last run left, once its time is over', async () => {
    await once();
    now = new Date(now.getTime() + HOUR);
    expect(await once()).toEqual({ found: true, failed: false });
    expect(read()).toEqual({ verdicts: ['unexpected'], alerts: ['unexpected open'] });
    expect(await once()).toEqual({ found: false, failed: false });
  });

  it('says that the API could not be reached', async () => {
    github.answer((_, response) => response.writeHead(500).end());
    expect(await once()).toEqual({ found: false, failed: true });
    now = new Date(now.getTime() + HOUR);
    expect(await once()).toEqual({ found: false, failed: true });
    expect(read()).toEqual({ verdicts: ['unverifiable'], alerts: ['unreachable open'] });
  });

  it('settles it while it runs', async () => {
    const end = new AbortController();
    await once();
    publish('https://evil.example/builder');
    now = new Date(now.getTime() + HOUR / 2);
    const ended = runDaemon(config(), deps(), end.signal);
    await until('it is told', () => read().alerts.length > 0);
    expect(read()).toEqual({ verdicts: ['unexpected'], alerts: ['unexpected open'] });
    end.abort();
    await ended;
  });
});

describe('the program, when the trust data comes to reach to the time of a certificate', () => {
  it('judges again who was unverifiable, and closes what it told of it', async () => {
    const stage = await setTrustStage();
    try {
      const hosted = await stage.startLog();
      hosted.log.append(fillers(3));
      stage.publish([{ url: hosted.url, spki: hosted.log.key.spki }]);
      stage.start();
      await until('it is verified', () => stage.log(hosted.origin)?.verified_size === 3);

      // The authority is younger than the trust data, which is good for 1,000 hours.
      const young = createDemoAuthority({ name: 'young' });
      const later = new Date(Date.now() + 1001 * HOUR);
      stage.advance(1002 * HOUR);
      for (const ref of [TAG, 'refs/heads/evil']) {
        const signer = young.issue({ ...releaseAt(ref), notBefore: later });
        hosted.log.append([hashedRekordV2({ ...signer, artifact: Buffer.from(ref) })]);
      }
      const findings = (): readonly string[] => stage.history().map(({ index, verdict }) => `${index} ${verdict}`);
      const alerts = (): readonly string[] =>
        stage
          .alerts()
          .filter(({ class: group }) => group === 'identity')
          .map(({ kind, state, occurrences }) => `${kind} ${state} ${occurrences}`)
          .sort();
      await until('they are judged', () => findings().length === 2);
      expect(findings()).toEqual(['3 unverifiable', '4 unverifiable']);
      expect(alerts()).toEqual(['unverifiable open 2']);

      const logs = [{ url: hosted.url, spki: hosted.log.key.spki }];
      stage.repository.publish(
        trustedRootJson({ logs, authorities: [stage.authority, young] }),
        new Date(Date.now() + 3000 * HOUR),
      );
      stage.refresh();
      await until('they are judged again', () => findings().every((finding) => !finding.endsWith('unverifiable')));
      expect(findings()).toEqual(['3 expected', '4 unexpected']);
      expect(alerts()).toEqual(['unexpected open 1', 'unverifiable closed 2']);
    } finally {
      await stage.close();
    }
  });
});
