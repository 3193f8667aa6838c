import type { Store } from './store.ts';

/** How it stands with the expected entries of one watch. Times are milliseconds since 1970. */
export interface Cadence {
  readonly watch: string;
  /** Without an expected entry for so long, something is missing. */
  readonly cadenceMs: number;
  /** Since when the watch is in force without a break. */
  readonly since: number;
  /** The latest expected entry; null: none was ever seen. */
  readonly last: ExpectedEntry | null;
  /** Whether this silence was told to people, or only written down (`mode: audit`); null: neither. */
  readonly toldAs: ToldAs | null;
}

export type ToldAs = 'enforce' | 'audit';

/** An entry that a watch expected. */
export interface ExpectedEntry {
  /** When it was made, as far as that can be known; milliseconds since 1970. */
  readonly at: number;
  /** Origin. */
  readonly log: string;
  readonly index: number;
}

/** What the configuration says of a watch, as far as it is needed here. */
export interface AwaitedWatch {
  readonly name: string;
  readonly cadenceMs: number | null;
}

/** Up to when a log is verified that is followed and may still grow. */
export interface VerifiedLog {
  readonly origin: string;
  /** Milliseconds since 1970; null: it is not verified at all, or nobody can say whether all of its logs are known. */
  readonly verifiedTo: number | null;
}

interface Row {
  readonly watch: string;
  readonly cadence_ms: number;
  readonly since: number;
  readonly last_at: number | null;
  readonly last_log: string | null;
  readonly last_index: number | null;
  readonly told_as: ToldAs | null;
}

/**
 * Takes over what the watches that are in force from now on await. What is known of one that is gone is forgotten: nobody looks for its
 * entries any more. Returns the watches of which it was told that something is missing, and which are gone or await nothing any more.
 * Call inside a transaction.
 */
export function saveCadences(store: Store, watches: readonly AwaitedWatch[]): readonly string[] {
  const wanted = JSON.stringify(watches.map(({ name, cadenceMs }) => [name, cadenceMs]));
  const ended = store
    .prepare<{ watch: string }>(
      `SELECT watch FROM cadences WHERE told_as IS NOT NULL
         AND watch NOT IN (SELECT value ->> 0 FROM json_each(@wanted) WHERE value ->> 1 IS NOT NULL)`,
    )
    .all({ wanted })
    .map(({ watch }) => watch);
  store.prepare('DELETE FROM cadences WHERE watch NOT IN (SELECT value ->> 0 FROM json_each(@wanted))').run({ wanted });
  store
    .prepare(
      `INSERT INTO cadences (watch, cadence_ms) SELECT value ->> 0, value ->> 1 FROM json_each(@wanted) WHERE true
       ON CONFLICT (watch) DO UPDATE SET cadence_ms = excluded.cadence_ms,
         told_as = iif(excluded.cadence_ms IS NULL, NULL, told_as)`,
    )
    .run({ wanted });
  return ended;
}

/**
 * Remembers an expected entry, if it is the latest of its watch: that ends the silence before it. One that is said to be of a time
 * behind `now` was noted by a clock that ran ahead. Returns true where it was told that something is missing. Call inside a transaction.
 */
export function saveExpected(store: Store, watch: string, { at, log, index }: ExpectedEntry, now: Date): boolean {
  const told = store
    .prepare<{ told_as: string | null }>('SELECT told_as FROM cadences WHERE watch = @watch')
    .get({ watch });
  const { changes } = store
    .prepare(
      `INSERT INTO cadences (watch, last_at, last_log, last_index) VALUES (@watch, @at, @log, @index)
       ON CONFLICT (watch) DO UPDATE SET last_at = excluded.last_at, last_log = excluded.last_log,
         last_index = excluded.last_index, told_as = NULL
       WHERE last_at IS NULL OR last_at < excluded.last_at OR last_at > @now`,
    )
    .run({ watch, at, log, index, now: now.getTime() });
  return changes > 0 && told !== undefined && told.told_as !== null;
}

/** The watches in force that await expected entries, by name. */
export function listCadences(store: Store): readonly Cadence[] {
  return store
    .prepare<Row>(
      `SELECT c.watch, c.cadence_ms, w.since, c.last_at, c.last_log, c.last_index, c.told_as
       FROM cadences AS c JOIN watches AS w ON w.name = c.watch
       WHERE c.cadence_ms IS NOT NULL AND w.in_force = 1 ORDER BY c.watch`,
    )
    .all()
    .map((row) => ({
      watch: row.watch,
      cadenceMs: row.cadence_ms,
      since: row.since,
      last: toExpected(row),
      toldAs: row.told_as,
    }));
}

/** Remembers how the silence of a watch was told; null: it is over, or was not told. */
export function saveTold(store: Store, watch: string, toldAs: ToldAs | null): void {
  store.prepare('UPDATE cadences SET told_as = @toldAs WHERE watch = @watch').run({ watch, toldAs });
}

/**
 * Takes back that a watch is in force only from a time behind `now`: a clock wrote it that ran ahead, and no silence may wait for a time
 * that is far away. Call it only while the clock is known to be right.
 */
export function forgetFuture(store: Store, now: Date): void {
  store.prepare('UPDATE watches SET since = @now WHERE since > @now').run({ now: now.getTime() });
}

/**
 * The logs of signatures that are followed and may still grow, least verified first. A log counts only as far as the checkpoint was shown that is
 * verified: a catch-up of days says nothing of what was logged in these days. While a source cannot be asked for its logs, it may have
 * one that nobody knows.
 */
export function listVerified(store: Store): readonly VerifiedLog[] {
  return store
    .prepare<{ origin: string; verified_to: number | null }>(
      `SELECT coalesce(l.origin, s.origin) AS origin,
         -- null when any of them is
         iif(s.state = 'misbehaving', NULL, min(
           l.verified_at,
           coalesce((SELECT last_seen FROM checkpoints WHERE log = l.origin AND size = l.verified_size AND root = l.verified_root),
             l.verified_at),
           coalesce(s.failing_since, l.verified_at)
         )) AS verified_to
       FROM sources AS s LEFT JOIN logs AS l ON l.source = s.name AND l.hidden = 0
       WHERE s.configured = 1 AND s.type <> 'ct'
         -- a source of which every log is left out has none that counts
         AND (l.origin IS NOT NULL OR NOT EXISTS (SELECT 1 FROM logs WHERE source = s.name))
         -- one that ended holds nothing new, unless it grew all the same
         AND (l.frozen_note IS NULL OR l.stopped_by IS NOT NULL)
       ORDER BY verified_to NULLS FIRST, origin`,
    )
    .all()
    .map((row) => ({ origin: row.origin, verifiedTo: row.verified_to }));
}

function toExpected({ last_at: at, last_log: log, last_index: index }: Row): ExpectedEntry | null {
  return at === null || log === null || index === null ? null : { at, log, index };
}
