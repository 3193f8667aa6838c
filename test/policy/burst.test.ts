import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOfPast, findBurst, usualLimits, type Norm, type Span } from '../../src/policy/burst.ts';

const DAY = 86_400_000;

/** By trying every window that begins at an entry. `times`: rising; one of them is `at`. */
function naively(times: readonly number[], at: number, over: number, perMs: number): Span | null {
  const full = times
    .map((from) => times.filter((time) => time >= from && time < from + perMs))
    .filter((inside) => inside.length > over && inside.includes(at));
  return full.length === 0
    ? null
    : { from: Math.min(...full.flat()), to: Math.max(...full.flatMap((inside) => inside)) };
}

describe('findBurst()', () => {
  it('finds what trying every window finds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 }),
        fc.nat(39),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 20 }),
        (given, chosen, over, perMs) => {
          const times = given.toSorted((a, b) => a - b);
          const at = times[chosen % times.length] ?? 0;
          const found = findBurst(
            times.filter((time) => time <= at),
            times.filter((time) => time > at),
            over,
            perMs,
          );
          const whole = naively(times, at, over, perMs);
          expect(found === null).toBe(whole === null);
          if (found !== null && whole !== null) {
            // Of many entries in one window not all are looked at, but those next to this one are.
            expect(found.from).toBeGreaterThanOrEqual(whole.from);
            expect(found.to).toBeLessThanOrEqual(whole.to);
            expect(found.from).toBeLessThanOrEqual(at);
            expect(found.to).toBeGreaterThanOrEqual(at);
            expect(times.filter((time) => time >= found.from && time <= found.to).length).toBeGreaterThan(over);
          }
        },
      ),
    );
  });

  it('looks at no more than it needs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 }),
        fc.array(fc.integer({ min: 61, max: 120 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 40 }),
        (some, others, over, perMs) => {
          const [before, after] = [some, others].map((times) => times.toSorted((a, b) => a - b)) as [
            number[],
            number[],
          ];
          expect(findBurst(before.slice(-(over + 1)), after.slice(0, over), over, perMs)).toEqual(
            findBurst(before, after, over, perMs),
          );
        },
      ),
    );
  });

  it.each([
    ['exactly so many', [0, 1, 2], 3, 10, null],
    ['one more', [0, 1, 2, 3], 3, 10, { from: 0, to: 3 }],
    ['one more, the length of the window apart', [0, 1, 2, 10], 3, 10, null],
    ['one more, just less apart', [0, 1, 2, 9], 3, 10, { from: 0, to: 9 }],
    ['all at once', [5, 5, 5], 2, 1, { from: 5, to: 5 }],
  ] as const)('%s', (_, times, over, perMs, expected) => {
    expect(findBurst(times, [], over, perMs)).toEqual(expected);
  });
});

describe('endOfPast()', () => {
  it('is a midnight before the window of an entry', () => {
    expect(endOfPast(10 * DAY + 5, 10)).toBe(9 * DAY);
    expect(endOfPast(10 * DAY + 10, 10)).toBe(10 * DAY);
    expect(endOfPast(40 * DAY, 30 * DAY)).toBe(10 * DAY);
  });
});

describe('usualLimits()', () => {
  const norm = (differing: Partial<Norm>): Norm => ({ entries: 20, since: 0, inWindow: 1, inRun: 1, ...differing });

  it.each([
    ['nothing is known', norm({ entries: 0, since: null }), 100 * DAY],
    ['it is known for less than a week', norm({ entries: 1000 }), 7 * DAY - 1],
    ['there were few entries', norm({ entries: 19 }), 30 * DAY - 1],
  ])('is silent while %s', (_, known, at) => {
    expect(usualLimits(known, at)).toBeNull();
  });

  it('knows a watch after a week of twenty entries, or a month of few', () => {
    expect(usualLimits(norm({}), 7 * DAY)).toEqual({ window: 10, run: 10 });
    expect(usualLimits(norm({ entries: 1 }), 30 * DAY)).toEqual({ window: 10, run: 10 });
  });

  it('is twice the most there ever were, and ten at least', () => {
    expect(usualLimits(norm({ inWindow: 5, inRun: 6 }), 7 * DAY)).toEqual({ window: 10, run: 12 });
    expect(usualLimits(norm({ inWindow: 70, inRun: 42 }), 7 * DAY)).toEqual({ window: 140, run: 84 });
  });
});
