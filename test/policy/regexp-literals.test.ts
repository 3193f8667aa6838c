import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { regexpLiterals } from '../../src/policy/regexp-literals.ts';

describe('regexpLiterals()', () => {
  it.each<[string, readonly (readonly string[])[]]>([
    ['acme/widget', [['acme/widget']]],
    [String.raw`^https://github\.com/acme/.*$`, [['https://github.com/acme/']]],
    [String.raw`https://github[.]com/acme[/]x`, [['https://github.com/acme/x']]],
    [String.raw`(?i)acme/widget`, [['acme/widget']]],
    [String.raw`(?:https?://)?github\.com/acme(?:/.*)?`, [['github.com/acme']]],
    [String.raw`acme/[a-z]+/release`, [['acme/', '/release']]],
    [String.raw`acme/(widget|gadget)/release`, [['acme/', 'widget', '/release'], ['acme/', 'gadget', '/release']]], // prettier-ignore
    ['acme|widget', [['acme'], ['widget']]],
    ['acme|', [['acme'], []]],
    ['acme*', [['acm']]],
    ['acme?x', [['acm', 'x']]],
    ['acme+x', [['acme', 'x']]],
    ['acme{2}x', [['acme', 'x']]],
    ['acme{0,2}x', [['acm', 'x']]],
    ['(acme)*x', [['x']]],
    ['(acme)+x', [['acme', 'x']]],
    ['(?P<who>acme)x', [['acme', 'x']]],
    ['x{,3}y', [['x{,3}y']]],
    [String.raw`\Qacme.*\E?x`, [['x']]],
    [String.raw`\Qacme.*\Ex\Q`, [['acme.*', 'x']]],
    [String.raw`\bacme\d\pN\p{Greek}\x41\x{1F600}\n`, [['acme']]],
    ['[^]x]acme[]y]widget[[:alpha:]]end', [['acme', 'widget', 'end']]],
    ['acme(?i)?x', [[]]],
    [String.raw`acme\Q\E{0,2}x`, [[]]],
    ['.*', [[]]],
    ['', [[]]],
    ['('.repeat(300) + 'acme' + ')'.repeat(300), [[]]],
    [Array.from({ length: 300 }, (_, at) => `acme${at}`).join('|'), [[]]],
  ])('reads %.40s', (regexp, expected) => {
    expect(regexpLiterals(regexp)).toEqual(expected);
  });

  const atom = fc.constantFrom(
    'a',
    'b',
    'c',
    '.',
    '[ab]',
    '[^a]',
    '[.]',
    String.raw`\.`,
    String.raw`\Qab\E`,
    String.raw`\w`,
  );
  const expression = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc.tuple(tie('any'), tie('any')).map(([x, y]) => x + y),
      fc.tuple(tie('any'), tie('any')).map(([x, y]) => `(?:${x}|${y})`),
      fc.tuple(tie('any'), tie('any')).map(([x, y]) => `${x}|${y}`),
      fc
        .tuple(tie('any'), fc.constantFrom('*', '+', '?', '{2}', '{0,1}', '{1,}', '+?', '*?'))
        .map(([x, q]) => `(${x})${q}`),
      fc.tuple(atom, fc.constantFrom('*', '+', '?', '{2}', '{0,1}', '+?')).map(([x, q]) => x + q),
    ),
  })).any;

  it('names nothing that a text which matches can do without', () => {
    fc.assert(
      fc.property(
        expression,
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), maxLength: 6 }), { minLength: 20 }),
        (regexp, texts) => {
          const compiled = RE2JS.compile(regexp);
          const alternatives = regexpLiterals(regexp);
          for (const text of texts.filter((one) => compiled.matches(one))) {
            expect(alternatives.some((runs) => runs.every((run) => text.includes(run)))).toBe(true);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('(', ')', '[', ']', '\\', 'Q', 'E', '|', '*', '{', '}', '?', ':', 'a', '^', '😀'),
        }),
        (text) => {
          expect(Array.isArray(regexpLiterals(text))).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
