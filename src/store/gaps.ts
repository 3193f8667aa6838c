import type { Store } from './store.ts';

/** Why entries behind the position were not examined: the log did not serve them, or they are of a history that was given up. */
export type GapReason = 'withheld' | 'contested';

/** Entries of a log that were never examined: from ≤ index < to. */
export interface GapRow {
  readonly log: string;
  readonly from: number;
  readonly to: number;
  readonly reason: GapReason;
  /** When it was last asked for. */
  readonly triedAt: Date;
}

/** Keeps a gap, with now as the time it was last asked for. One that begins at the same entry is taken over. */
export function saveGap(store: Store, gap: Omit<GapRow, 'triedAt'>, now: Date): void {
  const { log, from, to, reason } = gap;
  store
    .prepare(
      `INSERT INTO gaps (log, from_index, to_index, reason, since, tried_at) VALUES (@log, @from, @to, @reason, @now, @now)
       ON CONFLICT (log, from_index) DO UPDATE SET to_index = max(to_index, excluded.to_index), tried_at = excluded.tried_at`,
    )
    .run({ log, from, to, reason, now: now.getTime() });
}

/** Of the gaps in the first `size` entries of a log, the one that was asked for longest ago, and not since `before`; null when there is none. */
export function nextGap(store: Store, log: string, before: Date, size: number): GapRow | null {
  const row = store
    .prepare<Omit<GapRow, 'triedAt'> & { readonly tried_at: number }>(
      `SELECT log, from_index AS "from", to_index AS "to", reason, tried_at FROM gaps
       WHERE log = @log AND tried_at <= @before AND to_index <= @size ORDER BY tried_at, from_index LIMIT 1`,
    )
    .get({ log, before: before.getTime(), size });
  if (row === undefined) {
    return null;
  }
  const { tried_at: triedAt, ...gap } = row;
  return { ...gap, triedAt: new Date(triedAt) };
}

/** Says that the first entries of a gap, those before `index`, are examined: it is shorter, or gone. */
export function shortenGap(store: Store, gap: GapRow, index: number): void {
  const key = { log: gap.log, from: gap.from };
  if (index >= gap.to) {
    store.prepare('DELETE FROM gaps WHERE log = @log AND from_index = @from').run(key);
  } else {
    store.prepare('UPDATE gaps SET from_index = @index WHERE log = @log AND from_index = @from').run({ ...key, index });
  }
}

/** Makes two gaps of one, because what lies from `index` on can be asked for by itself: the first was asked for just now. */
export function splitGap(store: Store, gap: GapRow, index: number, now: Date): void {
  store.transaction(() => {
    store
      .prepare(
        `INSERT INTO gaps (log, from_index, to_index, reason, since, tried_at)
         SELECT log, @index, to_index, reason, since, tried_at FROM gaps WHERE log = @log AND from_index = @from`,
      )
      .run({ log: gap.log, from: gap.from, index });
    store
      .prepare('UPDATE gaps SET to_index = @index WHERE log = @log AND from_index = @from')
      .run({ log: gap.log, from: gap.from, index });
    saveTried(store, gap, now);
  });
}

/** Remembers that a gap was asked for in vain. */
export function saveTried(store: Store, gap: GapRow, now: Date): void {
  store
    .prepare('UPDATE gaps SET tried_at = @now WHERE log = @log AND from_index = @from')
    .run({ log: gap.log, from: gap.from, now: now.getTime() });
}

/** Forgets gaps, and parts of gaps, from entry `index` on: these entries are read again as any other. */
export function cutGaps(store: Store, log: string, index: number): void {
  store.prepare('DELETE FROM gaps WHERE log = @log AND from_index >= @index').run({ log, index });
  store.prepare('UPDATE gaps SET to_index = @index WHERE log = @log AND to_index > @index').run({ log, index });
}

/** Whether a log has entries that it signed and did not serve. */
export function hasWithheld(store: Store, log: string): boolean {
  return store.prepare(`SELECT 1 FROM gaps WHERE log = @log AND reason = 'withheld'`).get({ log }) !== undefined;
}
