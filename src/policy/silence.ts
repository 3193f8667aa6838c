/** What the silence of a watch is measured by. Times are milliseconds since 1970. */
export interface Awaited {
  /** Without an expected entry for so long, something is missing; milliseconds, above 0. */
  readonly cadenceMs: number;
  /** When the silence began: with the last expected entry, or when the watch was loaded. */
  readonly from: number;
  /** Every log that can hold an expected entry is verified up to then; null: one is not verified at all. */
  readonly verifiedTo: number | null;
  readonly now: number;
}

/**
 * `quiet`: nothing is overdue. `held`: by the clock something is, but a log is not verified far enough to say so. `missing`: every log
 * was read, and holds nothing.
 */
export type SilenceState = 'quiet' | 'held' | 'missing';

/** How long a watch has seen no expected entry. Times are milliseconds. */
export interface Silence {
  readonly state: SilenceState;
  /** How long the logs are known to be silent; never below 0. */
  readonly silentMs: number;
  /** When something is missing, milliseconds since 1970. */
  readonly dueAt: number;
}

/**
 * Measures a silence. It counts only as far as every log is verified: what a log holds that was not read yet may end it. A clock that
 * was set back makes it shorter, never longer. Pure.
 */
export function silenceOf({ cadenceMs, from, verifiedTo, now }: Awaited): Silence {
  // A log that was verified in the future was verified by a clock that ran ahead.
  const known = Math.max(Math.min(verifiedTo ?? from, now) - from, 0);
  const state = known >= cadenceMs ? 'missing' : now - from >= cadenceMs ? 'held' : 'quiet';
  return { state, silentMs: known, dueAt: from + cadenceMs };
}
