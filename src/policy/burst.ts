const DAY_MS = 86_400_000;

/** From the first to the last of some entries; milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The span of the windows of length `perMs` that hold more than `over` of some entries; null where there is none. Entries are in
 * one window when less than `perMs` lies between them. `before`: when those up to a new entry were made, itself included,
 * `after`: the later ones; both rising.
 */
export function findBurst(
  before: readonly number[],
  after: readonly number[],
  over: number,
  perMs: number,
): Span | null {
  // Further away there is nothing that a window with the new entry needs.
  const times = [...before.slice(-(over + 1)), ...after.slice(0, over)];
  let [from, to] = [Infinity, -Infinity];
  for (let first = 0; first + over < times.length; first += 1) {
    // Never undefined: inside the list.
    const [start, end] = [times[first] as number, times[first + over] as number];
    if (end - start < perMs) {
      from = Math.min(from, start);
      to = end;
    }
  }
  return to === -Infinity ? null : { from, to };
}

/** What a watch did before some day. */
export interface Norm {
  /** How many of its entries are known from before. */
  readonly entries: number;
  /** When the first of them was made; null: there is none. */
  readonly since: number | null;
  /** Most entries in one window. */
  readonly inWindow: number;
  /** Most entries of one run. */
  readonly inRun: number;
}

/** More entries than these are a burst. */
export interface Limits {
  readonly window: number;
  readonly run: number;
}

/** Where the past ends that an entry made at `at` is held against: at the last midnight (UTC) before its window, so that nothing that is under way makes itself usual. */
export function endOfPast(at: number, perMs: number): number {
  return Math.floor((at - perMs) / DAY_MS) * DAY_MS;
}

/** How far the past reaches, in milliseconds. */
export interface Past {
  readonly usualMs: number;
  /** Where it holds fewer than `enough` entries. */
  readonly longMs: number;
  readonly enough: number;
}

/** Who signs four times a year is held against more than one of them. */
export const PAST: Past = { usualMs: 90 * DAY_MS, longMs: 400 * DAY_MS, enough: 20 };

/** A watch that is known for so long is known well enough, and one that signs seldom when it is known for this long. */
const ENOUGH_MS = 7 * DAY_MS;
const LONG_ENOUGH_MS = 30 * DAY_MS;

/** So many are never a burst, and so many times the most that ever were are. */
const LEAST = 10;
const FACTOR = 2;

/** How many entries are usual for a watch of `over: auto`, for an entry made at `at`; null while too little is known of it. */
export function usualLimits({ entries, since, inWindow, inRun }: Norm, at: number): Limits | null {
  const known = since === null ? 0 : at - since;
  const isKnown = known >= LONG_ENOUGH_MS || (known >= ENOUGH_MS && entries >= PAST.enough);
  return isKnown ? { window: Math.max(LEAST, FACTOR * inWindow), run: Math.max(LEAST, FACTOR * inRun) } : null;
}
