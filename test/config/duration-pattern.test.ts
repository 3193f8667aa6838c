import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationPattern, wholeNumbers } from '../../src/config/duration-pattern.ts';
import { parseDuration } from '../../src/config/duration.ts';

describe('wholeNumbers()', () => {
  it('accepts the numbers of a range and no others', () => {
    fc.assert(
      fc.property(fc.nat(12_000), fc.nat(12_000), (one, other) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other)];
        const pattern = new RegExp(`^(?:${wholeNumbers(first, last)})$`);
        const near = [first - 1, first, first + 1, (first + last) >> 1, last - 1, last, last + 1];
        for (const number of [...near, 0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 99_999].filter((n) => n >= 0)) {
          expect([number, pattern.test(String(number))]).toEqual([number, number >= first && number <= last]);
        }
        expect(pattern.test(`0${last}`)).toBe(false);
      }),
    );
  });

  it('accepts each number of a small range', () => {
    const pattern = new RegExp(`^(?:${wholeNumbers(7, 1234)})$`);
    const accepted = Array.from({ length: 20_000 }, (_, number) => number).filter((n) => pattern.test(String(n)));
    expect(accepted).toEqual(Array.from({ length: 1228 }, (_, index) => index + 7));
  });
});

describe('durationPattern()', () => {
  it('accepts the durations that the loader accepts', () => {
    const limits = fc.constantFrom<[string, string]>(
      ['10ms', '24h'],
      ['0s', '1h'],
      ['1s', '365d'],
      ['1m', '3650d'],
      ['10ms', '3650d'],
    );
    const count = fc.oneof(
      fc.nat(100),
      fc.nat(100_000),
      fc.nat(2 ** 31 - 1),
      fc.integer({ min: 0, max: 10 ** 13 }),
      fc.constantFrom(3600, 3650, 87_600, 315_360_000_000),
    );
    fc.assert(
      fc.property(limits, count, fc.constantFrom('ms', 's', 'm', 'h', 'd', 'y', ''), ([least, most], number, unit) => {
        const text = `${number}${unit}`;
        expect([text, new RegExp(durationPattern(least, most), 'u').test(text)]).toEqual([
          text,
          isWithin(text, least, most),
        ]);
      }),
      { numRuns: 1000 },
    );
  });
});

function isWithin(text: string, least: string, most: string): boolean {
  try {
    return parseDuration(text) >= parseDuration(least) && parseDuration(text) <= parseDuration(most);
  } catch {
    return false;
  }
}
