import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectBurst } from '../../src/monitor/detect-burst.ts';
import { closeAlert, listAlerts, raiseAlert } from '../../src/store/alerts.ts';
import { foundEntry, finding, verifiedLog, NOW } from '../store/samples.ts';
import { saveFindings } from '../../src/store/findings.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from '../store/temp-store.ts';
import { ENTRY, makeJudgement } from '../support/alert-drafts.ts';
import { sightingOf, type SightingParts } from '../support/sightings.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

interface Made {
  readonly at: number;
  readonly log?: string;
  readonly index?: number;
  readonly run?: string;
  readonly parts?: SightingParts;
}

/** Shows entries to a watch; the dedupe key of what is told for each. `tell`: alerts are raised. */
function show(
  store: Store,
  burst: { readonly perMs: number; readonly over: number | 'auto' },
  entries: readonly Made[],
  { from = 0, tell = false } = {},
): readonly (string | null)[] {
  return store.transaction(() =>
    entries.map(({ at, log = 'log.example', index, run = 'run', parts }, place) => {
      const sighting = sightingOf({
        at,
        log,
        index: index ?? from + place,
        claims: { run: [run] },
        ...parts,
        watch: { burst, ...parts?.watch },
      });
      const draft = detectBurst(store, sighting, NOW);
      if (tell && draft !== null) {
        raiseAlert(store, draft, NOW);
      }
      return draft?.dedupeKey ?? null;
    }),
  );
}

/** So many entries of one run, a second apart. */
const release = (at: number, count: number, run = `run of ${at}`): readonly Made[] =>
  Array.from({ length: count }, (_, place) => ({ at: at + place * 1000, run }));

/** Which of them are told. */
const told = (keys: readonly (string | null)[]): readonly number[] =>
  keys.flatMap((key, place) => (key === null ? [] : [place]));

describe('detectBurst() of a fixed number', () => {
  it('is silent at exactly so many, and tells one more', () => {
    const burst = { perMs: 10 * MINUTE, over: 20 };
    const keys = show(openStore(), burst, release(0, 21));
    expect(told(keys)).toEqual([20]);
    expect(keys[20]).toBe('identity/widget-release/burst/1970-01-01T00:00:00.000Z');
  });

  it('tells what trying every window tells, in any order and from several logs', () => {
    const store = openStore();
    let watches = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 80 }), fc.constantFrom('a', 'b', 'c')), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 15 }),
        (made, over, perMs) => {
          const name = `watch ${(watches += 1)}`;
          const keys = show(
            store,
            { perMs, over },
            made.map(([at, log]) => ({ at, log, parts: { watch: { name } } })),
          );
          const expected = made.flatMap(([at], place) => {
            const times = made.slice(0, place + 1).map(([time]) => time);
            const isFull = times.some((from) => {
              const inside = times.filter((time) => time >= from && time < from + perMs);
              return inside.length > over && from <= at && at < from + perMs;
            });
            return isFull ? [place] : [];
          });
          expect(told(keys)).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives bursts that are further apart than a window alerts of their own, and one that goes on only one', () => {
    const store = openStore();
    let watches = 0;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        (gaps, over) => {
          const perMs = 10;
          const times = gaps.map((_, place) => gaps.slice(0, place + 1).reduce((sum, gap) => sum + gap, 0));
          const name = `watch ${(watches += 1)}`;
          const keys = show(
            store,
            { perMs, over },
            times.map((at) => ({ at, parts: { watch: { name } } })),
          );
          // In order, the window that ends with an entry decides; it belongs to the burst before when it begins at most a window later.
          const bursts: { start: number; end: number }[] = [];
          const expected = times.map((at, place) => {
            const from = times[place - over];
            if (from === undefined || at - from >= perMs) {
              return null;
            }
            const last = bursts.at(-1);
            const burst = last !== undefined && from - last.end <= perMs ? last : { start: from, end: at };
            if (burst !== last) {
              bursts.push(burst);
            }
            burst.end = at;
            return `identity/${name}/burst/${new Date(burst.start).toISOString()}`;
          });
          expect(keys).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('does not take what is usual after a burst for more of it', () => {
    const burst = { perMs: 10 * MINUTE, over: 5 };
    const usual = Array.from({ length: 30 }, (_, place) => ({ at: 20_000 + place * 5 * MINUTE }));
    const keys = show(openStore(), burst, [...release(0, 6), ...usual, ...release(3 * 60 * MINUTE, 6)]);
    expect(told(keys).filter((place) => place > 8)).toEqual([41]);
    expect(new Set(keys).size).toBe(3);
  });

  it('counts an entry once, however many signed it and however often it is read', () => {
    const store = openStore();
    const burst = { perMs: 10 * MINUTE, over: 2 };
    const twice = { at: 0, index: 1 };
    expect(told(show(store, burst, [twice, { at: 5, index: 1 }, { at: 9, index: 2 }, twice]))).toEqual([]);
    expect(told(show(store, burst, [{ at: 9, index: 1, log: 'other.example' }]))).toEqual([0]);
  });

  it('counts no certificate that a CT log holds', () => {
    const parts = { entry: { ...ENTRY, issuance: 'ab' } };
    const logged = release(0, 10).map((made) => ({ ...made, parts }));
    expect(told(show(openStore(), { perMs: MINUTE, over: 2 }, logged))).toEqual([]);
  });

  it('keeps watches apart', () => {
    const store = openStore();
    const other = release(0, 2).map((made) => ({ ...made, parts: { watch: { name: 'other' } } }));
    const burst = { perMs: MINUTE, over: 2 };
    expect(told([...show(store, burst, release(0, 2)), ...show(store, burst, other)])).toEqual([]);
  });

  it('counts what nobody says the time of only while its log is read as it grows', () => {
    const store = openStore();
    const burst = { perMs: MINUTE, over: 2 };
    const seen = release(NOW.getTime(), 3).map((made) => ({ ...made, parts: { isWhenSeen: true } }));
    // Never verified: it is being caught up with.
    expect(told(show(store, burst, seen))).toEqual([]);
    verifiedLog(store, 'log.example', 0, 3);
    expect(told(show(store, burst, seen))).toEqual([2]);
    store.prepare('UPDATE logs SET verified_at = @at').run({ at: NOW.getTime() - 2 * MINUTE });
    expect(told(show(store, burst, seen, { from: 10 }))).toEqual([]);
  });

  it('tells how many there are, since when, by which runs and workflows, and that identity holds', () => {
    const store = openStore();
    verifiedLog(store, 'log.example', 0, 100);
    const entries = [...release(0, 2, 'https://github.com/acme/widget/actions/runs/1'), ...release(9000, 1, 'other')];
    const burst = { perMs: 10 * MINUTE, over: 3 };
    show(store, burst, entries);
    for (const [index, { run = '' }] of entries.entries()) {
      const { signer } = finding();
      saveFindings(store, foundEntry(index), [finding({ signer: { ...signer, run } })], NOW);
    }
    const draft = store.transaction(() =>
      detectBurst(store, sightingOf({ at: 10_000, index: 3, watch: { burst } }), NOW),
    );
    expect(draft).toMatchObject({
      class: 'identity',
      kind: 'burst',
      severity: 'critical',
      index: 3,
      title: 'widget-release: burst of 4 entries within 10 minutes, more than 3, signed by acme/widget release.yml',
    });
    expect(draft?.summary.split('\n')).toEqual([
      'Identity holds: each of these entries is what this watch expects, signed by whom it expects. What stands out is how many there are.',
      '4 entries within 10 minutes, from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:10.000Z; more than 3 are told. Further entries of this burst are counted with this alert.',
      expect.stringMatching(/^Signed by acme\/widget release\.yml /),
      'Runs: https://github.com/acme/widget/actions/runs/1 (2), other (1), https://github.com/acme/widget/actions/runs/4711/attempts/1 (1).',
      'Workflows: acme/widget/.github/workflows/release.yml@refs/tags/v1 (4).',
      expect.stringMatching(/^What to do now: /),
    ]);
  });

  it('says so where some of them are unexpected', () => {
    const parts = { judgement: makeJudgement({ verdict: 'unexpected' }) };
    const store = openStore();
    show(store, { perMs: MINUTE, over: 1 }, [{ at: 0 }]);
    const draft = detectBurst(
      store,
      sightingOf({ ...parts, at: 1, index: 1, watch: { burst: { perMs: MINUTE, over: 1 } } }),
      NOW,
    );
    expect(draft?.summary).toMatch(/^Among the entries are 1 unexpected ones, which have alerts of their own\./);
  });

  it('makes one burst of a flood, of which each further entry counts', () => {
    const store = openStore();
    const keys = show(
      store,
      { perMs: 10 * MINUTE, over: 20 },
      Array.from({ length: 10_000 }, (_, at) => ({ at })),
    );
    expect(told(keys)).toHaveLength(9980);
    expect(new Set(keys).size).toBe(2);
    expect(store.prepare('SELECT count(*) AS bursts FROM bursts').get()).toEqual({ bursts: 1 });
  });
});

describe('detectBurst() by the history of the watch', () => {
  const burst = { perMs: 10 * MINUTE, over: 'auto' } as const;

  /** A release of `count` packages a day, of `days` days. */
  const habit = (days: number, count: number): readonly Made[] =>
    Array.from({ length: days }, (_, day) => release(day * DAY, count)).flat();

  it('is silent while it learns, however much there is', () => {
    expect(told(show(openStore(), burst, [...habit(6, 2), ...release(6.5 * DAY, 500)]))).toEqual([]);
  });

  it('tells of 84 entries in six minutes where two a day are usual, before they are all there', () => {
    const store = openStore();
    expect(told(show(store, burst, habit(30, 2)))).toEqual([]);
    const attack = Array.from({ length: 84 }, (_, place) => ({
      at: 30.5 * DAY + place * 4000,
      run: `run ${place % 2}`,
    }));
    const keys = show(store, burst, attack, { from: 1000, tell: true });
    expect(told(keys)[0]).toBe(10);
    expect(told(keys)).toHaveLength(74);
    expect(listAlerts(store)).toMatchObject([{ kind: 'burst', occurrences: 74, index: 1010, lastIndex: 1083 }]);
    expect(listAlerts(store)[0]?.summary).toContain(
      'more than 10 are told. Before, there were at most 2 in such a time (60 entries since 1970-01-01T00:00:00.000Z).',
    );
  });

  it('is silent where tens of packages in each run are usual', () => {
    const store = openStore();
    expect(told(show(store, burst, [...habit(30, 42), ...release(31 * DAY, 84)]))).toEqual([]);
    expect(told(show(store, burst, release(32.5 * DAY, 200), { from: 5000 }))[0]).toBe(168);
  });

  it('is silent where one signs a lot, four times a year', () => {
    const quarterly = [0, 1, 2, 3, 4].flatMap((quarter) => release(quarter * 91 * DAY, 60));
    expect(told(show(openStore(), burst, quarterly))).toEqual([]);
  });

  it('tells of one run that signs more than any before, however slowly', () => {
    const store = openStore();
    show(store, burst, habit(30, 2));
    const slow = Array.from({ length: 30 }, (_, place) => ({ at: 30.5 * DAY + place * 11 * MINUTE, run: 'slow' }));
    const keys = show(store, burst, slow, { from: 1000, tell: true });
    expect(told(keys)[0]).toBe(10);
    expect(new Set(keys).size).toBe(2);
    expect(listAlerts(store)).toMatchObject([
      { title: 'widget-release: burst of 11 entries by one run, more than 10, signed by acme/widget release.yml' },
    ]);
  });

  it('does not take a burst for usual until its alert is closed', () => {
    const store = openStore();
    show(store, burst, habit(30, 2));
    let from = 1000;
    const attack = (at: number): readonly (string | null)[] =>
      show(store, burst, release(at, 50), { from: (from += 100), tell: true });
    const [first] = new Set(attack(30.5 * DAY).filter((key) => key !== null));
    expect(told(attack(33.5 * DAY))[0]).toBe(10);
    closeAlert(store, first ?? '');
    expect(told(attack(36.5 * DAY))).toEqual([]);
    expect(listAlerts(store)).toHaveLength(2);
  });

  it('takes it for usual on the same day', () => {
    const store = openStore();
    show(store, burst, habit(30, 2));
    const [first] = new Set(
      show(store, burst, release(30.2 * DAY, 50), { from: 1000, tell: true }).filter((key) => key !== null),
    );
    closeAlert(store, first ?? '');
    expect(told(show(store, burst, release(30.4 * DAY, 50), { from: 2000 }))).toEqual([]);
  });

  it('does not make itself usual by growing slowly within a day', () => {
    const store = openStore();
    show(store, burst, habit(30, 2));
    const growing = [5, 8, 10, 11].map((count, hour) => release((30.1 + hour / 24) * DAY, count));
    expect(told(show(store, burst, growing.flat(), { from: 1000 }))).toEqual([33]);
  });
});
