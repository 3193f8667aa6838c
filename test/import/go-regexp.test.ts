import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { literalPrefix, likelyText } from '../../src/import/go-regexp.ts';
import { anywhere } from '../../src/import/patterns.ts';
import { compilePattern } from '../../src/policy/pattern.ts';

/** As Go's regexp.MatchString. */
function found(regexp: string, value: string): boolean {
  return RE2JS.compile(regexp).matcher(value).find();
}

function matches(regexp: string, value: string): boolean {
  return compilePattern(anywhere(regexp), 'subject').matches(value);
}

const atom = fc.constantFrom(
  'a',
  'b',
  '/',
  '.',
  '\\.',
  '\\$',
  '\\^',
  '[ab]',
  '[^|]',
  '[]a]',
  '[$^]',
  '\\Qa|b\\E',
  '(?:a|b)',
  '(a)',
  '\\\\',
);
const piece = fc
  .tuple(atom, fc.constantFrom('', '', '', '*', '+', '?', '{2}'))
  .map(([one, times]) => (one.startsWith('\\Q') ? one : one + times));
const branch = fc
  .tuple(
    fc.constantFrom('', '^', '(?i)', '(?m)^'),
    fc.array(piece, { maxLength: 4 }),
    fc.constantFrom('', '$', '\\$', '\\\\$', '\\Qa'),
  )
  .map(([start, middle, end]) => start + middle.join('') + end);
const regexps = fc
  .oneof(
    { weight: 4, arbitrary: branch.map((one) => [one]) },
    { weight: 1, arbitrary: fc.array(branch, { minLength: 2, maxLength: 2 }) },
  )
  .map((branches) => branches.join('|'));
const values = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '/', '.', '$', '^', '|', '\\', '\n'), maxLength: 8 });

describe('anywhere()', () => {
  it('keeps the meaning of expressions that are not anchored', () => {
    fc.assert(
      fc.property(regexps, values, (regexp, value) => {
        expect(matches(regexp, value)).toBe(found(regexp, value));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['^https://github\\.com/acme/', 'https://github\\.com/acme/(?s:.*)'],
    ['^a$', 'a'],
    ['a\\$', '(?s:.*)a\\$(?s:.*)'],
    ['^a|b$', '(?s:.*)(?:^a|b$)(?s:.*)'],
    ['^(a|b)$', '(a|b)'],
    ['(?i)^a$', '(?s:.*)(?:(?i)^a$)(?s:.*)'],
  ])('writes %s as %s', (regexp, expected) => {
    expect(anywhere(regexp)).toEqual({ regexp: expected });
  });

  it('refuses what Go refuses, and what is too long', () => {
    expect(() => anywhere('a(')).toThrow(SyntaxError);
    expect(() => anywhere('(?=a)')).toThrow(SyntaxError);
    expect(() => anywhere('a'.repeat(5000))).toThrow(SyntaxError);
  });
});

describe('literalPrefix()', () => {
  it('begins whatever the expression matches', () => {
    fc.assert(
      fc.property(branch, values, (regexp, value) => {
        const source = anywhere(regexp);
        const anchored = typeof source === 'object' && 'regexp' in source ? source.regexp : '';
        fc.pre(anchored !== '' && compilePattern(source, 'subject').matches(value));
        expect(value.startsWith(literalPrefix(anchored))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['https://github\\.com/acme/.*', 'https://github.com/acme/'],
    ['https://github.com/acme', 'https://github'],
    ['ab?c', 'a'],
    ['ab+c', 'ab'],
    ['(?s:.*)a', ''],
    ['a|b', ''],
  ])('of %s is %s', (regexp, prefix) => {
    expect(literalPrefix(regexp)).toBe(prefix);
  });
});

describe('likelyText()', () => {
  it.each([
    ['^https://github.com/acme/widget/.*', 'https://github.com/acme/widget/'],
    ['(?s:.*)github\\.com/acme/(a|b)', 'github.com/acme/'],
    ['(https://github.com/acme/.+)', 'https://github.com/acme/'],
  ])('of %s is %s', (regexp, text) => {
    expect(likelyText(regexp)).toBe(text);
  });
});
