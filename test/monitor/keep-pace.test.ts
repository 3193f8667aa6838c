import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FollowDeps } from '../../src/monitor/follow-deps.ts';
import { followed, type FollowedSource } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { fillers } from '../support/actors.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';

const BATCH = { 'rekor-v2': 256, 'rekor-v1': 10 } as const;
const MINUTE = 60_000;

let rig: MonitorRig;
let site: LogSite;
/** What happens behind each batch. */
let meanwhile: () => void;

afterEach(async () => {
  await rig.close();
  await site.close();
});

function pass(minutes: number): void {
  rig.now = new Date(rig.now.getTime() + minutes * MINUTE);
}

async function poll(differing: Partial<FollowedSource> = {}, signal = NEVER) {
  const real = rig.deps();
  const deps: FollowDeps = {
    ...real,
    onProgress: (progress) => {
      real.onProgress(progress);
      meanwhile();
    },
  };
  return passOverSource(followed(site.source(rig.http), differing), deps, signal);
}

const status = () => rig.log(site.origin);
const backlog = () => rig.alerts().filter(({ kind }) => kind === 'backlog');

describe.each(BOTH)('a catch-up with a %s log that takes long', (type, start) => {
  const batch = BATCH[type];

  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    meanwhile = () => undefined;
    site.append(fillers(4 * batch));
  });

  it('says how fast the log is read', async () => {
    expect(status).toThrow('is not known');
    const seen: (number | null)[] = [];
    meanwhile = () => {
      seen.push(status().rate);
      pass(1);
    };
    await poll();
    expect(seen).toEqual([null, batch / 60, batch / 60, batch / 60]);
    expect(status()).toMatchObject({ rate: batch / 60, behind_since: null });
  });

  it('measures nothing that takes less than some seconds', async () => {
    meanwhile = () => {
      rig.now = new Date(rig.now.getTime() + 1000);
    };
    await poll();
    expect(status().rate).toBeNull();
  });

  it('looks at the checkpoint every minute: how far behind it is, and that the log lives, shows meanwhile', async () => {
    const [size, sizes] = [site.size, [] as (number | null)[]];
    meanwhile = () => {
      site.append(fillers(5, site.size));
      pass(1);
      sizes.push(status().seen_size);
    };
    await poll();
    expect(sizes.slice(0, 3)).toEqual([size, size + 5, size + 10]);
    expect(status()).toMatchObject({ state: 'verified', verified_size: size, seen_size: size + 15, lag: 15 });
    expect(status().behind_since).not.toBeNull();
    expect(status().growth).toBeCloseTo(5 / 60, 5);
    expect(rig.alerts()).toEqual([]);
  });

  it('goes on when the checkpoint cannot be had meanwhile', async () => {
    meanwhile = () => {
      pass(1);
      site.answer('checkpoint', { status: 500, body: '' });
    };
    expect(await poll()).toEqual([{ kind: 'verified', size: 4 * batch }]);
  });

  it('stops at a contradiction that is shown meanwhile', async () => {
    meanwhile = () => {
      pass(1);
      site.fork(1);
    };
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert('fork').evidence).toMatchObject({ signed: true });
    expect(status()).toMatchObject({ state: 'misbehaving', verified_size: null });
  });

  it('counts an interruption as time in which nothing was read', async () => {
    const stop = new AbortController();
    let batches = 0;
    meanwhile = () => {
      batches += 1;
      pass(1);
      if (batches === 2) stop.abort();
    };
    await poll({}, stop.signal);
    expect(status().rate).toBe(batch / 60);
    pass(5);
    await poll();
    expect(status().rate).toBeLessThan(batch / 60);
  });

  it('tells a backlog once when the log grows faster than it is read, and no more when it has caught up', async () => {
    meanwhile = () => {
      site.append(fillers(2 * batch, site.size));
      pass(25);
    };
    await poll();
    expect(backlog()).toMatchObject([{ state: 'open', occurrences: 1, class: 'operational', severity: 'high' }]);
    expect(backlog()[0]?.title).toBe(`${site.origin}: grows faster than it is read`);
    await poll();
    expect(backlog()).toMatchObject([{ state: 'open', occurrences: 1 }]);

    meanwhile = () => undefined;
    await poll();
    await poll();
    expect(backlog()).toMatchObject([{ state: 'closed', occurrences: 1 }]);
    expect(status()).toMatchObject({ lag: 0, behind_since: null });
  });

  it.each([
    ['the log grows more slowly', {}, 1, 25],
    ['it is not behind for so long', {}, 2 * batch, 5],
    ['it may be behind for ever', { staleAfterMs: null }, 2 * batch, 25],
  ])('tells nobody when %s', async (_, differing, entries, minutes) => {
    meanwhile = () => {
      site.append(fillers(entries, site.size));
      pass(minutes);
    };
    await poll(differing);
    expect(backlog()).toEqual([]);
  });
});
