import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/log/log.ts';
import { createRekorV1Source } from '../../src/log/rekor-v1/reader.ts';
import { hashedRekordV1 } from '../../src/demo/entries.ts';
import { readStatus } from '../../src/store/status.ts';
import { RETRIEVE, startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { certify, fillers, releaseAt } from '../support/actors.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

const MINUTE = 60_000;

let rig: MonitorRig;
let rekor: RunningFakeRekorV1;
let source: LogSource;

const restart = () => {
  rig.reopen();
  source = createRekorV1Source(
    { name: 'rekor', url: rekor.url, origin: rekor.host, keys: rekor.keys, start: 'genesis' },
    rig.http,
  );
};
const poll = () => rig.poll(source);
const pass = (minutes: number) => {
  rig.now = new Date(rig.now.getTime() + minutes * MINUTE);
  rekor.append(fillers(1, 10_000 + rekor.active.size));
};
const attack = () => hashedRekordV1({ ...certify(releaseAt('refs/heads/hotfix')), artifact: Buffer.from('widget') });
const gaps = () => readStatus(rig.store).gaps.map(({ from, to }) => [from, to]);
const rows = () => rig.rows('SELECT from_index, to_index FROM gaps ORDER BY from_index');
const examined = () => rig.log(rekor.origin).examined_size;
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, place) => from + place);

beforeEach(async () => {
  rig = new MonitorRig({ timeoutMs: 300 });
  rekor = await startFakeRekorV1();
  restart();
});

afterEach(async () => {
  await rig.close();
  await rekor.close();
});

describe('passOverSource() over a Rekor v1 log that withholds entries', () => {
  it('finds the one that spoils the answer for all that are asked for with it', async () => {
    rekor.append([...fillers(33), attack(), ...fillers(20, 33)]);
    rekor.spoil(33);
    await poll();
    expect(examined()).toBe(33);
    restart();
    pass(61);
    expect(await poll()).toEqual([{ kind: 'verified', size: rekor.active.size }]);
    expect(gaps()).toEqual([[33, 34]]);
    expect(rig.onlyAlert('entries-withheld').summary).toContain('signed entry 33 in its tree of size 54');

    rekor.heal();
    pass(2);
    await poll();
    expect(gaps()).toEqual([]);
    expect(rig.verdicts()).toEqual(['33 widget-release unexpected']);
  });

  it('finds the one that is never answered, and accuses of none beside it', async () => {
    rekor.append(fillers(50));
    rekor.spoil(33, 'hang');
    await poll();
    expect(examined()).toBe(30);
    await poll();
    expect(examined()).toBe(33);
    pass(61);
    expect(await poll()).toEqual([{ kind: 'verified', size: rekor.active.size }]);
    expect(gaps()).toEqual([[33, 34]]);
  });

  it('takes what was missing together for one gap, and each by itself when it is served', async () => {
    rekor.append(fillers(50));
    rekor.omit(30, 31, 32);
    await poll();
    pass(61);
    await poll();
    expect(gaps()).toEqual([[30, 33]]);
    rekor.heal();
    rekor.omit(30, 32);
    pass(2);
    await poll();
    pass(2);
    await poll();
    expect(gaps()).toEqual([
      [30, 31],
      [32, 33],
    ]);
    rekor.heal();
    rekor.omit(30);
    pass(2);
    await poll();
    pass(2);
    await poll();
    expect(gaps()).toEqual([[30, 31]]);
    expect(rig.onlyAlert('entries-withheld')).toMatchObject({ state: 'open', occurrences: 1 });
    rekor.heal();
    pass(2);
    await poll();
    expect(gaps()).toEqual([]);
    expect(rig.log(rekor.origin).kinds).toEqual({ filler: rekor.active.size });
    expect(rig.onlyAlert('entries-withheld').state).toBe('closed');
  });

  it('does not wait anew for each hole, and has one alert for all', async () => {
    rekor.append(fillers(60));
    rekor.omit(12, 41);
    await poll();
    pass(61);
    const asked = () => rekor.cacheControls.filter((value) => value === 'no-cache').length;
    const before = asked();
    expect(await poll()).toEqual([{ kind: 'verified', size: 61 }]);
    expect(gaps()).toEqual([
      [12, 13],
      [41, 42],
    ]);
    // Each of them by itself and past every cache.
    expect(asked() - before).toBeGreaterThanOrEqual(2);
    expect(rig.onlyAlert('entries-withheld')).toMatchObject({ index: 12, lastIndex: 41, occurrences: 2 });
    expect(rig.rows(`SELECT alert FROM deliveries WHERE group_key LIKE 'log/%'`)).toHaveLength(1);
  });

  it.each([
    [
      'was signed lately',
      () => {
        rekor.omit(12, 65);
      },
    ],
    [
      'the server is out of order for',
      () => {
        rekor.omit(12);
        rekor.spoil(65, { status: 503, body: '' });
      },
    ],
  ])('waits for an entry that %s, also behind a hole', async (_, hide) => {
    rekor.append(fillers(60));
    hide();
    await poll();
    rig.now = new Date(rig.now.getTime() + 61 * MINUTE);
    await poll();
    rekor.append(fillers(10, 60));
    expect(await poll()).toMatchObject([{ kind: 'unavailable' }]);
    expect(gaps()).toEqual([[12, 13]]);
  });

  it('steps over a hole of hundreds of entries', async () => {
    rekor.append(fillers(600));
    rekor.omit(...numbers(35, 391));
    await poll();
    pass(61);
    const before = rekor.countRequests(RETRIEVE);
    expect(await poll()).toEqual([{ kind: 'verified', size: rekor.active.size }]);
    expect(gaps()).toEqual([[35, 391]]);
    expect(rekor.countRequests(RETRIEVE) - before).toBeLessThan(70);
    rekor.heal();
    pass(2);
    await poll();
    expect(gaps()).toEqual([]);
    expect(rig.log(rekor.origin).kinds).toEqual({ filler: rekor.active.size });
  });

  it('steps over its first entry, and over one that a restart needs to find the others by', async () => {
    rekor.append(fillers(30));
    rekor.omit(0);
    await poll();
    expect(rig.log(rekor.origin).last_error).toBe(
      `Cannot read entry 0 of "${rekor.origin}": the log left out global index 0`,
    );
    restart();
    pass(61);
    expect(await poll()).toEqual([{ kind: 'verified', size: rekor.active.size }]);
    expect(gaps()).toEqual([[0, 1]]);
  });

  it('goes on behind its last entry once the log has grown', async () => {
    rekor.append(fillers(30));
    rekor.omit(29);
    await poll();
    rig.now = new Date(rig.now.getTime() + 61 * MINUTE);
    expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(rig.onlyAlert('entries-withheld')).toMatchObject({ index: 29, occurrences: 1 });
    pass(1);
    expect(await poll()).toEqual([{ kind: 'verified', size: 31 }]);
    expect(gaps()).toEqual([[29, 30]]);
    expect(rig.onlyAlert('entries-withheld').occurrences).toBe(1);
  });

  it('asks for a gap at a bounded pace, and for one after the other', async () => {
    rekor.append(fillers(60));
    rekor.omit(12);
    await poll();
    pass(61);
    await poll();
    const asked = () => rekor.retrievals.filter((indexes) => indexes.includes(12)).length;
    pass(2);
    await poll();
    const before = asked();
    await poll();
    await poll();
    expect(asked()).toBe(before);
    expect(rows()).toEqual([{ from_index: 12, to_index: 13 }]);
  });

  it('goes on from the gap when the process ends just after it was noted', async () => {
    rekor.append(fillers(60));
    rekor.omit(12);
    await poll();
    pass(61);
    rekor.before((asked) => (RETRIEVE.test(asked) && gaps().length > 0 ? { status: 500, body: '' } : null));
    await poll();
    expect([gaps(), examined()]).toEqual([[[12, 13]], 13]);
    rekor.heal();
    rekor.omit(12);
    restart();
    expect(await poll()).toEqual([{ kind: 'verified', size: rekor.active.size }]);
    expect(gaps()).toEqual([[12, 13]]);
    expect(rig.onlyAlert('entries-withheld').occurrences).toBe(1);
  });
});
