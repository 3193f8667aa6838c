import fc from 'fast-check';
import type { PatternSource } from '../../src/policy/pattern.ts';
import { referenceMatch, referenceRegexp, referenceShorthand, writeRegexp, type Regexp } from './reference-match.ts';

/** A pattern as it is written, and what it matches by the slow reference. */
export interface ReferencePattern {
  readonly source: PatternSource;
  readonly matches: (value: string) => boolean;
}

/** Claims with the shorthand, with that of an owner, and with none. */
export const PATTERN_CLAIMS = ['source_repository', 'source_owner', 'builder', 'subject', 'source_ref'] as const;

/** Texts that values and patterns are made of, so that they meet now and then. */
const TEXTS = [
  'https://github.com/',
  'https://GitHub.com/',
  'https://gitlab.com/',
  'acme',
  'Acme',
  'widget',
  '/',
  '/.github/workflows/release.yml',
  '@refs/tags/v',
  '@',
  '1',
  'K',
  '\u212a',
] as const;

/** Values such as certificates hold, and such as nobody would. */
export const anyValue: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom(...TEXTS), { maxLength: 6 }).map((texts) => texts.join('')) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom('https://github.com/acme/widget', 'https://github.com/ACME/Widget', 'https://github.com/acme'),
        fc.constantFrom('', '/.github/workflows/release.yml@refs/tags/v1', '/x', '@refs/tags/v1\n'),
      )
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.constantFrom('acme', 'Acme', 'acme/widget', '', 'acme@widget', 'refs/tags/v1') },
);

/** A pattern of every form, of `depth` levels of lists and negations at most. */
export function anyPattern(claim: string, depth = 2): fc.Arbitrary<ReferencePattern> {
  const leaf = fc.oneof({ weight: 3, arbitrary: globOf(claim) }, { weight: 2, arbitrary: expression });
  if (depth === 0) {
    return leaf;
  }
  const inner = anyPattern(claim, depth - 1);
  return fc.oneof(
    { weight: 4, arbitrary: leaf },
    { weight: 1, arbitrary: inner.map(({ source, matches }) => ({ source: { not: source }, matches: (value: string) => !matches(value) })) }, // prettier-ignore
    {
      weight: 1,
      arbitrary: fc.array(inner, { minLength: 1, maxLength: 3 }).map((items): ReferencePattern => ({
        source: items.map(({ source }) => source) as [PatternSource, ...PatternSource[]], // at least one
        matches: (value) => items.some(({ matches }) => matches(value)),
      })),
    },
  );
}

/** Often what a value is, with stars in the place of a text or two. */
function globOf(claim: string): fc.Arbitrary<ReferencePattern> {
  const loose = fc.array(fc.constantFrom(...TEXTS, '*', '**'), { maxLength: 6 }).map((texts) => texts.join(''));
  const close = fc
    .tuple(anyValue, fc.constantFrom('', '*', '**'), fc.constantFrom('widget', 'acme', 'release.yml', '1', ''))
    .map(([value, star, replaced]) => (star === '' ? value : value.replace(replaced, () => star)));
  const short = fc.constantFrom(
    'acme/widget',
    'Acme/Widget',
    'acme/*',
    'acme',
    '*',
    'acme/**',
    'a*e/wid**',
    '**/widget',
  );
  return fc.oneof(loose, close, short).map((source) => ({
    source,
    matches: (value) => referenceMatch(referenceShorthand(source, claim), value),
  }));
}

const expression: fc.Arbitrary<ReferencePattern> = fc
  .tuple(
    fc.constantFrom('https://github.com/acme', 'https://github.com/', 'acme', ''),
    fc.letrec<{ readonly any: Regexp }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constantFrom<Regexp>(
          { kind: 'any' },
          { kind: 'repeated', part: { kind: 'any' }, least: 0, most: 'many' },
          { kind: 'one of', letters: 'ac/', negated: false },
          { kind: 'one of', letters: '/@', negated: true },
          textOf('/widget'),
          textOf('acme'),
          textOf('/.github/workflows/release.yml'),
          textOf('@refs/tags/v1'),
        ),
        fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((parts): Regexp => ({ kind: 'sequence', parts })),
        fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((parts): Regexp => ({ kind: 'either', parts })),
        fc
          .tuple(tie('any'), fc.constantFrom<0 | 1>(0, 1), fc.constantFrom<1 | 'many'>(1, 'many'))
          .map(([part, least, most]): Regexp => ({ kind: 'repeated', part, least, most })),
      ),
    })).any,
  )
  .map(([start, rest]): ReferencePattern => {
    const regexp: Regexp = { kind: 'sequence', parts: [textOf(start), rest] };
    return { source: { regexp: writeRegexp(regexp) }, matches: (value) => referenceRegexp(regexp, value) };
  });

function textOf(text: string): Regexp {
  return { kind: 'sequence', parts: Array.from(text, (letter): Regexp => ({ kind: 'letter', letter })) };
}
