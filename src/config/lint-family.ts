import type { ConfigSource } from './config-source.ts';
import { valueAt, type KeyPath } from './key-path.ts';
import type { Hint } from './lint.ts';

/** What does nothing in one watch may be written for another that takes over the same. */
const UNUSED: ReadonlySet<string> = new Set([
  'unused-notify',
  'unused-allow',
  'unused-attestations',
  'follows-nothing',
]);

/**
 * Leaves out what is of no use to one watch only: it stands in a template, or in a watch that others extend, and some of them use it.
 * `count`: how many watches there are.
 */
export function unusedByAll(hints: readonly Hint[], count: number, source: ConfigSource): readonly Hint[] {
  const unused = new Set(hints.filter(({ rule, path }) => UNUSED.has(rule) && path[0] === 'watches'));
  const keys = new Map([...unused].map(({ path }) => [JSON.stringify(path.slice(2)), path.slice(2)]));
  const left = new Map<string, number>();
  const add = (path: KeyPath, by: number): void => {
    left.set(placeOf(path, source), (left.get(placeOf(path, source)) ?? 0) + by);
  };
  for (const key of keys.values()) {
    for (let watch = 0; watch < count; watch++) {
      const path = ['watches', watch, ...key];
      if (valueAt(source.value, path) !== undefined) {
        add(path, 1);
      }
    }
  }
  unused.forEach(({ path }) => {
    add(path, -1);
  });
  return hints.filter((hint) => !unused.has(hint) || left.get(placeOf(hint.path, source)) === 0);
}

function placeOf(path: KeyPath, source: ConfigSource): string {
  const { file, line, column } = source.valuePlace(path);
  return `${line}:${column}:${file}`;
}
