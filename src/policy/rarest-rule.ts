import { marksOf, ofAll, type Mark, type Marks } from './marks.ts';
import type { ClaimRule, Selector } from './watch.ts';

/** A rule of a selector, and marks of which every value that meets it bears one. */
export interface MarkedRule {
  readonly rule: ClaimRule;
  readonly marks: readonly Mark[];
}

/**
 * For each selector that rule by which it is told from the others best: whose marks the fewest selectors share, so that a value which
 * everybody has (an issuer, a kind) leads to few of them. Null for a selector none of whose rules has marks.
 */
export function rarestRules(selectors: readonly Selector[]): readonly (MarkedRule | null)[] {
  const all = selectors.map((selector) => selector.flatMap(withMarks));
  const counts = new Map<string, number>();
  for (const { rule, ways } of all.flat()) {
    for (const mark of ways.flat()) {
      const name = nameOf(rule, mark);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return all.map((rules) => {
    const choices = rules.map((choice) => rarestMarks(choice, counts));
    return choices.reduce<Choice | null>(
      (best, choice) => (best === null || isRarer(choice, best) ? choice : best),
      null,
    );
  });
}

interface RuleWays {
  readonly rule: ClaimRule;
  readonly ways: readonly Marks[];
}

function withMarks(rule: ClaimRule): readonly RuleWays[] {
  const ways = ofAll(rule.patterns.map(({ source }) => marksOf(source, rule.claim)));
  return ways === null ? [] : [{ rule, ways }];
}

/** A mark means the same only for the same claim. */
function nameOf({ claim }: ClaimRule, { text, isWhole }: Mark): string {
  return `${claim} ${String(isWhole)} ${text}`;
}

interface Choice extends MarkedRule {
  /** How many share that of its marks that most share. */
  readonly shared: number;
  /** Length of its shortest mark. */
  readonly shortest: number;
}

/** Of each way the one mark that the fewest share; a mark of several ways once. */
function rarestMarks({ rule, ways }: RuleWays, counts: ReadonlyMap<string, number>): Choice {
  const sharing = (mark: Mark): number => counts.get(nameOf(rule, mark)) ?? 0;
  const rarest = ways.map((way) =>
    way.reduce((best, mark) => {
      const fewer = sharing(best) - sharing(mark);
      return fewer > 0 || (fewer === 0 && mark.text.length > best.text.length) ? mark : best;
    }),
  );
  const marks = [...new Map(rarest.map((mark) => [nameOf(rule, mark), mark])).values()];
  return {
    rule,
    marks,
    shared: marks.reduce((most, mark) => Math.max(most, sharing(mark)), 0),
    shortest: marks.reduce((least, { text }) => Math.min(least, text.length), Infinity),
  };
}

function isRarer(choice: Choice, other: Choice): boolean {
  return choice.shared < other.shared || (choice.shared === other.shared && choice.shortest > other.shortest);
}
