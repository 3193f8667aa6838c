import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkCadence } from '../../src/monitor/check-cadence.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { loadWatches } from '../../src/monitor/load-watches.ts';
import type { ClaimRule, Watch } from '../../src/policy/watch.ts';
import {
  authority,
  certify,
  fillers,
  fingerprintOf,
  forger,
  NOW,
  releaseAt,
  REPOSITORY,
  STRANGER,
  type Certified,
} from '../support/actors.ts';
import { CT_SITES, type CtSite } from '../support/ct-sites.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER, releaseWatch, rule } from '../support/monitor-rig.ts';
import { released } from '../support/releases.ts';
import { alarms, replay, written } from '../support/replays.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const TAG = 'refs/tags/v1';
const EVIL = 'refs/heads/evil';

let rig: MonitorRig;
let site: LogSite;

beforeEach(() => {
  rig = new MonitorRig();
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

const after = (ms: number): Date => new Date(NOW.getTime() + ms);

function load(...watches: readonly Watch[]): void {
  rig.watches = watches;
  rig.store.transaction(() => loadWatches(rig.store, watches, rig.now));
}

async function poll(...leaves: readonly Buffer[]): Promise<void> {
  site.append(leaves);
  expect(await rig.poll(site.source(rig.http))).toMatchObject([{ kind: 'verified' }]);
}

const signed = (by: Certified, artifact = `artifact ${site.size}`): Buffer => site.entry(by, artifact);
const run = (count: number, ms = 0): readonly Buffer[] => {
  const by = released({ at: after(ms), claims: { run: `${REPOSITORY}/actions/runs/${ms}` } });
  return Array.from({ length: count }, (_, place) => signed(by, `${ms} ${place} of ${site.size}`));
};

/** That nothing changes, and that what was told is what would be. */
async function expectTheSame(): Promise<void> {
  const { changes, told, judgements } = await replay(rig);
  expect(changes).toEqual([]);
  expect(judgements).toHaveLength(rig.rows<{ id: number }>('SELECT id FROM findings WHERE resigned IS NULL').length);
  expect(judgements.filter(({ hasOtherReasons }) => hasOtherReasons)).toEqual([]);
  expect(alarms(told)).toEqual([...alarms(rig.alerts()), ...written(rig)].sort());
}

describe.each(BOTH)('the history of a %s log, by the same watches', (type, start) => {
  beforeEach(async () => {
    site = await start();
    site.append(fillers(2));
  });

  it('is what it was: expected, unexpected, forged, of several signers, and what cannot be read', async () => {
    load(
      releaseWatch(),
      releaseWatch({ name: 'nobody', select: [[rule('subject', '*@elsewhere.example')]], expect: 'none' }),
    );
    await poll(
      signed(released()),
      signed(released({ ref: EVIL })),
      signed(released({ ref: EVIL })),
      signed(certify(releaseAt(TAG), forger)),
      site.envelope([released(), released({ ref: EVIL }), certify(STRANGER)]),
      Buffer.from(`{"apiVersion":"9","kind":"x","spec":"${REPOSITORY}"}`),
      Buffer.from(`{"apiVersion":"0.0.1","kind":"dsse","spec":{"a":"${REPOSITORY}`),
      Buffer.from('not mentioned'),
    );
    rig.now = after(DAY);
    await poll(signed(released({ ref: EVIL, at: after(DAY) })), signed(certify(STRANGER)));
    expect(rig.alerts().map(({ kind }) => kind)).toHaveLength(4);
    await expectTheSame();
  });

  it('is what it was: values that were never seen before', async () => {
    load(releaseWatch({ expect: null, firstSeen: ['builder', 'source_ref', 'key'] }));
    await poll(signed(released()), signed(released()), signed(released({ ref: EVIL })));
    rig.now = after(DAY);
    await poll(signed(released()), signed(certify(releaseAt('refs/tags/forged'), forger)));
    expect(rig.alerts().length).toBeGreaterThan(2);
    await expectTheSame();
  });

  it('is what it was: bursts', async () => {
    load(releaseWatch({ burst: { perMs: 10 * MINUTE, over: 20 } }));
    await poll(...run(25));
    rig.now = after(DAY);
    await poll(...run(22, DAY));
    rig.now = after(2 * DAY);
    await poll(...run(20, 2 * DAY));
    expect(rig.alerts().map(({ occurrences }) => occurrences)).toEqual([5, 2]);
    await expectTheSame();
  });

  it('is what it was: bursts against its own history', async () => {
    load(releaseWatch({ burst: { perMs: 10 * MINUTE, over: 'auto' } }));
    for (let day = 0; day < 12; day += 1) {
      rig.now = after(day * DAY);
      await poll(...run(2, day * DAY));
    }
    rig.now = after(12 * DAY);
    await poll(...run(30, 12 * DAY));
    expect(rig.alerts()).toHaveLength(1);
    await expectTheSame();
    // Also where all that is usual lies before.
    const { told, changes } = await replay(rig, { since: after(11 * DAY) });
    expect(changes).toEqual([]);
    expect(alarms(told)).toEqual(alarms(rig.alerts()));
  });

  it('is what it was: what was caught up with, of which nobody says when it was made', async () => {
    const { privateKey, ...key } = released();
    const watch = { select: [[rule('key', fingerprintOf({ privateKey, ...key }))]], expect: null } as const;
    load(releaseWatch({ ...watch, burst: { perMs: 10 * MINUTE, over: 20 } }));
    const byKey = (count: number): readonly Buffer[] =>
      Array.from({ length: count }, (_, place) => site.entry({ privateKey }, `${site.size + place}`));
    await poll(...byKey(30));
    rig.now = after(5 * MINUTE);
    await poll(...byKey(21));
    rig.now = after(3 * DAY);
    await poll(...byKey(40));
    expect(rig.alerts().length).toBeGreaterThan(0);
    await expectTheSame();
  });

  it('is what it was: artifacts that others signed again, wherever they stood', async () => {
    load(releaseWatch({ artifacts: { follow: true, allow: [] } }));
    await poll(signed(certify(STRANGER), 'widget'), signed(released(), 'widget'), signed(released(), 'gadget'));
    rig.now = after(DAY);
    await poll(
      signed(certify(STRANGER), 'gadget'),
      signed(certify({ ...STRANGER, subject: 'another@elsewhere.example' }), 'gadget'),
    );
    expect(rig.alerts().map(({ kind }) => kind)).toEqual(['artifact-resigned', 'artifact-resigned']);
    await expectTheSame();
    const { told } = await replay(rig, { since: after(1) });
    expect(told.map(({ kind, index, occurrences }) => `${kind} ${index} ${occurrences}`)).toEqual([
      'artifact-resigned 5 1',
      'artifact-resigned 6 1',
    ]);
  });

  it('is what it was: silences', async () => {
    load(releaseWatch({ cadenceMs: 30 * DAY }));
    const source = site.source(rig.http);
    for (const day of [0, 10, 41, 60, 95, 96]) {
      rig.now = after(day * DAY);
      if (day !== 41 && day !== 95) {
        site.append([signed(released({ at: rig.now }))]);
      }
      await rig.poll(source);
      checkCadence(rig.deps());
    }
    rig.now = after(140 * DAY);
    await rig.poll(source);
    checkCadence(rig.deps());
    expect(rig.onlyAlert('missing')).toMatchObject({ occurrences: 3 });
    const { told, changes } = await replay(rig);
    expect(changes).toEqual([]);
    expect(told).toMatchObject([
      { kind: 'missing', occurrences: 3, firstSeen: after(40 * DAY), lastSeen: after(126 * DAY) },
    ]);
    // What was told before is told no more.
    expect((await replay(rig, { since: after(128 * DAY) })).told).toEqual([]);
    expect((await replay(rig, { since: after(100 * DAY) })).told).toMatchObject([{ kind: 'missing', occurrences: 1 }]);
    // The logs are read no further.
    rig.now = after(300 * DAY);
    expect((await replay(rig, { watches: [releaseWatch({ cadenceMs: 60 * DAY })] })).told).toEqual([]);
  });

  it('is what it was: what watches in audit mode wrote down', async () => {
    load(
      releaseWatch({ mode: 'audit', firstSeen: ['source_ref'], burst: { perMs: MINUTE, over: 2 } }),
      releaseWatch({ name: 'enforced', firstSeen: ['key'] }),
    );
    await poll(...run(4), signed(released({ ref: EVIL })), signed(released({ ref: EVIL })));
    expect(written(rig)).toHaveLength(3);
    await expectTheSame();
  });

  it('is judged by what is trusted now', async () => {
    load(releaseWatch({ firstSeen: ['source_ref'] }));
    const given = rig.deps();
    const doubting = { ...given, judging: { ...given.judging, chainOf: () => 'unknown' as const } };
    site.append([signed(released()), signed(released({ ref: EVIL }))]);
    await passOverSource(followed(site.source(rig.http)), doubting, NEVER);
    expect((await replay(rig, { judging: doubting.judging })).changes).toEqual([]);
    const { changes, told } = await replay(rig);
    expect(changes).toEqual([
      '2 widget-release unverifiable -> expected',
      '3 widget-release unverifiable -> unexpected',
    ]);
    expect(told.map(({ kind, index }) => `${kind} ${index}`)).toEqual(['first-seen 2', 'unexpected 3']);
  });

  it(`holds against ${type === 'rekor-v1' ? 'the time that the log signed' : 'no time where the log signs none'}`, async () => {
    const rules = releaseWatch().expect as readonly ClaimRule[];
    load(releaseWatch({ expect: [...rules, rule('signing_time', 'outside')] }));
    await poll(signed(released()));
    expect(rig.verdicts()).toEqual([`2 widget-release ${type === 'rekor-v1' ? 'expected' : 'unexpected'}`]);
    await expectTheSame();
  });
});

describe.each(CT_SITES)('the history of a CT log, %s', (_, start) => {
  it('is what it was: each issuance is told once', async () => {
    const ct: CtSite = await start();
    site = ct;
    ct.log.headTime = NOW.getTime();
    load(releaseWatch({ firstSeen: ['source_ref'] }), releaseWatch({ name: 'audited', mode: 'audit' }));
    const [good, evil] = [TAG, EVIL].map((ref) => authority.issueLogged(releaseAt(ref)));
    ct.append([good, evil].flatMap((one) => (one === undefined ? [] : [ct.announce(one), ct.certified(one)])));
    await rig.poll(ct.source(rig.http));
    expect(rig.verdicts()).toHaveLength(8);
    await expectTheSame();
  });
});

describe('the history by other watches', () => {
  beforeEach(async () => {
    const [[, start]] = BOTH as readonly [(typeof BOTH)[number]];
    site = await start();
    site.append(fillers(2));
    load(releaseWatch());
    await poll(
      signed(released()),
      signed(released({ ref: EVIL })),
      signed(certify(releaseAt(TAG), forger)),
      Buffer.from(`{"apiVersion":"9","kind":"x","spec":"${REPOSITORY}"}`),
      Buffer.from('{"apiVersion":"9","kind":"x","spec":"https://github.com/globex/gadget"}'),
    );
  });

  it('gives the verdicts that they would reach, with what fails', async () => {
    const { changes, judgements, told } = await replay(rig, {
      watches: [releaseWatch({ expect: [rule('source_ref', 'refs/heads/**')] })],
    });
    expect(changes).toEqual(['2 widget-release expected -> unexpected', '3 widget-release unexpected -> expected']);
    expect(judgements).toMatchObject([
      {
        log: site.origin,
        index: 2,
        observedAt: NOW,
        signer: 0,
        violations: [{ claim: 'source_ref', expected: 'refs/heads/**', found: TAG }],
      },
      { index: 3, violations: [] },
      { index: 4, before: 'forged', after: 'forged' },
      { index: 5, before: 'unparsable', after: 'unparsable', signer: null },
    ]);
    expect(told.map(({ kind, index }) => `${kind} ${index}`)).toEqual(['unexpected 2', 'unparsable 5', 'forged 4']);
  });

  it('says what stays as it is for other reasons, and not what is only written in another way', async () => {
    const of = async (...expected: readonly ClaimRule[]) => {
      const { changes, judgements } = await replay(rig, { watches: [releaseWatch({ expect: expected })] });
      return { changes, others: judgements.filter(({ hasOtherReasons }) => hasOtherReasons).map(({ index }) => index) };
    };
    const rules = releaseWatch().expect as readonly ClaimRule[];
    expect(await of(...rules.slice(0, 2), rule('source_ref', { regexp: 'refs/tags/v.*' }))).toEqual({
      changes: [],
      others: [],
    });
    expect(await of(...rules.slice(0, 2))).toEqual({ changes: [], others: [3] });
  });

  it('has no judgement of a watch that is gone, and those of a new one among all that is kept', async () => {
    const gadget = releaseWatch({ name: 'gadget', select: [[rule('source_repository', 'globex/gadget')]] });
    const refs = releaseWatch({ name: 'refs', select: [[rule('source_ref', EVIL)]], expect: 'none' });
    expect((await replay(rig, { watches: [gadget, refs] })).changes.toSorted()).toEqual([
      '2 widget-release expected -> null',
      '3 refs null -> unexpected',
      '3 widget-release unexpected -> null',
      '4 widget-release forged -> null',
      '5 widget-release unparsable -> null',
      '6 gadget null -> unparsable',
    ]);
  });

  it('is told by detectors that nobody had, but for what was known before', async () => {
    rig.now = after(DAY);
    await poll(signed(released()), signed(released({ ref: 'refs/tags/v1-rc' })), signed(certify(STRANGER)));
    const watches = [releaseWatch({ name: 'same', firstSeen: ['source_ref'], burst: { perMs: 10 * MINUTE, over: 2 } })];
    const { told } = await replay(rig, { watches, since: after(MINUTE) });
    expect(told.map(({ kind, index }) => `${kind} ${index}`)).toEqual(['burst 7', 'first-seen 8']);
    expect((await replay(rig, { watches })).told.map(({ kind, index }) => `${kind} ${index}`)).toEqual([
      'first-seen 2',
      'unexpected 3',
      'unparsable 5',
      'burst 7',
      'first-seen 8',
      'forged 4',
    ]);
  });

  it('is only of the span', async () => {
    rig.now = after(DAY);
    await poll(signed(released({ ref: EVIL })));
    const watches = [releaseWatch({ expect: null })];
    const places = async (since: Date, until: Date | null) =>
      (await replay(rig, { watches, since, until })).judgements.map(({ index }) => index);
    expect(await places(after(0), null)).toEqual([2, 3, 4, 5, 7]);
    expect(await places(after(1), null)).toEqual([7]);
    expect(await places(after(0), after(DAY))).toEqual([2, 3, 4, 5]);
    expect(await places(after(0), after(DAY + 1))).toEqual([2, 3, 4, 5, 7]);
  });

  it('takes no time for a silence in which nobody listened', async () => {
    rig.now = after(20 * DAY);
    await poll(...fillers(1, 10));
    const told = async (days: number) => {
      const watches = [releaseWatch({ name: 'new', expect: 'none', cadenceMs: days * DAY })];
      return (await replay(rig, { watches })).told.filter(({ kind }) => kind === 'missing');
    };
    expect(await told(19)).toMatchObject([{ firstSeen: after(19 * DAY) }]);
    expect(await told(21)).toEqual([]);
  });

  it('does not hold who signed again what is followed for a judgement', async () => {
    load(releaseWatch({ artifacts: { follow: true, allow: [] } }));
    await poll(signed(released(), 'widget'), signed(certify(STRANGER), 'widget'));
    expect(rig.verdicts().at(-1)).toBe('8 widget-release observed');
    expect((await replay(rig, { watches: [releaseWatch()] })).changes).toEqual([]);
    const watches = [
      releaseWatch({ name: 'strangers', select: [[rule('subject', '*@elsewhere.example')]], expect: 'none' }),
    ];
    expect((await replay(rig, { watches, since: after(0) })).changes).toContain('8 strangers null -> unexpected');
  });

  it('names what it cannot judge: entries of a log that is not known any more', async () => {
    rig.store.db.exec('DELETE FROM logs');
    expect(await replay(rig)).toMatchObject({ entries: 0, lost: 7, judgements: [] });
  });

  it('ends when it is asked to', async () => {
    const { isWhole, judgements } = await replay(rig, {}, AbortSignal.abort());
    expect({ isWhole, judgements }).toEqual({ isWhole: false, judgements: [] });
  });
});
