import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { marksOf } from '../../src/policy/marks.ts';
import { compilePattern } from '../../src/policy/pattern.ts';
import { anyPattern, anyValue, PATTERN_CLAIMS } from './arbitrary-policy.ts';
import { referenceMatch } from './reference-match.ts';

const LONG = 65_536;

describe('compilePattern()', () => {
  it('matches what is documented: strings, stars, expressions, negations, lists, the shorthand and the folding', () => {
    const seen = { matched: 0, failed: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...PATTERN_CLAIMS).chain((claim) => fc.tuple(fc.constant(claim), anyPattern(claim))),
        fc.array(anyValue, { minLength: 1, maxLength: 5 }),
        ([claim, { source, matches }], values) => {
          const pattern = compilePattern(source, claim);
          for (const value of values) {
            const expected = matches(value);
            seen[expected ? 'matched' : 'failed'] += 1;
            expect({ source, claim, value, matches: pattern.matches(value) }).toEqual({
              source,
              claim,
              value,
              matches: expected,
            });
          }
        },
      ),
      { numRuns: 4000 },
    );
    // Neither way alone would show anything.
    expect(Math.min(seen.matched, seen.failed)).toBeGreaterThan(500);
  });

  it('matches what is documented also in values of 64 KB', () => {
    const piece = fc.constantFrom('acme', 'A', '/', '*', '**', '@', '.x');
    const filler = fc.constantFrom('a', '/', 'acme/', '@a', 'ACME', '.x@', '\n', '\ud800');
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join('')),
        fc.constantFrom('', 'https://github.com/', 'https://GitHub.com/'),
        filler,
        fc.array(fc.constantFrom('acme', '/', '@', '.x'), { maxLength: 3 }).map((pieces) => pieces.join('')),
        (rest, start, long, end) => {
          const pattern = start.toLowerCase() + rest;
          const value = (start + long.repeat(LONG / long.length)).slice(0, LONG) + end;
          expect(compilePattern(pattern, 'subject').matches(value)).toBe(referenceMatch(pattern, value));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('marksOf()', () => {
  it('names nothing that a value which matches does not bear', () => {
    let matched = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...PATTERN_CLAIMS).chain((claim) => fc.tuple(fc.constant(claim), anyPattern(claim))),
        fc.array(anyValue, { minLength: 1, maxLength: 5 }),
        ([claim, { source, matches }], values) => {
          const ways = marksOf(source, claim);
          for (const value of values.filter(matches).map(lower)) {
            matched += ways === null ? 0 : 1;
            const bears = ({ text, isWhole }: { readonly text: string; readonly isWhole: boolean }): boolean =>
              isWhole ? value === text : value.includes(text);
            expect({
              source,
              claim,
              value,
              ways,
              borne: ways === null || ways.some((way) => way.every(bears)),
            }).toEqual({ source, claim, value, ways, borne: true });
          }
        },
      ),
      { numRuns: 4000 },
    );
    expect(matched).toBeGreaterThan(300);
  });

  it.each([
    ['source_repository', 'Acme/Widget', [[{ text: 'https://github.com/acme/widget', isWhole: true }]]],
    ['source_repository', 'acme/*', [[{ text: 'https://github.com/acme/', isWhole: false }]]],
    ['subject', '*@acme.example', [[{ text: '@acme.example', isWhole: false }]]],
    ['subject', 'https://github.com/acme/**@refs/**', [[{ text: 'https://github.com/acme/', isWhole: false }, { text: '@refs/', isWhole: false }]]], // prettier-ignore
    ['key', 'AB:CD', [[{ text: 'abcd', isWhole: true }]]],
    ['subject', { regexp: String.raw`https://github\.com/(acme|widget)/.*` }, [[{ text: 'https://github.com/', isWhole: false }], [{ text: 'https://github.com/', isWhole: false }, { text: 'widget', isWhole: false }]]], // prettier-ignore
    ['subject', { regexp: '(?i)acme-kiosk' }, [[{ text: 'acme-', isWhole: false }]]],
    ['subject', ['a', '*-widget'], [[{ text: 'a', isWhole: true }], [{ text: '-widget', isWhole: false }]]],
    ['subject', ['a', { not: 'b' }], null],
    ['subject', { not: 'acme' }, null],
    ['subject', '**', null],
    ['subject', '*/ab', null],
    ['subject', '*\ud83d\ude00\ud83d\ude00\ud83d', null],
    ['subject', { regexp: '.*' }, null],
    ['subject', { regexp: 'acme-widget|' }, null],
    ['subject', 7, null],
  ])('of %s: %j are %j', (claim, source, expected) => {
    expect(marksOf(source, claim)).toEqual(expected);
  });

  it('names nothing that can be left out, whatever syntax an expression is written in', () => {
    // Each with what it may stand for, so that the expression matches now and then.
    const token = fc.constantFrom(
      ...[['acme-x', 'acme-x'], ['widget', 'widget'], ['a', 'a'], ['.*', 'a'], ['(?i)', ''], ['(?i:acme-', 'ACME-'], ['(?s)', '']], // prettier-ignore
      ...[['(?U)', ''], ['(?-i:', ''], ['(?P<n>', ''], ['(', ''], [')', ''], [')', ''], ['|', ''], ['*', ''], ['+', ''], ['?', '']], // prettier-ignore
      ...[['{2}', 'xx'], ['{0}', ''], ['{0,2}', ''], ['{1,}', ''], ['{,2}', '{,2}'], ['[a-z-]', '-'], ['[^]x]', 'y'], ['[]x]', ']']], // prettier-ignore
      ...[['[[:alpha:]-]', 'q'], [String.raw`\Qacme.*\E`, 'acme.*'], [String.raw`\Qwidget`, 'widget'], [String.raw`\Q\E`, ''], [String.raw`\E`, '']], // prettier-ignore
      ...[[String.raw`\b`, ''], [String.raw`\x61`, 'a'], [String.raw`\.`, '.'], [String.raw`\pL`, 'é'], [String.raw`\d`, '1']], // prettier-ignore
      ...[['^', ''], ['$', ''], ['.', '\u{1f600}'], ['\u{1f600}', '\u{1f600}'], ['\u00e9', '\u00c9'], ['k', '\u212a']], // prettier-ignore
    );
    let matched = 0;
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 7 }), (tokens) => {
        const regexp = tokens.map(([syntax]) => syntax).join('');
        const whole = tokens.map(([, sample]) => sample).join('');
        const ways = marksOf({ regexp }, 'subject');
        const matches = compiled(regexp);
        const parts = tokens.map((_, left) => tokens.map(([, sample], at) => (at === left ? '' : sample)).join(''));
        for (const value of [whole, ...parts].filter(matches).map(lower)) {
          matched += ways === null ? 0 : 1;
          expect({ regexp, value, borne: ways?.some((way) => way.every(({ text }) => value.includes(text))) ?? true }).toEqual({ regexp, value, borne: true }); // prettier-ignore
        }
      }),
      { numRuns: 20_000 },
    );
    expect(matched).toBeGreaterThan(1000);
  });

  it('trusts no letter of `(?i)` that stands for one beyond ASCII as well', () => {
    const beyond = Array.from({ length: 0x10000 - 0x80 }, (_, at) => String.fromCharCode(at + 0x80));
    for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
      const pattern = compilePattern({ regexp: `(?i)${letter}` }, 'subject');
      const isCertain = marksOf({ regexp: `(?i)${letter.repeat(9)}` }, 'subject') !== null;
      expect({ letter, found: beyond.filter((other) => pattern.matches(other)) }).toEqual({
        letter,
        found: isCertain ? [] : [letter === 'k' ? '\u212a' : '\u017f'],
      });
    }
  });
});

/** Matches nothing where it is no expression. */
function compiled(regexp: string): (value: string) => boolean {
  try {
    const pattern = compilePattern({ regexp }, 'subject');
    return (value) => pattern.matches(value);
  } catch {
    return () => false;
  }
}

function lower(value: string): string {
  return value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
