import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { LogMisbehaved, LogUnavailable, type LogSource } from '../../src/log/log.ts';
import type { FollowDeps } from '../../src/monitor/follow-deps.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { followSource, passOverSource } from '../../src/monitor/follow-source.ts';
import { readStatus } from '../../src/store/status.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { certify, fillers, STRANGER } from '../support/actors.ts';
import { BOTH, siteV1, type Answer, type LogSite, type Part } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';
import { onCall } from '../support/on-call.ts';

let rig: MonitorRig;
let site: LogSite;

beforeEach(() => {
  rig = new MonitorRig();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rig.close();
  await site.close();
});

/** Follows, without ever waiting, until `enough`, which is asked at each wait. Gives how long the waits would have been. */
async function waitsUntil(
  enough: (waits: readonly number[]) => boolean,
  source: LogSource,
  pollIntervalMs: number,
  between: () => void = () => {},
): Promise<readonly number[]> {
  const end = new AbortController();
  const waits: number[] = [];
  const sleep: Clock['sleep'] = async (ms, signal) => {
    waits.push(...[ms].slice(Number(signal.aborted)));
    between();
    const [stop] = [
      () => {
        end.abort();
      },
    ].slice(Number(!enough(waits)));
    stop?.();
    await nextTurn();
  };
  await followSource(
    followed(source),
    pollIntervalMs,
    { ...rig.deps(), clock: { now: () => rig.now, sleep } },
    end.signal,
  );
  return waits;
}

const atLeast = (count: number) => (waits: readonly number[]) => waits.length >= count;

/** A source that cannot be asked. */
function failing(error: () => unknown): LogSource {
  return {
    name: 'broken',
    type: 'rekor-v1',
    url: 'http://127.0.0.1:9',
    origin: 'broken.test',
    start: 'head',
    discover: async () => {
      throw error();
    },
  };
}

/** Jitter: Math.random() at its ends and in the middle. */
const LEAST = 0;
const MIDDLE = 0.5;
const MOST = 1 - 2 ** -53;
const withJitter = (random: number) => vi.spyOn(Math, 'random').mockReturnValue(random);

describe('followSource() between two tries', () => {
  beforeEach(async () => {
    site = siteV1(await startFakeRekorV1());
  });

  const unavailable = () => failing(() => new LogUnavailable('gone'));

  it.each([
    [LEAST, 900],
    [MIDDLE, 1000],
    [MOST, 1100],
  ])('waits the poll interval, give or take a tenth (%d)', async (random, expected) => {
    withJitter(random);
    const waits = await waitsUntil(atLeast(4), site.source(rig.http), 1000);
    expect(waits.map(Math.round)).toEqual(waits.map(() => expected));
  });

  it.each([
    [10, MIDDLE, [20, 40, 80, 100, 100]],
    [1000, LEAST, [1800, 3600, 7200, 10_000, 10_000]],
    [1000, MIDDLE, [2000, 4000, 8000, 10_000, 10_000]],
    [1000, MOST, [2200, 4400, 8800, 10_000, 10_000]],
    [10_000, MIDDLE, [20_000, 30_000, 30_000]],
    [10_000, MOST, [22_000, 30_000, 30_000]],
    [60_000, LEAST, [30_000, 30_000]],
    [86_400_000, MOST, [30_000, 30_000]],
  ])(
    'waits ever longer while it fails, at most ten intervals of %d ms and never over 30 s (%d)',
    async (interval, random, expected) => {
      withJitter(random);
      const waits = await waitsUntil(atLeast(expected.length), unavailable(), interval);
      expect(waits.map(Math.round)).toEqual(expected);
    },
  );

  it('never waits longer than ten intervals or 30 s, however often it fails', async () => {
    withJitter(MOST);
    const waits = await waitsUntil(atLeast(2000), unavailable(), 2000);
    expect(Math.max(...waits)).toBe(20_000);
  });

  it.each([
    [45_000, 45_000],
    [3_600_000, 3_600_000],
    [1, 2000],
  ])('waits as long as the server asks (%d ms), but not less than it would anyway', async (retryAfterMs, expected) => {
    withJitter(MIDDLE);
    const busy = failing(() => new LogUnavailable('busy', { retryAfterMs }));
    expect(await waitsUntil(atLeast(1), busy, 1000)).toEqual([expected]);
  });

  it('waits the usual interval where answers are wrong rather than absent', async () => {
    withJitter(MIDDLE);
    const evidence = { kind: 'bad-signature', log: 'broken.test', signed: false, notes: [] } as const;
    const waits = await waitsUntil(
      atLeast(3),
      failing(() => new LogMisbehaved('lies', evidence)),
      1000,
    );
    expect(waits).toEqual([1000, 1000, 1000]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'bad-signature', log: 'broken.test', occurrences: 3 });
    expect(readStatus(rig.store).logs).toMatchObject([{ name: 'broken', state: 'misbehaving', last_error: 'lies' }]);
  });
});

describe.each(BOTH)('followSource() over a %s log', (_, start) => {
  beforeEach(async () => {
    withJitter(MIDDLE);
    site = await start();
    site.append(fillers(13));
  });

  /** The waits that are not the usual ones: those after a failure. */
  const unusual = (waits: readonly number[]) => waits.filter((ms) => ms !== 1000);

  it('polls for ever', async () => {
    const grow = () => {
      site.append(fillers(1, site.size));
    };
    const waits = await waitsUntil(() => rig.checkpointSizes().length > 4, site.source(rig.http), 1000, grow);
    expect(unusual(waits)).toEqual([]);
    expect(rig.log(site.origin).state).toBe('verified');
  });

  it('asks a log that fails ever more rarely, and as before once it answers', async () => {
    const failures: Answer[] = Array.from({ length: 5 }, () => ({ status: 500, body: '' }));
    site.observe('entries', () => failures.pop() ?? null);
    const isVerified = () => rig.rows(`SELECT 1 FROM logs WHERE state = 'verified'`).length === 1;
    const waits = await waitsUntil(isVerified, site.source(rig.http), 1000);
    expect(unusual(waits)).toEqual([2000, 4000, 8000, 10_000, 10_000]);
    expect(waits.at(-1)).toBe(1000);
    expect(rig.log(site.origin).last_error).toBe(null);
  });

  it('waits as long as the log asks', async () => {
    site.answer('entries', { status: 503, headers: { 'retry-after': '45' }, body: '' });
    const waits = await waitsUntil((all) => unusual(all).length > 0, site.source(rig.http), 1000);
    expect(unusual(waits)).toEqual([45_000]);
  });

  it('asks a log that misbehaves at the usual interval', async () => {
    site.badSignature();
    const isToldOften = () => rig.alerts().some(({ occurrences }) => occurrences > 2);
    expect(unusual(await waitsUntil(isToldOften, site.source(rig.http), 1000))).toEqual([]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'bad-signature', occurrences: 3 });
  });

  describe('ends at once', () => {
    /** Aborts as soon as `when` has come, and waits for the end. */
    const endWhen = async (deps: FollowDeps, when: (end: () => void) => void): Promise<void> => {
      const end = new AbortController();
      when(() => {
        end.abort();
      });
      await followSource(followed(site.source(rig.http)), 3_600_000, deps, end.signal);
    };

    it.each<[string, Part, Answer]>([
      ['its checkpoint', 'checkpoint', 'hang'],
      ['its entries', 'entries', 'hang'],
    ])('while it waits for %s', async (_what, part, answer) => {
      await endWhen(rig.deps(), (end) => {
        site.observe(part, () => {
          setImmediate(end);
          return answer;
        });
      });
      expect(readStatus(rig.store).logs).toMatchObject([{ verified_size: null, last_error: null }]);
      expect(rig.alerts()).toEqual([]);
    });

    it('while it sleeps', async () => {
      const { clock, ...deps } = rig.deps();
      let stop = () => {};
      // The loop of the source and that of its log.
      const bothSleep = onCall(2, () => setImmediate(stop));
      const sleepy: Clock = {
        now: () => clock.now(),
        sleep: (ms, signal) => {
          bothSleep();
          return clock.sleep(ms, signal);
        },
      };
      await endWhen({ ...deps, clock: sleepy }, (end) => {
        stop = end;
      });
      expect(rig.log(site.origin)).toMatchObject({ state: 'verified', verified_size: 13 });
    });

    it('between two batches', async () => {
      site.append(fillers(600, 13));
      const batches: number[] = [];
      let stop = () => {};
      const deps: FollowDeps = {
        ...rig.deps(),
        onProgress: ({ size }) => {
          batches.push(size);
          stop();
        },
      };
      await endWhen(deps, (end) => {
        stop = end;
      });
      expect(batches).toHaveLength(1);
      expect(rig.log(site.origin)).toMatchObject({ examined_size: batches[0], verified_size: null });
    });

    it('before it began', async () => {
      await followSource(followed(site.source(rig.http)), 1000, rig.deps(), AbortSignal.abort());
      expect(readStatus(rig.store).logs).toEqual([]);
    });
  });
});

describe('followSource() over several shards', () => {
  let rekor: RunningFakeRekorV1;

  beforeEach(async () => {
    withJitter(MIDDLE);
    rekor = await startFakeRekorV1();
    site = siteV1(rekor);
    site.append(fillers(13));
  });

  /** Nobody but this test asks the log any more. */
  const expectSilence = async () => {
    const ask = () => rig.http.fetch({ url: `${rekor.url}/api/v1/log`, maxBytes: 1e6 }, NEVER);
    // Behind whatever was sent before.
    await ask();
    const { length } = rekor.requests;
    for (let times = 0; times < 20; times += 1) {
      await ask();
    }
    expect(rekor.requests).toHaveLength(length + 20);
  };

  it('takes up a shard that appears', async () => {
    const rollOver = onCall(3, () => {
      rekor.rollOver({ sameKey: true });
      rekor.append(fillers(7));
    });
    const isFollowed = () => rig.rows('SELECT 1 FROM logs WHERE verified_size = 7').length === 1;
    await waitsUntil(isFollowed, site.source(rig.http, 'head'), 1000, rollOver);
    expect(rig.rows('SELECT started_at_index, verified_size, state FROM logs ORDER BY rowid')).toEqual([
      { started_at_index: 13, verified_size: 13, state: 'frozen' },
      { started_at_index: 0, verified_size: 7, state: 'verified' },
    ]);
  });

  it('ends all its loops by a fault of our own in one of them, and passes it on', async () => {
    rekor.rollOver({ sameKey: true });
    rekor.append(fillers(7));
    const deps: FollowDeps = {
      ...rig.deps(),
      clock: systemClock,
      onProgress: ({ log }) => {
        expect(log).not.toBe(rekor.origin);
      },
    };
    await expect(followSource(followed(site.source(rig.http)), 1, deps, NEVER)).rejects.toThrow('not to be');
    await expectSilence();
  });

  it('ends all its loops by a fault of our own in asking for them, and passes it on', async () => {
    const source = site.source(rig.http);
    const fault = onCall(3, () => {
      throw new TypeError('our own');
    });
    const faulty: LogSource = {
      ...source,
      discover: async (signal) => {
        const readers = await source.discover(signal);
        fault();
        return readers;
      },
    };
    await expect(followSource(followed(faulty), 1, { ...rig.deps(), clock: systemClock }, NEVER)).rejects.toThrow(
      new TypeError('our own'),
    );
    await expectSilence();
  });

  it('passes a fault of our own on only when its other loops have ended', async () => {
    const source = site.source(rig.http);
    const isReading = new Promise<void>((resolve) => {
      site.observe('entries', () => {
        resolve();
        return 'hang';
      });
    });
    const fault = onCall(2, () => {
      throw new TypeError('our own');
    });
    const faulty: LogSource = {
      ...source,
      discover: async (signal) => {
        fault();
        return source.discover(signal);
      },
    };
    let sleeps = 0;
    const sleep: Clock['sleep'] = async () => {
      sleeps += 1;
      await isReading;
    };
    const deps: FollowDeps = { ...rig.deps(), clock: { now: () => rig.now, sleep } };
    await expect(followSource(followed(faulty), 1000, deps, NEVER)).rejects.toThrow('our own');
    const before = sleeps;
    for (let turns = 0; turns < 20; turns += 1) {
      await nextTurn();
    }
    expect(sleeps).toBe(before);
  });

  it('does not take a fault of our own for one of the log', async () => {
    const deps: FollowDeps = { ...rig.deps(), watches: [{ ...rig.watches[0], select: null } as never] };
    site.append([site.entry(certify(STRANGER))]);
    await expect(passOverSource(followed(site.source(rig.http)), deps, NEVER)).rejects.toBeInstanceOf(TypeError);
    expect(rig.alerts()).toEqual([]);
    expect(rig.log(site.origin)).toMatchObject({ last_error: null });
  });
});
