import { foldCase } from './glob.ts';
import type { Mark } from './marks.ts';
import { indexNeedles } from './needle-index.ts';

/** Finds what is known by a mark that a value may bear. */
export interface MarkIndex<T> {
  /**
   * Calls `visit` with everything whose mark the value bears, with the same thing perhaps several times, and never with less. Takes
   * time linear in the value and in what is visited.
   */
  find(value: string, visit: (item: T) => void): void;
}

/** Something, and a mark by which it is found. */
export type Marked<T> = readonly [mark: Mark, item: T];

/**
 * Whole values by their hash, texts in them in one pass. One automaton for all patterns (RE2Set) would be exact, but its states are
 * made as values come: with 10,000 patterns a fresh value took milliseconds, and whoever writes into a log could make it take seconds
 * with a few kilobytes.
 */
export function indexMarks<T>(all: readonly Marked<T>[]): MarkIndex<T> {
  const wholes = groupByText(all.filter(([{ isWhole }]) => isWhole));
  const longest = [...wholes.keys()].reduce((most, { length }) => Math.max(most, length), 0);
  const visitRuns = indexRuns(groupByText(all.filter(([{ isWhole }]) => !isWhole)));
  return {
    find: (value, visit) => {
      if (value.length <= longest) {
        wholes.get(foldCase(value))?.forEach(visit);
      }
      visitRuns?.(value, visit);
    },
  };
}

function groupByText<T>(all: readonly Marked<T>[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const [{ text }, item] of all) {
    const group = groups.get(text);
    if (group === undefined) {
      groups.set(text, [item]);
    } else {
      group.push(item);
    }
  }
  return groups;
}

function indexRuns<T>(byRun: ReadonlyMap<string, readonly T[]>): MarkIndex<T>['find'] | null {
  if (byRun.size === 0) {
    return null;
  }
  const items = [...byRun.values()];
  const index = indexNeedles([...byRun.keys()].map((run) => ({ bytes: Buffer.from(run), isNumber: false })));
  return (value, visit) => {
    const found = new Set<number>();
    index.scan(Buffer.from(value), found);
    for (const position of found) {
      items[position]?.forEach(visit);
    }
  };
}
