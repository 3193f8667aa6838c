import * as fc from 'fast-check';
import { domainToASCII } from 'node:url';
import { describe, expect, it } from 'vitest';
import { foldLookAlikes, lettersApart, MAX_NAME, shownHost } from '../../src/policy/look-alike.ts';

describe('foldLookAlikes()', () => {
  it.each([
    ['ACME', 'acme'],
    ['асme', 'acme'], // Cyrillic а, с
    ['αcmε', 'acme'], // Greek
    ['ａｃｍｅ', 'acme'], // full width
    ['acrne', 'acme'],
    ['a-c_m.e', 'acme'],
    ['ac\u200Bme\u00AD\u202E', 'acme'],
    ['ácmé', 'acme'],
    ['vvidget', 'widget'],
    ['w1dget', 'widget'],
    ['wldget', 'widget'],
    ['gooq1e', 'gooqle'],
    ['g00qIe', 'gooqle'],
    ['tооl', 'tool'],
  ])('takes %s for %s', (a, b) => {
    expect(foldLookAlikes(a)).toBe(foldLookAlikes(b));
  });

  it.each([
    ['acme', 'acne'],
    ['widget', 'gadget'],
    ['acme', 'acmes'],
  ])('tells %s from %s', (a, b) => {
    expect(foldLookAlikes(a)).not.toBe(foldLookAlikes(b));
  });

  it('changes nothing the second time, and never grows what is long', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ unit: fc.constantFrom('r', 'n', 'v', 'w', 'm', '0', 'о', 'і', 'I', '-', '\u200B'), maxLength: 40 }),
    );
    fc.assert(
      fc.property(text, (name) => {
        const folded = foldLookAlikes(name);
        expect(foldLookAlikes(folded)).toBe(folded);
      }),
      { numRuns: 500 },
    );
    // A character may stand for up to eighteen (U+FDFA).
    expect(foldLookAlikes('\uFDFA'.repeat(1_000_000)).length).toBeLessThanOrEqual(MAX_NAME * 18);
  });
});

describe('lettersApart()', () => {
  /** Optimal string alignment as it is defined: slow and obvious. */
  const reference = (a: string, b: string): number => {
    if (a === '' || b === '') {
      return a.length + b.length;
    }
    const [x, y] = [a.slice(0, -1), b.slice(0, -1)];
    const swapped =
      a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)
        ? reference(a.slice(0, -2), b.slice(0, -2)) + 1
        : Infinity;
    return Math.min(
      reference(x, b) + 1,
      reference(a, y) + 1,
      reference(x, y) + (a.at(-1) === b.at(-1) ? 0 : 1),
      swapped,
    );
  };

  it('counts what is changed, left out, added and exchanged, up to a limit', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 3 }), (a, b, most) => {
        const distance = reference(a, b);
        expect(lettersApart(a, b, most)).toBe(distance > most ? Infinity : distance);
        expect(lettersApart(b, a, most)).toBe(lettersApart(a, b, most));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('shownHost()', () => {
  it('reads punycode as it was written', () => {
    const label = fc
      .string({
        unit: fc.constantFrom('a', 'z', '0', '-', 'ü', 'а', 'е', '例', '\u{1F600}'),
        minLength: 1,
        maxLength: 12,
      })
      .filter((text) => !text.startsWith('xn--'));
    fc.assert(
      fc.property(label, (text) => {
        const ascii = domainToASCII(`${text}.example`);
        // What no host may be called.
        fc.pre(ascii !== '');
        expect(shownHost(ascii)).toBe(`${text}.example`);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['xn--', 'xn--a-\uFFFF', 'xn--99999999999', `xn--${'9'.repeat(60)}`, 'xn--!'])(
    'leaves %s as it is or shows it',
    (label) => {
      expect(shownHost(`${label}.example`).endsWith('.example')).toBe(true);
    },
  );

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 70 }), (label) => {
        expect(typeof shownHost(`xn--${label}`)).toBe('string');
      }),
      { numRuns: 500 },
    );
  });
});
