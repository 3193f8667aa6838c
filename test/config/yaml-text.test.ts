import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { yamlText } from '../../src/config/yaml-text.ts';

describe('yamlText()', () => {
  it.each<readonly [value: unknown, text: string]>([
    ['acme/widget', 'acme/widget'],
    ['refs/tags/v*', 'refs/tags/v*'],
    ['123', '"123"'],
    ['null', '"null"'],
    ['True', '"True"'],
    ['*x', '"*x"'],
    ['a #b', '"a #b"'],
    [['a', '1'], '[ a, "1" ]'],
    [{ regexp: 'refs/tags/[0-9][^/]*' }, '{ regexp: "refs/tags/[0-9][^/]*" }'],
  ])('writes %j as %s', (value, text) => {
    expect(yamlText(value)).toBe(text);
  });

  it('writes one line that reads back, with a comment behind it, wherever a value stands', () => {
    const text = fc.oneof(
      fc.string({
        unit: fc.constantFrom(...Array.from('aA1 \'"#:,-?[]{}&*!|>%@`~.\\/=<\u00e9\u4e2d\u{1f600}')),
        maxLength: 12,
      }),
      fc.string({ unit: 'grapheme', maxLength: 200 }).filter((one) => !/\p{C}/u.test(one)),
      fc.constantFrom('null', 'yes', '0x1f', '1e3', '.inf', '2026-01-01', '---', '...', '<<', '=', ''),
    );
    const value = fc.oneof(text, fc.array(text, { minLength: 1 }), fc.record({ regexp: text }));
    fc.assert(
      fc.property(value, (one) => {
        const line = yamlText(one);
        expect(line).not.toContain('\n');
        expect(parse(`k: ${line}  # x: [\nl:\n  - ${line}  # y\n`)).toEqual({ k: one, l: [one] });
      }),
      { numRuns: 1000 },
    );
  });
});
