import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/log/log.ts';
import { saveGap } from '../../src/store/gaps.ts';
import { readStatus } from '../../src/store/status.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { certify, fillers, NOW, releaseAt } from '../support/actors.ts';
import { CT_SITES } from '../support/ct-sites.ts';
import { BOTH, type LogSite, type StartSite } from '../support/log-sites.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

const MINUTE = 60_000;
/** In these logs entries are served in bundles of 256, of which none is served without the others. */
const BUNDLED = ['rekor-v2', 'static-ct'];
const SITES: readonly (readonly [string, StartSite])[] = [...BOTH, ...CT_SITES];

let rig: MonitorRig;
let site: LogSite;
let source: LogSource;

afterEach(async () => {
  await rig.close();
  await site.close();
});

const poll = () => rig.poll(source);
const restart = () => {
  rig.reopen();
  source = site.source(rig.http);
};
const wait = (minutes: number) => {
  rig.now = new Date(rig.now.getTime() + minutes * MINUTE);
  site.timeIs(rig.now);
};
/** Time goes by, in which the log grows by one entry. */
const pass = (minutes: number) => {
  wait(minutes);
  site.append(fillers(1, 1000 + site.size));
};
const attack = () => site.entry(certify(releaseAt('refs/heads/hotfix')));
const gaps = () => readStatus(rig.store).gaps;
const alert = () => rig.onlyAlert('entries-withheld');
const told = () => rig.rows(`SELECT alert FROM deliveries WHERE alert = '${alert().id}'`).length;
const kinds = () =>
  rig
    .alerts()
    .map(({ kind, state }) => `${kind} ${state}`)
    .sort();

describe.each(SITES)('passOverSource() over a %s log that withholds entries', (name, start) => {
  const isBundled = BUNDLED.includes(name);
  /** The entry that is withheld, in which somebody signed, and one that follows much later. */
  const [hidden, later] = isBundled ? [300, 560] : [33, 55];
  const [from, to] = isBundled ? [256, 512] : [hidden, hidden + 1];
  const found = (index: number) => `${index} widget-release unexpected`;

  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    site.append(fillers(5));
    await poll();
    site.append([...fillers(hidden - 5, 5), attack(), ...fillers(later - hidden - 1, hidden), attack()]);
    site.append(fillers(9, later));
    site.withhold(hidden);
  });

  const outlast = async () => {
    await poll();
    pass(61);
    await poll();
  };

  it('waits for them for so long as stale_after, at the first of them', async () => {
    expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    pass(60);
    expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'unreachable', verified_size: 5, examined_size: from });
    expect(kinds()).toEqual(['unreachable open']);
    expect(gaps()).toEqual([]);
    expect(rig.verdicts()).toEqual([]);

    site.heal();
    expect(await poll()).toEqual([{ kind: 'verified', size: site.size }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'verified', last_error: null });
    expect(rig.verdicts()).toEqual([found(hidden), found(later)]);
    expect(kinds()).toEqual(['unexpected open', 'unreachable closed']);
  });

  it('tells then, steps over them and goes on', async () => {
    await poll();
    pass(61);
    expect(await poll()).toEqual([{ kind: 'verified', size: site.size }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'verified', verified_size: site.size, last_error: null });
    expect(gaps()).toEqual([{ log: site.origin, from, to, reason: 'withheld' }]);
    expect(rig.verdicts()).toEqual([found(later)]);
    expect(kinds()).toEqual(['entries-withheld open', 'unexpected open']);
    const { index, severity, summary, evidence } = alert();
    expect({ index, severity }).toEqual({ index: from, severity: 'high' });
    expect(summary).toContain(
      `signed ${isBundled ? 'entries 256 to 511' : 'entry 33'} in its tree of size ${later + 10}`,
    );
    expect(summary).toContain(`has not served ${isBundled ? 'them' : 'it'} since ${NOW.toISOString()}: Cannot `);
    expect(evidence).toMatchObject({
      kind: 'entries-withheld',
      log: site.origin,
      signed: false,
      unserved: { from, to },
    });
    expect(evidence).toMatchObject({ notes: [expect.stringContaining(`\n${later + 10}\n`)] });
  });

  it('tells of a gap once, however often it asks again', async () => {
    await outlast();
    pass(2);
    await poll();
    restart();
    site.append(fillers(10, 2000));
    pass(2);
    expect(await poll()).toEqual([{ kind: 'verified', size: site.size }]);
    expect(gaps()).toEqual([{ log: site.origin, from, to, reason: 'withheld' }]);
    expect(alert()).toMatchObject({ occurrences: 1, state: 'open' });
    expect(told()).toBe(1);
  });

  it('examines them once they are served, and tells who had signed there', async () => {
    await outlast();
    site.heal();
    pass(2);
    expect(await poll()).toEqual([{ kind: 'verified', size: site.size }]);
    expect(gaps()).toEqual([]);
    expect(rig.verdicts()).toEqual([found(hidden), found(later)]);
    expect(rig.log(site.origin).kinds).toMatchObject({
      [site.type === 'ct' ? 'certificate' : 'filler']: expect.any(Number) as number,
    });
    expect(Object.values(rig.log(site.origin).kinds).reduce((sum, count) => sum + count)).toBe(site.size);
    expect(kinds()).toEqual(['entries-withheld closed', 'unexpected open']);
    expect(rig.onlyAlert('unexpected')).toMatchObject({ occurrences: 2, lastIndex: hidden });
  });

  it('remembers across restarts since when, and closes the alert', async () => {
    await poll();
    restart();
    pass(40);
    await poll();
    expect(gaps()).toEqual([]);
    restart();
    pass(21);
    expect(await poll()).toEqual([{ kind: 'verified', size: site.size }]);
    expect(gaps()).toEqual([{ log: site.origin, from, to, reason: 'withheld' }]);
    restart();
    site.heal();
    pass(2);
    await poll();
    expect(gaps()).toEqual([]);
    expect(alert().state).toBe('closed');
  });

  it('does not count the time at which nothing could be had', async () => {
    await poll();
    site.answer('checkpoint', { status: 500, body: '' });
    for (let hour = 0; hour < 5; hour++) {
      pass(60);
      await poll();
    }
    site.heal();
    site.withhold(hidden);
    pass(1);
    expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(gaps()).toEqual([]);
    pass(60);
    expect(await poll()).toEqual([{ kind: 'verified', size: site.size }]);
    expect(alert().index).toBe(from);
  });

  it('does not count the time for which the host asked to wait', async () => {
    await poll();
    const busy = { status: 429, headers: { 'retry-after': '3000' }, body: '' };
    site.answer('entries', busy);
    for (let hour = 0; hour < 3; hour++) {
      pass(60);
      expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: expect.any(Number) as number }]);
    }
    expect(kinds()).not.toContain('entries-withheld open');
    expect(gaps()).toEqual([]);
  });

  it('asks for each again past every cache before it accuses', async () => {
    await poll();
    pass(61);
    site.endWhenFresh();
    expect(await poll()).toEqual([{ kind: 'verified', size: site.size }]);
    expect(rig.verdicts()).toEqual([found(hidden), found(later)]);
    expect(kinds()).toEqual(['unexpected open']);
  });

  it('keeps a gap for which other entries are served', async () => {
    await outlast();
    site.heal();
    site.tamperLeaf(hidden);
    pass(2);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(gaps()).toEqual([{ log: site.origin, from, to, reason: 'withheld' }]);
    expect(rig.onlyAlert('entry-mismatch')).toMatchObject({ state: 'open', log: site.origin });
    expect(rig.verdicts()).toEqual([found(later)]);

    expect(await poll()).toEqual([{ kind: 'verified', size: site.size }]);
    site.heal();
    pass(2);
    await poll();
    expect(gaps()).toEqual([]);
    expect(rig.verdicts()).toEqual([found(hidden), found(later)]);
  });

  it('accuses a log whose further entries belong to another history', async () => {
    await poll();
    site.fork(2);
    pass(61);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(kinds()).toContain('fork open');
    expect(gaps()).toEqual([]);
  });
});

describe.each(SITES)('passOverSource() over a %s log that withholds its last entries', (name, start) => {
  const isBundled = BUNDLED.includes(name);

  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    site.append([...fillers(20), attack()]);
    site.withhold(20);
    await poll();
    wait(61);
    await poll();
  });

  it('tells all the same, and goes on where it may', async () => {
    expect(alert()).toMatchObject({ state: 'open', occurrences: 1 });
    expect(rig.log(site.origin)).toMatchObject(
      isBundled ? { verified_size: 21, last_error: null } : { state: 'unreachable', examined_size: 20 },
    );
    expect(gaps()).toEqual(isBundled ? [{ log: site.origin, from: 0, to: 21, reason: 'withheld' }] : []);
    wait(2);
    await poll();
    expect(alert().occurrences).toBe(1);
  });

  it('examines them when they come', async () => {
    site.heal();
    site.append(fillers(3, 20));
    pass(2);
    expect(await poll()).toEqual([{ kind: 'verified', size: site.size }]);
    expect(rig.verdicts()).toEqual(['20 widget-release unexpected']);
    expect(gaps()).toEqual([]);
    expect(alert().state).toBe('closed');
  });
});

describe.each(SITES)('passOverSource() over a %s log of whose history a part was given up', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http, 'head');
    site.append([...fillers(280), attack(), ...fillers(20, 300)]);
    await poll();
    saveGap(rig.store, { log: site.origin, from: 250, to: 290, reason: 'contested' }, rig.now);
  });

  it('examines just that part', async () => {
    expect(gaps()).toEqual([
      { log: site.origin, from: 0, to: 301, reason: 'joined late' },
      { log: site.origin, from: 250, to: 290, reason: 'contested' },
    ]);
    pass(2);
    expect(await poll()).toEqual([{ kind: 'verified', size: 302 }]);
    expect(gaps()).toHaveLength(1);
    expect(rig.verdicts()).toEqual(['280 widget-release unexpected']);
    expect(Object.values(rig.log(site.origin).kinds).reduce((sum, count) => sum + count)).toBe(41);
  });

  it('asks for it again in a minute when it is not served', async () => {
    site.withhold(251);
    pass(2);
    expect(await poll()).toEqual([{ kind: 'verified', size: 302 }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'verified', last_error: null });
    site.heal();
    await poll();
    pass(1);
    await poll();
    expect(gaps()).toHaveLength(1);
    expect(rig.verdicts()).toEqual(['280 widget-release unexpected']);
    expect(kinds()).toEqual(['unexpected open']);
  });
});

describe.each(SITES)('passOverSource() over a %s log that signed a larger tree and shows nothing of it', (_, start) => {
  const sign = () => {
    site.signHead(90, sha256(Buffer.from('a tree that nobody sees')));
  };

  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    site.append(fillers(20));
    await poll();
    sign();
  });

  it('tells after stale_after that all of it is withheld, once, and accuses it of nothing else', async () => {
    await poll();
    expect(kinds()).toEqual([]);
    for (let turn = 0; turn < 3; turn++) {
      wait(61);
      sign();
      expect(await poll()).toEqual([expect.objectContaining({ kind: 'unavailable' })]);
    }
    expect(kinds()).toEqual(['entries-withheld open', 'unreachable open']);
    expect(alert()).toMatchObject({ index: 20, occurrences: 1 });
    expect(alert().evidence).toMatchObject({ signed: false, unserved: { from: 20, to: 90 } });
    expect(rig.log(site.origin)).toMatchObject({ state: 'unreachable', verified_size: 20 });
    expect(told()).toBe(1);
  });

  it('closes that once the log shows what follows', async () => {
    await poll();
    wait(61);
    sign();
    await poll();
    site.heal();
    site.append(fillers(10, 20));
    expect(await poll()).toEqual([{ kind: 'verified', size: 30 }]);
    expect(kinds()).toContain('entries-withheld closed');
    // What it signed stays: other entries at that size are a contradiction.
    site.append(fillers(70, 30));
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
  });
});
