import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/lib/clock.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { FollowDeps } from '../../src/monitor/follow-deps.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { judgeAgain, judgeAgainOnce, judgeByAttestations } from '../../src/monitor/judge-again.ts';
import { startFakeGithub, type FakeGithub, type GithubAnswer } from '../fakes/fake-github.ts';
import { certify, fillers, releaseAt } from '../support/actors.ts';
import { builtWatch, bundleOf, digestOf, provenance, verdictsOf } from '../support/attestations.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';
import { until } from '../support/until.ts';

const TAG = 'refs/tags/v1.0.0';
const MINUTE = 60_000;
const WIDGET = digestOf('widget');
const [[, start]] = BOTH as [(typeof BOTH)[number]];
let rig: MonitorRig;
let site: LogSite;
let github: FakeGithub;

beforeEach(async () => {
  rig = new MonitorRig();
  github = await startFakeGithub();
  site = await start();
  site.append(fillers(3));
  rig.watches = [builtWatch({ kind: 'github', url: github.url, token: null })];
});

afterEach(async () => {
  await rig.close();
  await Promise.all([site.close(), github.close()]);
});

async function poll(leaves: readonly Buffer[], deps: FollowDeps = rig.deps()): Promise<void> {
  site.append(leaves);
  const [outcome] = await passOverSource(followed(site.source(rig.http)), deps, NEVER);
  expect(outcome).toMatchObject({ kind: 'verified' });
}

async function later(minutes: number): Promise<void> {
  rig.now = new Date(rig.now.getTime() + minutes * MINUTE);
  await judgeByAttestations(rig.deps(), NEVER);
}

function publish(digest = WIDGET): void {
  github.publish('acme/widget', digest, { bundle: bundleOf(provenance(digest), certify(releaseAt(TAG))) });
}

function waiting(): number {
  return rig.rows('SELECT 1 FROM doubtful').length;
}

function refuse(status: number, headers: Readonly<Record<string, string>>): GithubAnswer {
  return (_, response) => response.writeHead(status, headers).end('{"message":"API rate limit exceeded"}');
}

describe('the API for attestations', () => {
  it.each<[string, GithubAnswer]>([
    ['403 and Retry-After', refuse(403, { 'retry-after': '1200' })],
    ['429 and Retry-After', refuse(429, { 'retry-after': '1200' })],
  ])('is left alone for as long as it asks by %s', async (_, answer) => {
    github.answer(answer);
    await poll([site.entry(certify(releaseAt(TAG)))]);
    expect(github.requests).toHaveLength(1);
    github.answer(null);
    publish();
    await later(8);
    await later(8);
    expect(github.requests).toHaveLength(1);
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    await later(16);
    expect(github.requests).toHaveLength(2);
    expect(verdictsOf(rig)).toEqual(['3 expected']);
  });

  it('is left alone until its limit is reset', async () => {
    const reset = String(Math.floor(rig.now.getTime() / 1000) + 600);
    github.answer(refuse(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }));
    await poll([site.entry(certify(releaseAt(TAG)))]);
    github.answer(null);
    publish();
    await later(9.9);
    expect(github.requests).toHaveLength(1);
    await later(16);
    expect(verdictsOf(rig)).toEqual(['3 expected']);
  });

  it('is asked on where it refuses without naming a limit', async () => {
    github.answer(refuse(403, { 'x-ratelimit-remaining': '40' }));
    await poll([site.entry(certify(releaseAt(TAG)))]);
    github.answer(null);
    publish();
    await later(1);
    expect(verdictsOf(rig)).toEqual(['3 expected']);
  });

  it('is asked once about a digest, whoever signed it and however often', async () => {
    publish();
    const entries = Array.from({ length: 5 }, () => site.entry(certify(releaseAt(TAG))));
    await poll([...entries, site.entry(certify(releaseAt(TAG)), 'gadget')]);
    expect(verdictsOf(rig).map((found) => found.split(' ')[1])).toEqual([
      ...Array<string>(5).fill('expected'),
      'unverifiable',
    ]);
    expect(github.requests.map(({ path }) => path.split('/').at(-1)).sort()).toEqual(
      [WIDGET, digestOf('gadget')].sort(),
    );
  });

  it('is asked about some entries of a batch only; the others wait for their turn', async () => {
    const artifacts = Array.from({ length: 40 }, (_, number) => `widget ${number}`);
    const signer = certify(releaseAt(TAG));
    artifacts.forEach((artifact) => {
      publish(digestOf(artifact));
    });
    await poll(artifacts.map((artifact) => site.entry(signer, artifact)));
    expect([github.requests.length, waiting()]).toEqual([32, 8]);
    await later(1);
    expect([github.requests.length, waiting()]).toEqual([40, 0]);
    expect(verdictsOf(rig).every((found) => found.endsWith(' expected'))).toBe(true);
  });

  it('is not asked about one entry after the other while it is out of order', async () => {
    github.answer((_, response) => response.writeHead(502).end());
    const signer = certify(releaseAt(TAG));
    await poll(Array.from({ length: 20 }, (_, number) => site.entry(signer, `widget ${number}`)));
    expect(github.requests.length).toBeLessThanOrEqual(4);
    await later(1);
    await later(1);
    expect(github.requests.length).toBeLessThanOrEqual(12);
    expect(waiting()).toBe(20);
  });

  it('does not hold up the log: who does not answer in time is asked again later', async () => {
    github.answer(() => undefined);
    const deps = rig.deps();
    // The five seconds of a batch are over at once, every other time never.
    const clock: Clock = {
      now: () => rig.now,
      sleep: (ms, signal) =>
        ms === 5000
          ? until('asked', () => github.requests.length > 0).then(() => undefined)
          : systemClock.sleep(2 ** 31 - 1, signal),
    };
    await poll([site.entry(certify(releaseAt(TAG)))], { ...deps, clock });
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    expect(rig.log(site.origin)).toMatchObject({ state: 'verified', verified_size: 4 });
    github.answer(null);
    publish();
    await later(1);
    expect(verdictsOf(rig)).toEqual(['3 expected']);
  });

  it('is not awaited for ever by an entry about which it cannot be asked in time', async () => {
    github.answer(() => undefined);
    // Every look ends as soon as it has asked.
    const clock: Clock = {
      now: () => rig.now,
      sleep: async () => {
        const asked = github.requests.length;
        await until('asked', () => github.requests.length > asked);
      },
    };
    const deps = { ...rig.deps(), clock };
    await poll([site.entry(certify(releaseAt(TAG)))], deps);
    for (const verdict of ['unverifiable', 'unexpected']) {
      rig.now = new Date(rig.now.getTime() + 61 * MINUTE);
      await judgeByAttestations(deps, NEVER);
      expect(verdictsOf(rig)).toEqual([`3 ${verdict} slsa_builder=null`]);
    }
    expect(rig.onlyAlert()).toMatchObject({
      kind: 'unexpected',
      summary: expect.stringContaining('it takes too long to ask') as string,
    });
  });

  it('is awaited by so many entries at most: what comes beyond is told at once', async () => {
    await poll([site.entry(certify(releaseAt(TAG)))]);
    rig.store
      .prepare(
        `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 9999)
         INSERT INTO entries (log, idx, kind, api_version, observed_at, leaf_hash, artifacts, body)
         SELECT log, 1000 + n, kind, api_version, observed_at, leaf_hash, artifacts, body FROM entries, number`,
      )
      .run();
    rig.store
      .prepare(
        `INSERT INTO doubtful (entry, reason, due_at, until)
         SELECT id, 'attestation', 9e15, 9e15 FROM entries WHERE idx >= 1000`,
      )
      .run();
    await poll([site.entry(certify(releaseAt(TAG)), 'one'), site.entry(certify(releaseAt(TAG)), 'two')]);
    expect(verdictsOf(rig)).toEqual([
      '3 unverifiable slsa_builder=null',
      '4 unexpected slsa_builder=null',
      '5 unexpected slsa_builder=null',
    ]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'unexpected', occurrences: 2 });
  });
});

describe('judgeAgainOnce()', () => {
  it('takes all that is due', async () => {
    const signer = certify(releaseAt(TAG));
    await poll(Array.from({ length: 40 }, (_, number) => site.entry(signer, `widget ${number}`)));
    rig.now = new Date(rig.now.getTime() + 61 * MINUTE);
    await judgeAgainOnce(rig.deps(), NEVER);
    expect(waiting()).toBe(0);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'unexpected', occurrences: 40 });
  });
});

describe('judgeAgain()', () => {
  it('ends while it waits for an answer, and keeps what it has not settled', async () => {
    await poll([site.entry(certify(releaseAt(TAG)))]);
    github.answer(() => undefined);
    rig.now = new Date(rig.now.getTime() + MINUTE);
    const end = new AbortController();
    const again = judgeAgain(rig.deps(), end.signal);
    await until('it is asked', () => github.requests.length === 2);
    end.abort();
    await again.ended;
    expect(waiting()).toBe(1);
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
  });
});
