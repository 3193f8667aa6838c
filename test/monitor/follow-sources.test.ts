import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { FollowDeps } from '../../src/monitor/follow-deps.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { followSources, type SourceLoops } from '../../src/monitor/follow-sources.ts';
import type { LogSource } from '../../src/log/log.ts';
import { until } from '../support/until.ts';
import { MonitorRig } from '../support/monitor-rig.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { fillers } from '../support/actors.ts';

const NONE: ReadonlySet<string> = new Set();
let rig: MonitorRig;
let deps: FollowDeps;
let sites: LogSite[];
let stop: AbortController;
let loops: SourceLoops | null;

beforeEach(() => {
  rig = new MonitorRig();
  deps = { ...rig.deps(), clock: { now: () => rig.now, sleep: (_, signal) => systemClock.sleep(1, signal) } };
  sites = [];
  stop = new AbortController();
  loops = null;
});

afterEach(async () => {
  stop.abort();
  await loops?.ended.catch(() => undefined);
  await rig.close();
  await Promise.all(sites.map((site) => site.close()));
});

describe.each(BOTH)('followSources() over %s logs', (_, startSite) => {
  const start = async (name: string): Promise<LogSite> => {
    const site = await startSite(name);
    site.append(fillers(5));
    sites.push(site);
    return site;
  };
  const follow = (...followedNow: readonly LogSource[]): SourceLoops => {
    loops = followSources(
      followedNow.map((source) => followed(source)),
      1,
      deps,
      stop.signal,
    );
    // A fault is looked for where a test expects one; else what it waits for does not come.
    loops.ended.catch(() => undefined);
    return loops;
  };
  const verified = (site: LogSite, size: number): Promise<unknown> =>
    until(
      `${site.origin} has ${size}`,
      () => rig.rows(`SELECT 1 FROM logs WHERE origin = '${site.origin}' AND verified_size = ${size}`).length === 1,
    );

  it('takes up a source that comes, and goes on with one that is not named any more', async () => {
    const [one, two] = [await start('one.test'), await start('two.test')];
    const running = follow(one.source(rig.http));
    await verified(one, 5);
    running.follow([followed(two.source(rig.http))], NONE);
    await verified(two, 5);
    one.append(fillers(3, 5));
    await verified(one, 8);
  });

  it('begins a changed source anew where it stopped, once its old loop has ended', async () => {
    const site = await start('one.test');
    const source = site.source(rig.http);
    const order: string[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const old: LogSource = {
      ...source,
      discover: async (signal) => {
        const readers = await source.discover(signal);
        signal.addEventListener('abort', () => {
          order.push('old told to end');
        });
        if (rig.rows('SELECT 1 FROM logs WHERE verified_size = 5').length === 1) {
          order.push('old hangs');
          await held;
          order.push('old ends');
        }
        return readers;
      },
    };
    const fresh = site.source(rig.http);
    const young: LogSource = {
      ...fresh,
      discover: (signal) => {
        order.push('young');
        return fresh.discover(signal);
      },
    };
    const running = follow(old);
    await until('the old loop hangs', () => order.includes('old hangs'));
    site.append(fillers(4, 5));
    running.follow([followed(young)], new Set([source.origin]));
    release();
    await verified(site, 9);
    const told = order.filter((what, position) => order.indexOf(what) === position);
    expect(told).toEqual(['old hangs', 'old told to end', 'old ends', 'young']);
    expect(rig.rows('SELECT started_at_index FROM logs')).toEqual([{ started_at_index: 0 }]);
    expect(rig.rows(`SELECT 1 FROM alerts WHERE kind = 'started'`)).toHaveLength(1);
  });

  it('leaves a source alone that is named again and did not change', async () => {
    const site = await start('one.test');
    const running = follow(site.source(rig.http));
    await verified(site, 5);
    const never: LogSource = { ...site.source(rig.http), discover: () => Promise.reject(new TypeError('our own')) };
    running.follow([followed(never)], new Set(['other.test']));
    site.append(fillers(1, 5));
    await verified(site, 6);
    stop.abort();
    await running.ended;
  });

  it('ends every loop by a fault of our own in one, and passes it on, also in one that came later', async () => {
    const site = await start('one.test');
    const running = follow(site.source(rig.http));
    await verified(site, 5);
    const faulty: LogSource = {
      ...site.source(rig.http),
      name: 'faulty',
      discover: () => Promise.reject(new TypeError('our own')),
    };
    running.follow([followed(faulty)], NONE);
    await expect(running.ended).rejects.toThrow(new TypeError('our own'));
    expect(stop.signal.aborted).toBe(false);
  });
});
