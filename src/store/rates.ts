import type { Store } from './store.ts';

/** How fast a log was read, as last measured. */
export interface ReadingRate {
  /** Entries a second. */
  readonly reading: number;
  /** How far it was examined then. */
  readonly examinedSize: number;
  readonly measuredAt: Date;
}

/** How fast a log was read while it was last caught up with for some time; null before that. */
export function findRate(store: Store, log: string): ReadingRate | null {
  const row = store
    .prepare<{ reading: number; examined_size: number; measured_at: number }>(
      'SELECT reading, examined_size, measured_at FROM log_rates WHERE log = @log',
    )
    .get({ log });
  return row === undefined
    ? null
    : { reading: row.reading, examinedSize: row.examined_size, measuredAt: new Date(row.measured_at) };
}

/** Replaces what was measured before. */
export function saveRate(store: Store, log: string, { reading, examinedSize, measuredAt }: ReadingRate): void {
  store
    .prepare(
      `INSERT INTO log_rates (log, reading, examined_size, measured_at) VALUES (@log, @reading, @examinedSize, @measuredAt)
       ON CONFLICT (log) DO UPDATE SET reading = excluded.reading, examined_size = excluded.examined_size,
         measured_at = excluded.measured_at`,
    )
    .run({ log, reading, examinedSize, measuredAt: measuredAt.getTime() });
}

/** Growth is what the checkpoints of so long show, back from the last look. */
const WINDOW_MS = 3_600_000;
/** At most so many of them are looked at. */
const LOOKED_AT = 1000;
/** Less time shows chance only. */
const SHORTEST_MS = 30_000;

/** By how many entries a second a log grew in the last hour in which it was looked at; null where it was not looked at for long enough. */
export function findGrowth(store: Store, log: string): number | null {
  const last = store
    .prepare<{ size: number; seen: number | null }>(
      `SELECT size, (SELECT max(last_seen) FROM checkpoints WHERE log = @log AND size >= c.size) AS seen
       FROM checkpoints AS c WHERE log = @log AND disregarded_by IS NULL ORDER BY size DESC LIMIT 1`,
    )
    .get({ log });
  if (last === undefined || last.seen === null) {
    return null;
  }
  const first = store
    .prepare<{ size: number; seen: number }>(
      // From the largest down, so that the rows of a year are not all read.
      `SELECT size, first_seen AS seen FROM
         (SELECT size, first_seen FROM checkpoints WHERE log = @log AND disregarded_by IS NULL ORDER BY size DESC LIMIT @rows)
       WHERE first_seen >= @since OR size = @size ORDER BY size LIMIT 1`,
    )
    .get({ log, rows: LOOKED_AT, since: last.seen - WINDOW_MS, size: last.size });
  const seconds = (last.seen - Math.max(first?.seen ?? last.seen, last.seen - WINDOW_MS)) / 1000;
  return first === undefined || seconds * 1000 < SHORTEST_MS ? null : (last.size - first.size) / seconds;
}

/** When the oldest checkpoint was first seen of whose entries not all are examined; null where all are, or none was read yet. */
export function findBehindSince(store: Store, log: string): Date | null {
  const row = store
    .prepare<{ since: number | null }>(
      `SELECT min(c.first_seen) AS since FROM logs AS l JOIN checkpoints AS c ON c.log = l.origin AND c.size > l.frontier_size
       WHERE l.origin = @log AND c.disregarded_by IS NULL AND c.beside = 0`,
    )
    .get({ log });
  return row === undefined || row.since === null ? null : new Date(row.since);
}
