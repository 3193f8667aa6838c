import { isObject, type JsonObject } from './json.ts';

/** So many values of one claim are kept: more than the 100 KiB hold that a server stores, so that none is hidden from who selects it. */
const MAX_VALUES = 10_000;

/**
 * The values at a path of names. Names are compared without regard to case, as Go's readers do: a statement that has two spellings of
 * one name says one thing to one verifier and another to the next, so it counts as saying both.
 */
export function reach(value: unknown, ...path: readonly string[]): readonly unknown[] {
  return path.reduce<readonly unknown[]>((values, name) => values.flatMap((each) => membersOf(each, name)), [value]);
}

function membersOf(value: unknown, name: string): readonly unknown[] {
  if (!isObject(value)) {
    return [];
  }
  const wanted = name.toLowerCase();
  return Object.keys(value)
    .filter((key) => key.length === name.length && key.toLowerCase() === wanted)
    .map((key) => value[key]);
}

/** Those that are texts with something in them. */
export function strings(values: readonly unknown[]): readonly string[] {
  return values.filter((value) => typeof value === 'string').filter((value) => value !== '');
}

/** The objects in the lists among `values`. Null, as Tekton writes an empty list, has none. */
export function objectsIn(values: readonly unknown[]): readonly JsonObject[] {
  return values.flatMap((value): readonly unknown[] => (Array.isArray(value) ? value : [])).filter(isObject);
}

/**
 * The distinct values in their order, the first 10,000 of them. Of what is left out one more value tells how much it is: it meets no
 * pattern that was made for such values, so that no rule holds by what nobody looked at.
 */
export function listed(values: readonly string[]): readonly string[] {
  const distinct = [...new Set(values)];
  const left = distinct.length - MAX_VALUES;
  return left <= 0 ? distinct : [...distinct.slice(0, MAX_VALUES), `(and ${left} more)`];
}
