/** `; did you mean "x"?` when one of `options` is a slip of the pen away from `word`, and none is that word; else nothing. */
export function nearest(word: string, options: readonly string[]): string {
  if (word.length > 60) {
    return '';
  }
  const distances = options.map((option) => ({
    option,
    distance: distanceOf(word.toLowerCase(), option.toLowerCase()),
  }));
  const best = distances.sort((a, b) => a.distance - b.distance)[0];
  const close = best !== undefined && best.distance > 0 && best.distance <= Math.floor(best.option.length / 3);
  return close ? `; did you mean "${best.option}"?` : '';
}

/** So many names are listed in a message. */
const MAX_NAMES = 20;

/** So many comparisons are made for all the unknown names of a file: each takes some microseconds. */
const MAX_COMPARISONS = 5000;

/**
 * What is right where `word` is none of the names of `what`: the nearest of them, and all of them, or the first. `told`: how many
 * unknown names were told before, so that a file of many costs no more than its size.
 */
export function expectedName(word: string, names: readonly string[], what: string, told: number): string {
  if (names.length === 0) {
    return `; there is no ${what}`;
  }
  const hint = told * names.length > MAX_COMPARISONS ? '' : nearest(word, names.slice(0, MAX_COMPARISONS));
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return `${hint}; expected one of: ${names.slice(0, MAX_NAMES).join(', ')}${more}`;
}

/** Letters to insert, delete, replace, or swap with their neighbour (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + same, swapped));
    }
  }
  return cell(a.length, b.length);
}
