import { indexMarks, type MarkIndex, type Marked } from './mark-index.ts';
import { meetsAny, meetsRule, meetsSelector, type ValuesOf } from './meets.ts';
import { rarestRules } from './rarest-rule.ts';
import type { ClaimRule, Selector, Watch } from './watch.ts';

/**
 * The watches of which a signer meets some selector, in their order: of thousands in little more time than of one. A list is prepared
 * the first time and known again by itself, so that whoever judges needs nothing but the list.
 */
export function selectingWatches(watches: readonly Watch[], valuesOf: ValuesOf): readonly Watch[] {
  if (watches.length <= FEW) {
    return watches.filter(({ select }) => select.some((selector) => meetsSelector(selector, valuesOf)));
  }
  const finder = FINDERS.get(watches) ?? createFinder(watches);
  FINDERS.set(watches, finder);
  return [...finder(valuesOf)].sort((a, b) => a - b).flatMap((place) => watches[place] ?? []);
}

/** So many watches are tried as fast as they are looked up, and need no preparation. */
const FEW = 4;

/** The places in their list of the watches that a signer meets, each once. */
type Finder = (valuesOf: ValuesOf) => ReadonlySet<number>;

const FINDERS = new WeakMap<readonly Watch[], Finder>();

/** A selector of the watch at a place. */
interface Placed {
  readonly place: number;
  readonly selector: Selector;
}

/** A selector, and the rule of it by which it is found. */
interface Indexed extends Placed {
  readonly rule: ClaimRule;
}

/**
 * The index only says which rules are worth trying on a value, because the value bears a mark of theirs: one that bears none can meet
 * none of their patterns. Whether it meets them the patterns decide, and a selector without marks is tried every time.
 */
function createFinder(watches: readonly Watch[]): Finder {
  const placed = watches.flatMap(({ select }, place) => select.map((selector) => ({ place, selector })));
  const { byClaim, others } = divide(placed);
  return (valuesOf) => {
    const places = new Set<number>();
    for (const [claim, index] of byClaim) {
      for (const value of valuesOf(claim)) {
        index.find(value, ({ place, selector, rule }) => {
          if (!places.has(place) && meetsAny(rule, value) && meetsOthers(selector, rule, valuesOf)) {
            places.add(place);
          }
        });
      }
    }
    for (const { place, selector } of others) {
      if (!places.has(place) && meetsSelector(selector, valuesOf)) {
        places.add(place);
      }
    }
    return places;
  };
}

function meetsOthers(selector: Selector, met: ClaimRule, valuesOf: ValuesOf): boolean {
  return selector.every((rule) => rule === met || meetsRule(rule, valuesOf));
}

interface Divided {
  readonly byClaim: ReadonlyMap<string, MarkIndex<Indexed>>;
  /** Those that no mark leads to. */
  readonly others: readonly Placed[];
}

function divide(placed: readonly Placed[]): Divided {
  const rules = rarestRules(placed.map(({ selector }) => selector));
  const byClaim = new Map<string, Marked<Indexed>[]>();
  const others: Placed[] = [];
  placed.forEach((item, at) => {
    const found = rules[at] ?? null;
    if (found === null) {
      others.push(item);
      return;
    }
    const { rule, marks } = found;
    const marked = byClaim.get(rule.claim) ?? [];
    byClaim.set(rule.claim, marked);
    for (const mark of marks) {
      marked.push([mark, { ...item, rule }]);
    }
  });
  return { byClaim: new Map([...byClaim].map(([claim, marked]) => [claim, indexMarks(marked)])), others };
}
