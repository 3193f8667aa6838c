import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Watch } from '../../src/policy/watch.ts';
import { closeAlert, findAlert } from '../../src/store/alerts.ts';
import { authority, fillers, fingerprintOf, NOW, releaseAt, REPOSITORY, type Certified } from '../support/actors.ts';
import { CT_SITES, type CtSite } from '../support/ct-sites.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { Death, mortalStore } from '../support/mortal-store.ts';
import { MonitorRig, releaseWatch, rule } from '../support/monitor-rig.ts';
import { released } from '../support/releases.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

let rig: MonitorRig;
let site: LogSite;

const bursting = (over: number | 'auto', differing: Partial<Watch> = {}): Watch =>
  releaseWatch({ burst: { perMs: 10 * MINUTE, over }, ...differing });

const after = (ms: number): Date => new Date(NOW.getTime() + ms);

/** Reads entries by these signers, at the time of the last of them. */
const log = async (...signers: readonly Certified[]): Promise<void> => {
  site.append(signers.map((signer, place) => site.entry(signer, `artifact ${site.size + place}`)));
  await rig.poll(site.source(rig.http));
};

/** So many packages of one run; `at`: how long after NOW. */
const run = (count: number, at = 0, name = `run at ${at}`): readonly Certified[] => {
  const signer = released({ at: after(at), claims: { run: `${REPOSITORY}/actions/runs/${name}` } });
  return Array.from({ length: count }, () => signer);
};

const alerts = (): readonly string[] =>
  rig.alerts().map(({ kind, index, lastIndex, occurrences }) => `${kind} ${index}..${lastIndex} ${occurrences}`);

describe.each(BOTH)('burst in a %s log', (type, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    rig.watches = [bursting(20)];
    site = await start();
    site.append(fillers(2));
  });

  afterEach(async () => {
    await rig.close();
    await site.close();
  });

  it('tells a flood once, counts what follows, and keeps the proof of the entry that made it', async () => {
    await log(...run(20));
    expect(alerts()).toEqual([]);
    await log(...run(1));
    expect(alerts()).toEqual(['burst 22..22 1']);
    await log(...run(30));
    expect(alerts()).toEqual(['burst 22..52 31']);
    const alert = rig.onlyAlert('burst');
    expect(findAlert(rig.store, alert.id)?.evidence).toMatchObject({ kind: 'inclusion', leaf: { index: 22 } });
    expect(rig.rows(`SELECT alert FROM v_history WHERE "index" IN (21, 22, 52) ORDER BY "index"`)).toEqual([
      { alert: null },
      { alert: alert.id },
      { alert: alert.id },
    ]);
    // One message.
    expect(rig.rows(`SELECT event FROM deliveries WHERE alert = '${alert.id}'`)).toEqual([{ event: 'opened' }]);
  });

  it('tells a later one by itself', async () => {
    await log(...run(21));
    rig.now = after(DAY);
    await log(...run(21, DAY));
    expect(rig.alerts().map(({ dedupeKey }) => dedupeKey)).toEqual([
      'identity/widget-release/burst/2026-11-21T12:00:00.000Z',
      'identity/widget-release/burst/2026-11-22T12:00:00.000Z',
    ]);
  });

  it('opens again, with what is known by then, where it goes on after it was closed', async () => {
    await log(...run(21));
    closeAlert(rig.store, rig.onlyAlert('burst').dedupeKey);
    await log(...run(1, 0, 'another'));
    expect(rig.onlyAlert('burst')).toMatchObject({ state: 'open', occurrences: 2 });
    expect(rig.onlyAlert('burst').summary).toContain('actions/runs/another (1)');
  });

  it('counts an envelope of two signers once', async () => {
    rig.watches = [bursting(2)];
    const pair = [released(), released({ ref: 'refs/tags/v2' })] as const;
    site.append([site.envelope(pair, '{"a":1}'), site.envelope(pair, '{"a":2}')]);
    await rig.poll(site.source(rig.http));
    expect(rig.verdicts()).toHaveLength(4);
    expect(alerts()).toEqual([]);
  });

  it('counts what the watch saw before it had a burst', async () => {
    rig.watches = [bursting(20, { burst: null })];
    await log(...run(15));
    rig.watches = [bursting(20)];
    rig.reopen();
    await log(...run(6));
    expect(alerts()).toEqual(['burst 22..22 1']);
  });

  it('counts what it saw while it had none', async () => {
    await log(...run(5));
    rig.watches = [bursting(20, { burst: null })];
    await log(...run(10));
    rig.watches = [bursting(20)];
    await log(...run(6));
    expect(alerts()).toEqual(['burst 22..22 1']);
  });

  it('knows what is usual from the history, and tells what is not', async () => {
    rig.watches = [bursting('auto', { burst: null })];
    for (let day = 0; day < 12; day += 1) {
      rig.now = after(day * DAY);
      await log(...run(2, day * DAY));
    }
    rig.watches = [bursting('auto')];
    rig.now = after(12 * DAY);
    await log(...run(10, 12 * DAY));
    expect(alerts()).toEqual([]);
    rig.now = after(13 * DAY);
    await log(...run(21, 13 * DAY));
    expect(alerts()).toEqual(['burst 56..56 1']);
    expect(rig.onlyAlert().summary).toContain(
      'Before, there were at most 10 in such a time (34 entries since 2026-11-21T12:00:00.000Z).',
    );
  });

  it('tells nobody of a watch in audit mode, and writes down how often it would have', async () => {
    rig.watches = [bursting(20, { mode: 'audit' })];
    await log(...run(25));
    expect(alerts()).toEqual([]);
    expect(rig.rows('SELECT kind, idx, occurrences FROM audit_alerts')).toEqual([
      { kind: 'burst', idx: 22, occurrences: 5 },
    ]);
  });

  it('says all that is known of a burst that goes on when the watch is put in force, or made graver', async () => {
    rig.watches = [bursting(20, { mode: 'audit' })];
    await log(...run(24), released({ at: NOW, ref: 'refs/heads/evil' }));
    rig.watches = [bursting(20)];
    await log(...run(1));
    const summary = (): string => rig.onlyAlert('burst').summary;
    expect(summary()).toContain('Among the entries are 1 unexpected ones');
    expect(summary()).toContain('Runs: ');
    rig.watches = [bursting(20, { severity: 'high' })];
    closeAlert(rig.store, rig.onlyAlert('burst').dedupeKey);
    await log(...run(1));
    rig.watches = [bursting(20, { severity: 'critical' })];
    await log(...run(1));
    expect(rig.onlyAlert('burst').severity).toBe('critical');
    expect(summary()).not.toContain('Identity holds');
  });

  it('does not take what is caught up with for a burst where nobody says when it was made', async () => {
    const key = released();
    const { privateKey } = key;
    rig.watches = [bursting(20, { select: [[rule('key', fingerprintOf(key))]], expect: null })];
    const byKey = (count: number): readonly Buffer[] =>
      Array.from({ length: count }, (_, place) => site.entry({ privateKey }, `${site.size + place}`));
    site.append(byKey(30));
    await rig.poll(site.source(rig.http));
    // Rekor v1 says when it took each entry.
    expect(alerts()).toEqual(type === 'rekor-v1' ? ['burst 22..31 10'] : []);
    rig.now = after(5 * MINUTE);
    site.append(byKey(21));
    await rig.poll(site.source(rig.http));
    expect(alerts()).toEqual(type === 'rekor-v1' ? ['burst 22..52 31'] : ['burst 52..52 1']);
  });

  it('finds the same, when the process dies before or after it wrote what it found', async () => {
    rig.watches = [bursting('auto', { firstSeen: ['run'] }), bursting(6, { name: 'fixed' })];
    const leaves = [...run(3), ...run(4, 1000), ...run(3, 2000)].map((signer, place) => site.entry(signer, `${place}`));
    const { watches } = rig;
    site.append(leaves);
    const outcome = () => ({
      ...rig.outcome(),
      counted: rig.rows('SELECT * FROM burst_entries ORDER BY watch, log, idx'),
      bursts: rig.rows('SELECT * FROM bursts ORDER BY watch, start'),
      norms: rig.rows('SELECT * FROM burst_norms ORDER BY watch, midnight'),
    });
    await rig.poll(site.source(rig.http));
    const expected = outcome();
    expect(expected.counted).toHaveLength(20);
    expect(expected.bursts).toHaveLength(1);
    for (const moment of ['before', 'after'] as const) {
      await rig.close();
      rig = new MonitorRig();
      rig.watches = watches;
      const dying = mortalStore(rig.store, ({ sql }) => (sql.includes('INTO burst_entries') ? moment : null));
      await expect(rig.poll(site.source(rig.http), dying)).rejects.toThrow(Death);
      rig.reopen();
      await rig.poll(site.source(rig.http));
      expect({ moment, outcome: outcome() }).toEqual({ moment, outcome: expected });
    }
  });
});

describe.each(CT_SITES)('burst in a CT log, %s', (_, start) => {
  let ct: CtSite;

  beforeEach(async () => {
    rig = new MonitorRig();
    ct = await start();
    ct.log.headTime = NOW.getTime();
  });

  afterEach(async () => {
    await rig.close();
    await ct.close();
  });

  it('counts no certificates, which Rekor has as signatures', async () => {
    rig.watches = [bursting(2, { expect: null, firstSeen: ['source_ref'] })];
    const issued = Array.from({ length: 5 }, () => authority.issueLogged(releaseAt('refs/tags/v1')));
    ct.append(issued.flatMap((one) => [ct.announce(one), ct.certified(one)]));
    await rig.poll(ct.source(rig.http));
    expect(rig.verdicts()).toHaveLength(10);
    // But who was certified is news.
    expect(alerts()).toEqual(['first-seen 0..0 1']);
  });
});
