/** How much of a log was read, and when. */
export interface Mark {
  readonly size: number;
  readonly at: Date;
}

/** After so many milliseconds, what was measured before counts for a third. */
const MEMORY_MS = 60_000;

/** Entries a second between two marks, `before` (if any) smoothed by it: the more, the longer it took. The marks are some time apart. */
export function measureRate(from: Mark, to: Mark, before: number | null): number {
  const ms = to.at.getTime() - from.at.getTime();
  const rate = ((to.size - from.size) / ms) * 1000;
  const weight = before === null ? 1 : 1 - Math.exp(-ms / MEMORY_MS);
  return (before ?? 0) * (1 - weight) + rate * weight;
}
