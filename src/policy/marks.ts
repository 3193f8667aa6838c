import { foldCase } from './glob.ts';
import { expandShorthand, isPatternSource, type PatternSource } from './pattern.ts';
import { regexpLiterals } from './regexp-literals.ts';

/** A text, in lower case of ASCII, that a value in lower case is or holds. */
export interface Mark {
  readonly text: string;
  /** The value is that text, and not only holds it. */
  readonly isWhole: boolean;
}

/** Marks of which a value bears all. Never empty. */
export type Marks = readonly [Mark, ...Mark[]];

/** Fewest characters of a text that is held: what is shorter stands in everything. */
const SHORTEST_RUN = 5;

/**
 * The ways in which a pattern for `claim` can match: whatever it matches bears all marks of one of them, which says nothing of what
 * it does not match. Null where that is not known (a `not`, a pattern that has hardly a text of its own). Never throws.
 */
export function marksOf(source: unknown, claim: string): readonly Marks[] | null {
  return isPatternSource(source) ? marksIn(source, claim) : null;
}

function marksIn(source: PatternSource, claim: string): readonly Marks[] | null {
  if (typeof source === 'string') {
    const text = expandShorthand(source, claim);
    return text.includes('*') ? ofRuns([text.split(/\*+/)]) : [[{ text: foldCase(text), isWhole: true }]];
  }
  if ('regexp' in source) {
    return ofRuns(ofRegexp(source.regexp));
  }
  return 'not' in source ? null : ofAll(source.map((item) => marksIn(item, claim)));
}

/** Null where one is not known: a value may meet that one. */
export function ofAll<T>(lists: readonly (readonly T[] | null)[]): readonly T[] | null {
  const known = lists.filter((list) => list !== null);
  return known.length === lists.length ? known.flat() : null;
}

/** For each alternative what it holds. */
function ofRuns(alternatives: readonly (readonly string[])[]): readonly Marks[] | null {
  return ofAll(
    alternatives.map((runs): readonly Marks[] | null => {
      const [first, ...others] = runs.filter(isTelling).map((run) => ({ text: foldCase(run), isWhole: false }));
      return first === undefined ? null : [[first, ...others]];
    }),
  );
}

/** Half of a surrogate pair may stand beside its other half in a value, and then it is not in UTF-8 what it is alone. */
function isTelling(run: string): boolean {
  return run.length >= SHORTEST_RUN && !/[\ud800-\udfff]/.test(run);
}

/** RE2's `(?i)` folds by Unicode: there a K may be the Kelvin sign, an S the long s, and no letter beyond ASCII is certain. */
function ofRegexp(regexp: string): readonly (readonly string[])[] {
  const alternatives = regexpLiterals(regexp);
  return /\(\?[^:)]*i/.test(regexp)
    ? alternatives.map((runs) => runs.flatMap((run) => run.split(/[KkSs]|[^ -~]/)))
    : alternatives;
}
