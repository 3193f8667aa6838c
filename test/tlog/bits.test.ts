import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasBit, isCount, levelsApart, popcount, trailingZeros } from '../../src/tlog/bits.ts';

const count = fc.maxSafeNat();
const binary = (value: number): string => BigInt(value).toString(2);

describe('isCount()', () => {
  it.each([0, 1, 2 ** 31, 2 ** 53 - 1])('accepts %d', (value) => {
    expect(isCount(value)).toBe(true);
  });

  it.each([-1, 0.5, 2 ** 53, Infinity, NaN])('refuses %d', (value) => {
    expect(isCount(value)).toBe(false);
  });
});

describe('bits of numbers up to 2^53−1', () => {
  it('popcount() agrees with the binary digits', () => {
    fc.assert(
      fc.property(count, (value) => {
        expect(popcount(value)).toBe(binary(value).replaceAll('0', '').length);
      }),
    );
  });

  it('levelsApart() is the bit length of the exclusive or', () => {
    fc.assert(
      fc.property(count, count, (a, b) => {
        expect(levelsApart(a, b)).toBe((BigInt(a) ^ BigInt(b)).toString(2).replace(/^0/, '').length);
      }),
    );
  });

  it('trailingZeros() and hasBit() agree with the binary digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 53 - 1 }), (value) => {
        const digits = Array.from(binary(value)).reverse();
        expect(trailingZeros(value)).toBe(digits.indexOf('1'));
        expect(digits.map((_, position) => hasBit(value, position))).toEqual(digits.map((digit) => digit === '1'));
      }),
    );
  });
});
