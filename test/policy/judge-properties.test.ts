import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Claims, ParsedEntry } from '../../src/entry/entry.ts';
import { judge } from '../../src/policy/judge.ts';
import type { JudgeContext } from '../../src/policy/standing.ts';
import type { Judgement, Watch } from '../../src/policy/watch.ts';
import { anyPattern, anyValue, PATTERN_CLAIMS } from './arbitrary-policy.ts';
import { certified, contextOf, entryOf, watchOf, withKey } from './signers.ts';

const claimMap = fc
  .uniqueArray(fc.constantFrom(...PATTERN_CLAIMS), { minLength: 1, maxLength: 2 })
  .chain((claims) =>
    fc.tuple(...claims.map((claim) => anyPattern(claim, 1).map(({ source }) => [claim, source] as const))),
  )
  .map((rules) => Object.fromEntries(rules));

const anyWatch = fc
  .tuple(claimMap, fc.array(claimMap, { maxLength: 1 }), fc.option(fc.oneof(fc.constant('none' as const), claimMap)))
  .map(([first, more, expected]) => ({ select: [first, ...more] as const, expected }));

/** Up to twelve, so that some lists are tried one by one and others looked up. */
const anyWatches = fc
  .array(anyWatch, { minLength: 1, maxLength: 12 })
  .map((all) => all.map(({ select, expected }, at) => watchOf(select, expected, `watch ${at}`)));

const anyClaims: fc.Arbitrary<Claims> = fc
  .record(Object.fromEntries(PATTERN_CLAIMS.map((claim) => [claim, fc.array(anyValue, { maxLength: 2 })])))
  .map((claims) => Object.fromEntries(Object.entries(claims).filter(([, values]) => values.length > 0)));

const anyEntry: fc.Arbitrary<ParsedEntry> = fc
  .array(fc.option(anyClaims), { minLength: 1, maxLength: 3 })
  .map((signers) =>
    entryOf(...signers.map((claims) => (claims === null ? withKey('aa'.repeat(32)) : certified(claims)))),
  );

const anyTrust: fc.Arbitrary<JudgeContext> = fc
  .record({
    chain: fc.constantFrom('trusted', 'trusted', 'trusted', 'untrusted', 'unknown'),
    signature: fc.constantFrom('verified', 'verified', 'invalid', 'not-checkable'),
    sct: fc.constantFrom('verified', 'absent'),
  } as const)
  .map(({ chain, signature, sct }) =>
    contextOf({ chainOf: () => chain, signatureOf: () => signature, sctOf: () => sct }),
  );

/** What each watch makes of the entry, by its name. */
function byWatch(
  entry: ParsedEntry,
  watches: readonly Watch[],
  trust: JudgeContext,
): Map<string, readonly Judgement[]> {
  const judgements = judge(entry, watches, trust);
  return new Map(watches.map(({ name }) => [name, judgements.filter(({ watch }) => watch === name)]));
}

describe('judge()', () => {
  it('makes the same of an entry for each watch, whichever others stand beside it and in whatever order', () => {
    const seen = { selected: 0, left: 0 };
    fc.assert(
      fc.property(anyEntry, anyTrust, anyWatches, fc.infiniteStream(fc.nat()), (entry, trust, watches, numbers) => {
        const alone = new Map(watches.map((watch) => [watch.name, judge(entry, [watch], trust)]));
        const all = [...alone.values()];
        seen.selected += all.filter(({ length }) => length > 0).length;
        seen.left += all.filter(({ length }) => length === 0).length;
        expect(byWatch(entry, watches, trust)).toEqual(alone);

        const random = (most: number): number => (numbers.next().value ?? 0) % most;
        const shuffled = watches
          .map((watch) => ({ watch, key: random(1000) }))
          .sort((a, b) => a.key - b.key)
          .map(({ watch }) => watch);
        expect(byWatch(entry, shuffled, trust)).toEqual(new Map(shuffled.map(({ name }) => [name, alone.get(name)])));

        const fewer = watches.filter(() => random(2) === 0);
        expect(byWatch(entry, fewer, trust)).toEqual(new Map(fewer.map(({ name }) => [name, alone.get(name)])));
      }),
      { numRuns: 250 },
    );
    expect(Math.min(seen.selected, seen.left)).toBeGreaterThan(200);
  });

  it('says the same of the same, however often, and changes nothing it is given', () => {
    let judged = 0;
    fc.assert(
      fc.property(anyEntry, anyEntry, anyTrust, anyWatches, (entry, another, trust, watches) => {
        const [frozen, list] = [freeze(entry), freeze(watches)];
        const first = judge(frozen, list, trust);
        judge(freeze(another), list, trust);
        expect(judge(frozen, list, trust)).toEqual(first);
        // The same values, nothing of it the same object: what was prepared for the one list decides nothing.
        expect(
          judge(
            structuredClone(entry),
            watches.map((watch) => ({ ...watch })),
            { ...trust },
          ),
        ).toEqual(first);
        judged += first.length;
      }),
      { numRuns: 250 },
    );
    expect(judged).toBeGreaterThan(200);
  });
});

/** Also what is in it. Buffers cannot be frozen. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
