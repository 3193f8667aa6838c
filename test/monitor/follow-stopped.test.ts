import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { followSource } from '../../src/monitor/follow-source.ts';
import { saveDecision } from '../../src/store/decisions.ts';
import { findLog } from '../../src/store/logs.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { fillers } from '../support/actors.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig } from '../support/monitor-rig.ts';
import { onCall } from '../support/on-call.ts';

const HOUR = 3_600_000;

let rig: MonitorRig;
let site: LogSite;

afterEach(async () => {
  await rig.close();
  await site.close();
});

const state = () => findLog(rig.store, site.origin)?.state;

/** Follows with a poll interval of an hour, by a clock on which short sleeps take no time, and gives these until `end` or until the log is verified. */
async function shortSleeps(each: () => void, end = new AbortController()): Promise<readonly number[]> {
  const sleeps: number[] = [];
  const stop = () => {
    end.abort();
  };
  const sleep: Clock['sleep'] = async (ms, signal) => {
    await nextTurn();
    const isShort = ms < HOUR / 2;
    sleeps.push(...[ms].filter(() => isShort));
    [() => {}, stop][Number(state() === 'verified')]?.();
    [() => {}, each][Number(isShort)]?.();
    await systemClock.sleep(isShort ? 0 : 2 ** 31 - 1, signal);
  };
  const deps = { ...rig.deps(), clock: { now: () => rig.now, sleep } };
  await followSource(followed(site.source(rig.http)), HOUR, deps, end.signal);
  return sleeps;
}

describe.each(BOTH)('followSource() over a stopped %s log', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    site.append(fillers(13));
    await rig.poll(site.source(rig.http));
    site.signHead(13, sha256(Buffer.from('another history')));
    await rig.poll(site.source(rig.http));
    site.heal();
  });

  it('acts within ten seconds on a decision, whatever the poll interval', async () => {
    const decide = onCall(100, () => {
      saveDecision(rig.store, { log: site.origin, by: 'alice', note: 'asked', alert: null }, rig.now);
    });
    const sleeps = await shortSleeps(decide);
    expect(state()).toBe('verified');
    expect(sleeps).toHaveLength(100);
    expect(Math.max(...sleeps)).toBeLessThan(5000);
  });

  it('asks the log itself as rarely as any other', async () => {
    const end = new AbortController();
    const stop = onCall(500, () => {
      end.abort();
    });
    const sleeps = await shortSleeps(stop, end);
    expect(sleeps).toHaveLength(500);
    expect(rig.lines.filter(({ msg }) => msg === 'log still contradicts itself')).toHaveLength(1);
    expect(state()).toBe('misbehaving');
  });
});
