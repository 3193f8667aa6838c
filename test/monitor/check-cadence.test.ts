import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/lib/clock.ts';
import type { LogSource } from '../../src/log/log.ts';
import { checkCadence, keepCadence } from '../../src/monitor/check-cadence.ts';
import type { FollowDeps } from '../../src/monitor/follow-deps.ts';
import { followed, type FollowedShard } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { judgeByNewTrust } from '../../src/monitor/judge-again.ts';
import { loadWatches } from '../../src/monitor/load-watches.ts';
import type { ChainVerdict, Watch } from '../../src/policy/watch.ts';
import { closeAlert } from '../../src/store/alerts.ts';
import { startFakeLog, type RunningFakeLog } from '../fakes/fake-log.ts';
import { startFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { authority, certify, fillers, forger, NOW, releaseAt } from '../support/actors.ts';
import { CT_SITES } from '../support/ct-sites.ts';
import { BOTH, siteV1, siteV2, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER, releaseWatch } from '../support/monitor-rig.ts';

const DAY = 86_400_000;
const TAG = 'refs/tags/v1.0.0';
const KEY = 'identity/widget-release/missing';

const day = (days: number) => new Date(NOW.getTime() + days * DAY);
const awaiting = (differing: Partial<Watch> = {}) => releaseWatch({ cadenceMs: 30 * DAY, ...differing });

/** An entry signed by the release workflow on that day. */
function release(site: LogSite, days: number, ref = TAG, by = authority): Buffer {
  return site.entry(certify({ ...releaseAt(ref), notBefore: day(days) }, by), `widget of day ${days}`);
}

let rig: MonitorRig;
let site: LogSite;
let source: LogSource;

beforeEach(() => {
  rig = new MonitorRig();
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

async function begin(start: () => Promise<LogSite>): Promise<void> {
  site = await start();
  site.append(fillers(3));
  source = site.source(rig.http);
  load(awaiting());
}

/** Puts these watches in force, instead of all others. */
function load(...watches: readonly Watch[]): void {
  rig.watches = watches;
  rig.store.transaction(() => loadWatches(rig.store, watches, rig.now));
}

/** It is that day: every log is polled, and it is looked what is missing. */
async function on(days: number): Promise<void> {
  rig.now = day(days);
  await rig.poll(source);
  checkCadence(rig.deps());
}

/** Kind, state and occurrences of each alert, the oldest first; those about the operation left out. */
const alerts = () =>
  rig
    .alerts()
    .filter((alert) => alert.class !== 'operational')
    .map(({ kind, state, occurrences }) => `${kind} ${state} ${occurrences}`);
const told = () =>
  rig
    .rows<{ event: string }>(
      `SELECT d.event FROM deliveries AS d JOIN alerts AS a ON a.id = d.alert WHERE a.kind = 'missing' ORDER BY d.id`,
    )
    .map(({ event }) => event);

describe.each(BOTH)('what is missing in a %s log', (_, start) => {
  beforeEach(() => begin(start));

  it('is told once for each silence, from the last expected entry, and closes when one is seen', async () => {
    site.append([release(site, 2)]);
    await on(2);
    await on(31.99);
    expect(alerts()).toEqual([]);
    await on(33);
    await on(34);
    expect(alerts()).toEqual(['missing open 1']);
    expect(rig.onlyAlert('missing')).toMatchObject({
      class: 'identity',
      severity: 'critical',
      watch: 'widget-release',
      title: 'widget-release: no expected signature for 31 days',
      log: null,
      index: null,
      dedupeKey: KEY,
      summary: expect.stringContaining(
        `The last one was entry 3 of ${site.origin}, at ${day(2).toISOString()}.`,
      ) as string,
    });
    expect(told()).toEqual(['opened']);

    site.append([release(site, 40)]);
    await on(40);
    expect(alerts()).toEqual(['missing closed 1']);
    await on(69);
    expect(alerts()).toEqual(['missing closed 1']);
    await on(70);
    await on(90);
    expect(alerts()).toEqual(['missing open 2']);
    expect(rig.onlyAlert('missing').summary).toContain(`entry 4 of ${site.origin}, at ${day(40).toISOString()}`);
    expect(told()).toEqual(['opened', 'reopened']);
  });

  it('runs from when the watch was loaded where nothing was ever expected', async () => {
    await on(1);
    await on(29.9);
    expect(alerts()).toEqual([]);
    await on(30);
    expect(rig.onlyAlert('missing').summary).toContain(
      `None was seen since this watch is in force, ${NOW.toISOString()}.`,
    );
  });

  it('runs from the time of the entry, not from when it was read', async () => {
    site.append([release(site, -40)]);
    await on(0);
    expect(rig.onlyAlert('missing')).toMatchObject({ title: 'widget-release: no expected signature for 40 days' });
  });

  it('is not ended by what is unexpected or forged', async () => {
    site.append([release(site, 20, 'refs/heads/evil'), release(site, 20, TAG, forger)]);
    await on(20);
    await on(30);
    expect(alerts()).toContain('missing open 1');
  });

  it('stands still while the log cannot be read, or is behind, and then goes by what it holds', async () => {
    await on(10);
    site.answer('checkpoint', { status: 503, body: '' });
    site.append([release(site, 29)]);
    await on(35);
    site.heal();
    site.answer('entries', { status: 503, body: '' });
    await on(36);
    expect(alerts()).toEqual([]);
    site.heal();
    await on(37);
    await on(58.9);
    expect(alerts()).toEqual([]);
    await on(59);
    expect(alerts()).toContain('missing open 1');
  });

  it('stands still while the log misbehaves', async () => {
    await on(10);
    site.badSignature();
    await on(35);
    expect(alerts()).toEqual(['bad-signature open 1']);
  });

  it('goes on in a log that is only quiet: whoever signs nothing makes no log grow', async () => {
    await on(1);
    await on(31);
    expect(rig.log(site.origin).state).toBe('stalled');
    expect(alerts()).toEqual(['missing open 1']);
  });

  it('stays closed by an operator until the silence is another', async () => {
    await on(31);
    closeAlert(rig.store, KEY);
    await on(90);
    expect(alerts()).toContain('missing closed 1');
    site.append([release(site, 91)]);
    await on(91);
    await on(121);
    expect(alerts()).toContain('missing open 2');
  });

  it('is told anew with what is known now where an entry is seen that is overdue itself', async () => {
    await on(60);
    site.append([release(site, 20)]);
    rig.now = day(60);
    await rig.poll(source);
    expect(alerts()).toContain('missing closed 1');
    await on(60);
    expect(alerts()).toContain('missing open 2');
    expect(rig.onlyAlert('missing').title).toBe('widget-release: no expected signature for 40 days');
  });
});

describe('who awaits something', () => {
  beforeEach(() => begin(async () => siteV2(await startFakeLog())));

  it('is every watch by itself, and one without expect awaits whatever it selects', async () => {
    load(awaiting(), awaiting({ name: 'observing', expect: null }), releaseWatch({ name: 'patient' }));
    site.append([release(site, 10, 'refs/heads/main')]);
    await on(10);
    await on(30);
    expect(
      rig
        .alerts()
        .filter(({ kind }) => kind === 'missing')
        .map(({ watch }) => watch),
    ).toEqual(['widget-release']);
    await on(40);
    expect(
      rig
        .alerts()
        .filter(({ kind }) => kind === 'missing')
        .map(({ watch }) => watch),
    ).toEqual(['widget-release', 'observing']);
  });

  it('is told of by the last entry also where it begins to await later', async () => {
    load(releaseWatch());
    site.append([release(site, 5)]);
    await on(5);
    await on(40);
    expect(alerts()).toEqual([]);
    load(awaiting());
    await on(41);
    expect(rig.onlyAlert('missing').title).toBe('widget-release: no expected signature for 36 days');
  });

  it.each([
    ['the watch', releaseWatch({ name: 'other' })],
    ['its cadence', releaseWatch()],
  ])('is not told of any more when %s is gone from the configuration', async (_, instead) => {
    await on(31);
    load(instead);
    expect(alerts()).toContain('missing closed 1');
    await on(32);
    expect(alerts()).toContain('missing closed 1');
    load(awaiting());
    expect(rig.rows('SELECT told_as FROM cadences')).toEqual([{ told_as: null }]);
  });

  it('waits anew when it was gone and is back: nobody looked in the meantime', async () => {
    site.append([release(site, 0)]);
    await on(1);
    load();
    await on(20);
    load(awaiting());
    await on(49);
    expect(alerts()).not.toContain('missing open 1');
    await on(50);
    expect(rig.onlyAlert('missing').summary).toContain(
      `None was seen since this watch is in force, ${day(20).toISOString()}`,
    );
  });

  it('is left alone when its cadence is longer now', async () => {
    await on(31);
    load(awaiting({ cadenceMs: 90 * DAY }));
    await on(32);
    expect(alerts()).toContain('missing closed 1');
    await on(90);
    expect(alerts()).toContain('missing open 2');
  });

  it('is not told of by certificates that a CT log holds', async () => {
    const [[, startCt]] = CT_SITES;
    const ct = await startCt();
    try {
      const issued = authority.issueLogged({ ...releaseAt(TAG), notBefore: day(20) });
      ct.append([ct.announce(issued), ct.certified(issued)]);
      ct.timeIs(day(20));
      rig.now = day(20);
      await rig.poll(ct.source(rig.http));
      expect(rig.verdicts()).toEqual(['0 widget-release expected', '1 widget-release expected']);
    } finally {
      await ct.close();
    }
    await on(30);
    expect(alerts()).toContain('missing open 1');
  });

  it('is judged again: what was unverifiable ends the silence once it is expected', async () => {
    let chain: ChainVerdict = 'unknown';
    const deps = (): FollowDeps => {
      const given = rig.deps();
      return { ...given, judging: { ...given.judging, chainOf: () => chain } };
    };
    site.append([release(site, 25)]);
    rig.now = day(31);
    await passOverSource(followed(source), deps(), NEVER);
    checkCadence(deps());
    expect(alerts()).toEqual(['unverifiable open 1', 'missing open 1']);
    chain = 'trusted';
    await judgeByNewTrust(deps(), NEVER);
    checkCadence(deps());
    expect(alerts()).toEqual(['unverifiable closed 1', 'missing closed 1']);
  });
});

describe('a silence over several logs', () => {
  let log: RunningFakeLog;

  beforeEach(async () => {
    log = await startFakeLog();
    await begin(() => Promise.resolve(siteV2(log)));
  });

  it('stands still while one of them cannot be read, though the others can', async () => {
    const other = siteV2(await startFakeLog('other.test'));
    try {
      other.append(fillers(2));
      const second = other.source(rig.http);
      await rig.poll(second);
      await on(31);
      expect(alerts()).toEqual([]);
      other.append([release(other, 3)]);
      await rig.poll(second);
      await on(32);
      expect(alerts()).toEqual([]);
      rig.now = day(33);
      await rig.poll(second);
      await on(33);
      expect(alerts()).toContain('missing open 1');
    } finally {
      await other.close();
    }
  });

  it('does not wait for one that ended', async () => {
    await on(1);
    const young = siteV2(await startFakeLog('young.test'));
    try {
      log.freeze();
      await on(2);
      young.append(fillers(1));
      rig.now = day(31);
      await rig.poll(young.source(rig.http));
      checkCadence(rig.deps());
      expect(alerts()).toContain('missing open 1');
    } finally {
      await young.close();
    }
  });

  it('does not wait for a shard that is left out', async () => {
    const rekor = await startFakeRekorV1();
    try {
      rekor.append(fillers(13));
      rekor.rollOver({ sameKey: true });
      rekor.append(fillers(7));
      const young = rekor.active.origin;
      const poll = (shards: Readonly<Record<string, FollowedShard>>) =>
        passOverSource(
          followed(siteV1(rekor).source(rig.http, 'head'), { shards: new Map(Object.entries(shards)) }),
          rig.deps(),
          NEVER,
        );
      await poll({});
      await on(31);
      expect(alerts()).not.toContain('missing open 1');
      await poll({ [young]: { enabled: false } });
      checkCadence(rig.deps());
      expect(alerts()).toContain('missing open 1');
    } finally {
      await rekor.close();
    }
  });
});

describe('a watch in audit mode', () => {
  beforeEach(() => begin(async () => siteV2(await startFakeLog())));

  const written = () => rig.rows('SELECT kind, occurrences FROM audit_alerts ORDER BY kind');

  it('only writes down what is missing, once for each silence, and tells it when it is put in force', async () => {
    load(awaiting({ mode: 'audit' }));
    await on(31);
    await on(32);
    expect(alerts()).toEqual([]);
    expect(written()).toEqual([{ kind: 'missing', occurrences: 1 }]);
    site.append([release(site, 33)]);
    await on(33);
    await on(64);
    await on(65);
    expect(written()).toEqual([{ kind: 'missing', occurrences: 2 }]);
    load(awaiting());
    await on(66);
    expect(alerts()).toContain('missing open 1');
    expect(written()).toEqual([{ kind: 'missing', occurrences: 2 }]);
    load(awaiting({ mode: 'audit' }));
    await on(67);
    expect(written()).toEqual([{ kind: 'missing', occurrences: 2 }]);
  });
});

describe('a clock that is set', () => {
  beforeEach(() => begin(async () => siteV2(await startFakeLog())));

  it('back makes no silence longer, and tells nothing', async () => {
    site.append([release(site, 2)]);
    await on(2);
    await on(-4000);
    await on(3);
    await on(31.9);
    expect(alerts()).toEqual([]);
    await on(32);
    expect(alerts()).toContain('missing open 1');
  });

  it('ahead and back again does not make a silence of years, nor one that never ends', async () => {
    // Loaded, and read, by a clock that was a year ahead.
    rig.now = day(365);
    load(awaiting({ name: 'young' }), awaiting());
    await on(365);
    expect(alerts()).toEqual(['missing open 1']);
    await on(1);
    expect(alerts()).toEqual(['missing closed 1']);
    await on(30);
    await on(31);
    expect(
      rig
        .alerts()
        .filter(({ state }) => state === 'open')
        .map(({ watch }) => watch),
    ).toContain('young');
  });
});

describe('keepCadence()', () => {
  it('looks at once, and every minute until it is to end', async () => {
    await begin(async () => siteV2(await startFakeLog()));
    await on(29.9999);
    rig.now = day(30);
    const end = new AbortController();
    const waits: number[] = [];
    const clock: Clock = {
      now: () => rig.now,
      sleep: async (ms) => {
        waits.push(ms);
        if (waits.length === 1) {
          expect(alerts()).not.toContain('missing open 1');
          await rig.poll(source);
        } else {
          end.abort();
        }
      },
    };
    await keepCadence({ ...rig.deps(), clock }, end.signal);
    expect(waits).toEqual([60_000, 60_000]);
    expect(alerts()).toContain('missing open 1');
    await keepCadence({ ...rig.deps(), clock }, end.signal);
    expect(waits).toHaveLength(2);
  });
});
