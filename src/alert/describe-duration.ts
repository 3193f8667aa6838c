const UNITS = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
  ['seconds', 1000],
] as const;

/** A span of time in words, in the largest unit of which it holds two, rounded down: `31 days`, `36 hours`, `1 minute`. */
export function describeDuration(ms: number): string {
  const [unit, length] = UNITS.find(([, each]) => ms >= 2 * each) ?? (['seconds', 1000] as const);
  const count = Math.max(Math.floor(ms / length), 0);
  return `${count} ${count === 1 ? unit.slice(0, -1) : unit}`;
}
