import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startFakeCt, CT_CHECKPOINT } from './fakes/fake-ct.ts';
import { startFakeLog } from './fakes/fake-log.ts';
import { startFakeRekorV1 } from './fakes/fake-rekor-v1.ts';
import { fillers, NOW } from './support/actors.ts';
import { siteCt } from './support/ct-sites.ts';
import { siteV1, siteV2, type Answer, type LogSite } from './support/log-sites.ts';
import { CHECKPOINT_PATHS, EVERY, growHonest, look, startOf, type SiteName } from './support/misbehaviour-phases.ts';
import { standings } from './support/misbehaviour-outcome.ts';
import { SuspectStage } from './support/suspect-stage.ts';
import { until } from './support/until.ts';

// What honest logs do, and what the way to them does to their answers: none of it is told.

let stage: SuspectStage;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});

afterEach(async () => {
  await stage.close();
  vi.useRealTimers();
});

/** A log of which 21 entries are verified, by a process that is gone. */
async function followed(site: LogSite): Promise<void> {
  stage = await SuspectStage.open(site);
  site.append(fillers(13));
  expect(await stage.once()).toBe(0);
  site.append(fillers(8, 13));
  expect(await stage.once()).toBe(0);
  growHonest(stage);
}

/** Nothing was told but that both are watched, and both are verified as far as they go. */
async function expectNothing(size: number): Promise<void> {
  expect(await stage.alerts()).toEqual([]);
  expect(stage.slack.texts().filter((text) => !text.includes('watching, verified to size'))).toEqual([]);
  expect(standings(stage)).toEqual({
    suspect: { state: 'verified', verified: size, examined: size },
    honest: { state: 'verified', left: 0 },
  });
}

describe.each(EVERY)('a %s log', (_name, start) => {
  it('that shows an older checkpoint of the same tree, as a lagging replica does', async () => {
    const site = await start();
    await followed(site);
    site.serveOldCheckpoint(13);
    expect(await stage.once()).toBe(0);
    await expectNothing(21);
    site.heal();
    site.append(fillers(3, 21));
    expect(await stage.once()).toBe(0);
    await expectNothing(24);
  });

  it('that shows the same tree under another time or signature', async () => {
    const site = await start();
    await followed(site);
    // Rekor v1 signs anew at each request; Ed25519 signatures of one text are all the same.
    vi.setSystemTime(NOW.getTime() + 60_000);
    site.timeIs(new Date());
    expect([await stage.once(), await stage.once()]).toEqual([0, 0]);
    await expectNothing(21);
  });

  it('that cannot be reached once', async () => {
    const site = await start();
    await followed(site);
    site.append(fillers(3, 21));
    site.answer('checkpoint', { status: 500, body: 'not now' });
    expect(await stage.once()).toBe(3);
    expect(await stage.alerts()).toEqual([]);
    expect(standings(stage)).toMatchObject({ suspect: { state: 'unreachable', verified: 21 } });
    site.heal();
    expect(await stage.once()).toBe(0);
    await expectNothing(24);
  });
});

describe('logs of every kind', () => {
  // In one run, for each of them has to wait.
  it.each<[string, Answer]>([
    ['429', { status: 429, headers: { 'retry-after': '0' }, body: 'slow down' }],
    ['503', { status: 503, body: 'overloaded' }],
  ])('that answer with %s for a moment', async (_, answer) => {
    // Who is asked to slow down waits by the clock.
    vi.useRealTimers();
    const sites = await Promise.all(EVERY.map(([name, start]) => start(`${name}.test`)));
    onTestFinished(async () => {
      await Promise.all(sites.map((site) => site.close()));
    });
    stage = await SuspectStage.open(sites[0] as LogSite); // There are four.
    stage.configure({ logs: { custom: sites.map((site) => stage.item(site, site.keys[0].name)) } });
    const left = new Map(sites.map((site) => [site, 1]));
    for (const site of sites) {
      site.timeIs(new Date());
      site.append(fillers(21));
      site.observe('checkpoint', () => {
        left.set(site, (left.get(site) ?? 0) - 1);
        return left.get(site) === 0 ? answer : null;
      });
    }
    expect(await stage.once()).toBe(0);
    expect([...left.values()].every((count) => count < 0)).toBe(true);
    expect(await stage.alerts()).toEqual([]);
    const { logs } = await stage.status();
    expect(logs.map(({ state, verified_size: size }) => ({ state, size }))).toEqual(
      sites.map(() => ({ state: 'verified', size: 21 })),
    );
  });
});

/** A line of somebody whom nobody here knows. */
const COSIGNED = '— witness.example AAAAAAAAAAAAAAAA\n';

/** How each says what its checkpoint is. A signed tree head of RFC 6962 has no lines. */
const NOTES: readonly (readonly [Exclude<SiteName, 'rfc6962'>, (body: string, change: Change) => string])[] = [
  ['rekor-v2', (body, change) => change(body)],
  [
    'rekor-v1',
    (body, change) => {
      const info = JSON.parse(body) as { readonly signedTreeHead: string };
      return JSON.stringify({ ...info, signedTreeHead: change(info.signedTreeHead) });
    },
  ],
  ['static-ct', (body, change) => change(body)],
];

type Change = (note: string) => string;

describe.each(NOTES)('a %s log', (name, within) => {
  it.each<[string, Change]>([
    ['behind', (note) => note + COSIGNED],
    ['before', (note) => note.replace('\n\n', `\n\n${COSIGNED}`)],
  ])('that publishes the same tree again, with a line of another signer %s its own', async (_, change) => {
    const site = await startOf(name);
    await followed(site);
    const published = await (await fetch(`${site.url}${CHECKPOINT_PATHS[name]}`)).text();
    site.answer('checkpoint', { status: 200, body: within(published, change) });
    expect([await stage.once(), await stage.once()]).toEqual([0, 0]);
    await expectNothing(21);
  });
});

/** A log, and what answers to a checkpoint that was not changed since: only how many times. */
interface Conditional {
  readonly site: LogSite;
  readonly unchanged: () => number;
}

/** Answers like a file server that knows its files by a tag (RFC 9110 §13). */
function tagged(body: () => string): {
  readonly answer: (request: IncomingMessage) => Answer;
  readonly count: () => number;
} {
  let count = 0;
  return {
    answer: ({ headers }) => {
      const etag = `"${Buffer.from(body()).toString('base64url').slice(-40)}"`;
      count += headers['if-none-match'] === etag ? 1 : 0;
      return headers['if-none-match'] === etag
        ? { status: 304, headers: { etag }, body: '' }
        : { status: 200, headers: { etag }, body: body() };
    },
    count: () => count,
  };
}

const startCtTagged = (kind: 'static-ct' | 'rfc6962') => async (): Promise<Conditional> => {
  const log = await startFakeCt(kind);
  const published = new Map<number, string>();
  const { answer, count } = tagged(() => {
    // Signed once for each size, as by a log that publishes a file.
    const head = published.get(log.size) ?? log.head();
    published.set(log.size, head);
    return head;
  });
  log.before((path, request) => (CT_CHECKPOINT.test(path) ? answer(request) : null));
  return { site: siteCt(log), unchanged: count };
};

// The list of shards of Rekor v1 is signed anew at each request: nobody could say that it did not change.
const CONDITIONAL: readonly (readonly [Exclude<SiteName, 'rekor-v1'>, () => Promise<Conditional>])[] = [
  [
    'rekor-v2',
    async () => {
      const log = await startFakeLog();
      const { answer, count } = tagged(() => log.checkpoint);
      log.before((path, request) => (path === 'checkpoint' ? answer(request) : null));
      return { site: siteV2(log), unchanged: count };
    },
  ],
  ['static-ct', startCtTagged('static-ct')],
  ['rfc6962', startCtTagged('rfc6962')],
];

describe.each(CONDITIONAL)('a %s log', (_name, start) => {
  it('that says that nothing changed, while a daemon follows it', async () => {
    const { site, unchanged } = await start();
    await followed(site);
    const daemon = stage.start();
    await until('nothing changed, twice', () => unchanged() > 1);
    site.append(fillers(3, 21));
    await until('it was verified', () => look(stage)?.verified_size === 24);
    const before = unchanged();
    await until('nothing changed again', () => unchanged() > before);
    expect(await daemon.stop()).toBe(0);
    await expectNothing(24);
  });
});

/** Logs that lie in files; `collected`: only full tiles are there of what has been filled since. */
const TILES: readonly (readonly [SiteName, () => Promise<LogSite>])[] = [
  // This one deletes them by itself.
  ['rekor-v2', async () => siteV2(await startFakeLog())],
  [
    'static-ct',
    async () => {
      const log = await startFakeCt('static-ct');
      log.before((path) => {
        const [, level = '', index = ''] = /^tile\/(\d|data)\/(\d{3})\.p\/\d+$/.exec(path) ?? [];
        const isFull = level !== '' && level !== '1' && log.size >= (Number(index) + 1) * 256;
        return isFull ? { status: 404, body: 'collected' } : null;
      });
      return siteCt(log);
    },
  ],
];

describe.each(TILES)('a %s log', (_name, start) => {
  it('that deleted the partial tiles of the checkpoint that is caught up to', async () => {
    const site = await start();
    stage = await SuspectStage.open(site);
    site.append(fillers(300));
    let served = false;
    site.observe('entries', () => (served ? null : { status: 404, body: 'not yet' }));
    expect(await stage.once()).toBe(3);
    served = true;
    site.append(fillers(300, 300));
    expect(await stage.once()).toBe(0);
    await expectNothing(600);
  });
});

// That of Rekor v2, another log of the trust source, is in trust-changes.test.ts.
describe('a rekor-v1 log', () => {
  it.each(['the same key', 'another key'])('that rolls over to a shard under %s', async (key) => {
    const rekor = await startFakeRekorV1();
    const site = siteV1(rekor);
    await followed(site);
    site.append(fillers(4, 21));
    rekor.rollOver({ sameKey: key === 'the same key' });
    rekor.append(fillers(7, 100));
    stage.configure();
    expect([await stage.once(), await stage.once()]).toEqual([0, 0]);
    expect(await stage.alerts()).toEqual([]);
    const { logs } = await stage.status();
    expect(
      logs.map(({ origin, state, started_at_index: from, verified_size: size }) => ({ origin, state, from, size })),
    ).toEqual(
      expect.arrayContaining([
        { origin: stage.honest.origin, state: 'verified', from: 0, size: stage.honest.size },
        { origin: rekor.shards[0].origin, state: 'frozen', from: 0, size: 25 },
        { origin: rekor.origin, state: 'verified', from: 0, size: 7 },
      ]),
    );
    expect(logs).toHaveLength(3);
    expect(stage.slack.texts().filter((text) => text.includes(rekor.origin))).toHaveLength(1);
  });
});
