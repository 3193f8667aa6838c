/** A list with at least one item, so that "no keys configured" cannot mean "everything verifies". */
export type NonEmpty<T> = readonly [T, ...T[]];

/** Narrows `list` to a non-empty one. */
export function isNonEmpty<T>(list: readonly T[]): list is NonEmpty<T> {
  return list.length > 0;
}
