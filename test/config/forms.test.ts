import { assert, array, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIGITS, form, formsMeet, globForm, hexDigits, PATH, REST, SEGMENT } from '../../src/config/forms.ts';

/** Every string over three characters up to eight of them: as long as two patterns of the test can need together. */
const WORDS = wordsUpTo(8);

function wordsUpTo(length: number): readonly string[] {
  const words = [''];
  for (let from = 0, round = 0; round < length; round++) {
    const until = words.length;
    for (const word of words.slice(from, until)) {
      words.push(`${word}a`, `${word}b`, `${word}/`);
    }
    from = until;
  }
  return words;
}

function accepts(pattern: string): (word: string) => boolean {
  const regexp = pattern.replace(/\*+/g, (stars) => (stars.length > 1 ? '.*' : '[^/]*'));
  const compiled = new RegExp(`^${regexp}$`);
  return (word) => compiled.test(word);
}

describe('formsMeet()', () => {
  it('is whether some text has both forms', () => {
    const pattern = array(constantFrom('a', 'b', '/', '*', '**'), { maxLength: 4 }).map((parts) => parts.join(''));
    assert(
      property(pattern, pattern, (a, b) => {
        const [one, other] = [accepts(a), accepts(b)];
        const witness = WORDS.some((word) => one(word) && other(word));
        expect(formsMeet(globForm(a), globForm(b))).toBe(witness);
        expect(formsMeet(globForm(b), globForm(a))).toBe(witness);
      }),
      { numRuns: 150 },
    );
  });

  it.each<[pattern: string, known: ReturnType<typeof form>, meets: boolean]>([
    ['a/b', form('A/', SEGMENT), true],
    ['a/', form('a/', SEGMENT), false],
    ['a/b/c', form('a/', SEGMENT), false],
    ['a/b/c', form('a/', REST), true],
    ['x*', form('x', DIGITS), true],
    ['xy*', form('x', DIGITS), false],
    ['x**', form('x', hexDigits(2)), true],
    ['xabc', form('x', hexDigits(2)), false],
    ['xgg', form('x', hexDigits(2)), false],
    ['a@b', form(PATH, '@', REST), true],
    ['a@b', form(PATH), false],
    ['', form(), true],
    ['**', form(), true],
    ['a', form(), false],
  ])('%s', (pattern, known, meets) => {
    expect([formsMeet(globForm(pattern), known), formsMeet(known, globForm(pattern))]).toEqual([meets, meets]);
  });

  it('gives up on what takes too long, and then says that they may', () => {
    const [one, other] = ['x', 'y'].map((end) => globForm(`${'*a'.repeat(2000)}${end}`));
    expect(formsMeet(one ?? [], other ?? [])).toBe(true);
    expect(formsMeet(globForm('*ax'), globForm('*ay'))).toBe(false);
  });
});
