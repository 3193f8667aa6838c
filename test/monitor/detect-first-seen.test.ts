import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectFirstSeen } from '../../src/monitor/detect-first-seen.ts';
import { judgeByNewTrust } from '../../src/monitor/judge-again.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import type { Watch } from '../../src/policy/watch.ts';
import { findAlert } from '../../src/store/alerts.ts';
import { openStore } from '../store/temp-store.ts';
import { NOW as STORED } from '../store/samples.ts';
import { certify, fillers, forger, releaseAt, REPOSITORY } from '../support/actors.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { Death, mortalStore } from '../support/mortal-store.ts';
import { MonitorRig, NEVER, releaseWatch } from '../support/monitor-rig.ts';
import { released } from '../support/releases.ts';
import { sightingOf } from '../support/sightings.ts';

let rig: MonitorRig;
let site: LogSite;

const OTHER = `${REPOSITORY}/.github/workflows/nightly.yml`;
const nightly = () => released({ claims: { builder: `${OTHER}@refs/heads/main` } });

/** Only observes, and tells new workflows and refs. */
const observing = (differing: Partial<Watch> = {}): Watch =>
  releaseWatch({ expect: null, firstSeen: ['builder', 'source_ref'], ...differing });

const log = async (...signers: readonly ReturnType<typeof released>[]): Promise<void> => {
  site.append(signers.map((signer, place) => site.entry(signer, `artifact ${site.size + place}`)));
  await rig.poll(site.source(rig.http));
};

/** Kind, place and occurrences of each alert, the oldest first. */
const alerts = (): readonly string[] =>
  rig.alerts().map(({ kind, index, occurrences }) => `${kind} ${index} ${occurrences}`);

describe.each(BOTH)('first_seen in a %s log', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    rig.watches = [observing()];
    site = await start();
    site.append(fillers(2));
  });

  afterEach(async () => {
    await rig.close();
    await site.close();
  });

  it('tells the very first value, then nothing of the same', async () => {
    await log(released(), released());
    await log(released());
    expect(alerts()).toEqual(['first-seen 2 1']);
    const alert = rig.onlyAlert();
    expect(alert).toMatchObject({
      severity: 'critical',
      title:
        'widget-release: first builder acme/widget/.github/workflows/release.yml@refs/tags/v1 (and source_ref) signed by acme/widget release.yml',
      violations: [
        { claim: 'builder', expected: null, found: `${REPOSITORY}/.github/workflows/release.yml@refs/tags/v1` },
        { claim: 'source_ref', expected: null, found: 'refs/tags/v1' },
      ],
      // As with every alert about an entry.
      evidence: { kind: 'inclusion', leaf: { index: 2 } },
    });
    expect(rig.rows('SELECT alert FROM v_history ORDER BY "index"')).toEqual([
      { alert: alert.id },
      { alert: null },
      { alert: null },
    ]);
  });

  it('tells a new workflow once, with what was seen before', async () => {
    await log(released(), released({ ref: 'refs/tags/next' }));
    await log(nightly(), nightly());
    expect(alerts()).toEqual(['first-seen 2 1', 'first-seen 3 1', 'first-seen 4 1']);
    const alert = findAlert(rig.store, rig.alerts()[2]?.id ?? '');
    expect(alert).toMatchObject({
      violations: [
        {
          claim: 'builder',
          expected: ['refs/tags/next', 'refs/tags/v1'].map(
            (ref) => `${REPOSITORY}/.github/workflows/release.yml@${ref}`,
          ),
          found: `${OTHER}@refs/heads/main`,
        },
      ],
      evidence: { kind: 'inclusion', leaf: { index: 4 } },
    });
    expect(alert?.summary.split('\n')).toEqual([
      expect.stringMatching(
        /^Signed by acme\/widget via acme\/widget nightly\.yml|^Signed by acme\/widget nightly\.yml/,
      ),
      `builder: acme/widget/.github/workflows/nightly.yml@refs/heads/main was never seen before; since ${rig.now.toISOString()} it was acme/widget/.github/workflows/release.yml@refs/tags/next, acme/widget/.github/workflows/release.yml@refs/tags/v1.`,
      'This watch only observes: it does not say what is expected.',
      expect.stringMatching(/^What to do now: /),
    ]);
  });

  it('takes tags that differ in numbers only for one value, and no other tag', async () => {
    await log(released(), released({ ref: 'refs/tags/v2' }), released({ ref: 'refs/tags/v10' }));
    expect(alerts()).toEqual(['first-seen 2 1']);
    await log(released({ ref: 'refs/tags/v2-rc.1' }), released({ ref: 'refs/tags/v3-rc.2' }));
    await log(released({ ref: 'refs/heads/v3' }));
    expect(alerts()).toEqual(['first-seen 2 1', 'first-seen 5 1', 'first-seen 7 1']);
  });

  it('makes no second alert of a signer that is unexpected, and none of the next either', async () => {
    rig.watches = [observing({ expect: releaseWatch().expect })];
    await log(released(), nightly(), nightly());
    expect(alerts()).toEqual(['first-seen 2 1', 'unexpected 3 2']);
    // Nor where it is expected by then.
    rig.watches = [observing()];
    await log(nightly());
    expect(alerts()).toEqual(['first-seen 2 1', 'unexpected 3 2']);
  });

  it('is silent about what the history of the watch knows, and tells the rest', async () => {
    rig.watches = [observing({ firstSeen: [] })];
    await log(released());
    rig.reopen();
    rig.watches = [observing()];
    await log(released(), nightly());
    expect(alerts()).toEqual(['first-seen 4 1']);
  });

  it('knows what was seen while a claim was not named', async () => {
    await log(released());
    rig.watches = [observing({ firstSeen: ['source_ref'] })];
    await log(nightly());
    rig.watches = [observing()];
    await log(nightly(), released());
    expect(alerts()).toEqual(['first-seen 2 1']);
  });

  it('begins anew under another name', async () => {
    await log(released());
    rig.watches = [observing({ name: 'renamed' })];
    await log(released());
    expect(rig.alerts().map(({ watch }) => watch)).toEqual(['widget-release', 'renamed']);
  });

  it('neither tells nor knows what anybody can claim', async () => {
    await log(certify(releaseAt('refs/tags/v1'), forger));
    expect(alerts()).toEqual(['forged 2 1']);
    await log(released());
    expect(alerts()).toEqual(['forged 2 1', 'first-seen 3 1']);
  });

  it('tells once the trust data reaches to the certificate, not before', async () => {
    const chained = (chain: 'unknown' | 'trusted') => {
      const deps = rig.deps();
      return { ...deps, judging: { ...deps.judging, chainOf: () => chain } };
    };
    site.append([site.entry(released()), site.entry(released(), 'another')]);
    await passOverSource(followed(site.source(rig.http)), chained('unknown'), NEVER);
    expect(alerts()).toEqual(['unverifiable 2 2']);
    await judgeByNewTrust(chained('trusted'), NEVER);
    expect(alerts()).toEqual(['unverifiable 2 2', 'first-seen 2 1']);
  });

  it('tells nobody of a watch in audit mode, and writes down that it would have', async () => {
    rig.watches = [observing({ mode: 'audit' })];
    await log(released(), released());
    expect(alerts()).toEqual([]);
    expect(rig.rows('SELECT watch, kind, idx, occurrences FROM audit_alerts')).toEqual([
      { watch: 'widget-release', kind: 'first-seen', idx: 2, occurrences: 1 },
    ]);
    // By then it is known.
    rig.watches = [observing()];
    await log(released());
    expect(alerts()).toEqual([]);
  });

  it('finds the same, when the process dies before or after it wrote what it found', async () => {
    site.append([released(), nightly(), released(), nightly()].map((signer, place) => site.entry(signer, `${place}`)));
    const outcome = () => ({
      ...rig.outcome(),
      claims: rig.rows('SELECT * FROM seen_claims ORDER BY watch, claim'),
      values: rig.rows('SELECT watch, claim, excerpt FROM seen_values ORDER BY id'),
    });
    await rig.poll(site.source(rig.http));
    const expected = outcome();
    expect(expected.claims).toHaveLength(2);
    for (const moment of ['before', 'after'] as const) {
      await rig.close();
      rig = new MonitorRig();
      rig.watches = [observing()];
      const dying = mortalStore(rig.store, ({ sql }) => (sql.includes('INTO seen_values') ? moment : null));
      await expect(rig.poll(site.source(rig.http), dying)).rejects.toThrow(Death);
      rig.reopen();
      await rig.poll(site.source(rig.http));
      expect({ moment, outcome: outcome() }).toEqual({ moment, outcome: expected });
    }
  });
});

describe('detectFirstSeen()', () => {
  const firstSeen = ['subject'];

  it('looks at each value of a claim that has several', () => {
    const store = openStore();
    const see = (...subject: readonly string[]) =>
      detectFirstSeen(store, sightingOf({ watch: { firstSeen }, claims: { subject } }), STORED)?.violations;
    expect(see('a@acme.example', 'b@acme.example')).toEqual([
      { claim: 'subject', expected: null, found: ['a@acme.example', 'b@acme.example'] },
    ]);
    expect(see('b@acme.example', 'c@acme.example')).toEqual([
      { claim: 'subject', expected: ['b@acme.example', 'a@acme.example'], found: 'c@acme.example' },
    ]);
    expect(see('c@acme.example', 'a@acme.example')).toBeUndefined();
  });

  it('sees nothing in a claim that is absent', () => {
    const sighting = sightingOf({ watch: { firstSeen: ['environment'] } });
    expect(detectFirstSeen(openStore(), sighting, STORED)).toBeNull();
  });

  it('names five of the values that were seen, and counts the others', () => {
    const store = openStore();
    const see = (ref: string) =>
      detectFirstSeen(
        store,
        sightingOf({ watch: { firstSeen: ['source_ref'] }, claims: { source_ref: [ref] } }),
        STORED,
      );
    for (let place = 1; place <= 8; place += 1) {
      see(`refs/heads/v${place}`);
    }
    expect(see('refs/heads/main')?.summary).toContain(
      `source_ref: refs/heads/main was never seen before; since ${STORED.toISOString()} it was refs/heads/v8, refs/heads/v7, refs/heads/v6, refs/heads/v5, refs/heads/v4 and 3 more.`,
    );
  });

  it('tells the same news under one key for ever, whoever signs', () => {
    const see = (store: ReturnType<typeof openStore>, run: string) =>
      detectFirstSeen(store, sightingOf({ watch: { firstSeen: ['builder'] }, claims: { run: [run] } }), STORED)
        ?.dedupeKey;
    const key = see(openStore(), '1');
    expect(key).toMatch(/^identity\/widget-release\/first-seen\/[0-9a-f]{64}$/);
    expect(see(openStore(), '2')).toBe(key);
  });

  it('is not held up by a value of a megabyte, and keeps its beginning only', () => {
    const store = openStore();
    const see = (end: string) =>
      detectFirstSeen(
        store,
        sightingOf({ watch: { firstSeen }, claims: { subject: [`${'\u202e'.repeat(1024 * 1024)}${end}`] } }),
        STORED,
      );
    expect(see('a')?.title.length).toBeLessThanOrEqual(400);
    expect(see('a')).toBeNull();
    expect(see('b')).not.toBeNull();
    expect(store.prepare('SELECT max(length(excerpt)) AS longest FROM seen_values').get()).toEqual({ longest: 201 });
  });
});
