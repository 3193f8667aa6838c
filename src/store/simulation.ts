import type { AlertKind } from '../alert/alert.ts';
import type { Severity } from '../policy/watch.ts';
import { listVerified } from './cadence.ts';
import { Store } from './store.ts';

/**
 * A database for what is only tried: nobody else sees it, and nothing of it stays. What does not fit into memory, SQLite keeps in a file
 * without a name (sqlite.org/inmemorydb.html, temporary databases). Throws DatabaseError.
 */
export function openSimulation(): Store {
  return Store.open('');
}

/** Has `to` know the logs of `from`, as if each were followed and verified, and since when each watch is in force there. Call inside a transaction. */
export function copyLogs(from: Store, to: Store): void {
  const logs = from.prepare<{ origin: string; type: string }>('SELECT origin, type FROM logs ORDER BY origin').all();
  for (const log of logs) {
    to.prepare(
      `INSERT INTO sources (name, type, url, origin, joined, state) VALUES (@origin, @type, '', @origin, 1, 'reached')`,
    ).run(log);
    to.prepare(
      `INSERT INTO logs (origin, source, type, url, original, state, updated_at) VALUES (@origin, @origin, @type, '', 1, 'verified', 0)`,
    ).run(log);
  }
}

/** Has watches that `from` knows be in force in `to` since the same moment. Call inside a transaction, once they are there. */
export function copySince(from: Store, to: Store): void {
  const known = from
    .prepare<{ name: string; since: number }>('SELECT name, since FROM watches WHERE in_force = 1')
    .all();
  for (const watch of known) {
    to.prepare('UPDATE watches SET since = @since WHERE name = @name').run(watch);
  }
}

/** Says when a log was verified last; of every log where none is named. `at`: milliseconds since 1970; null: never. */
export function saveVerifiedAt(store: Store, at: number | null, log: string | null = null): void {
  store.prepare('UPDATE logs SET verified_at = @at WHERE @log IS NULL OR origin = @log').run({ at, log });
}

/** When a log was verified before its entry at `index` was read at `now`, as far as its checkpoints still say; milliseconds since 1970; null: it was not. */
export function verifiedBefore(store: Store, log: string, index: number, now: Date): number | null {
  const row = store
    .prepare<{ last_seen: number }>(
      `SELECT last_seen FROM checkpoints WHERE log = @log AND size <= @index AND verified = 1 AND first_seen <= @now
       ORDER BY size DESC LIMIT 1`,
    )
    .get({ log, index, now: now.getTime() });
  return row === undefined ? null : Math.min(row.last_seen, now.getTime());
}

/** Up to when every log that may hold a signature is verified; milliseconds since 1970; null where one is not, or nobody can say. */
export function verifiedUpTo(store: Store): number | null {
  return listVerified(store)[0]?.verifiedTo ?? null;
}

/** Since when logs are followed, as far as is still known; null: none was. */
export function followedSince(store: Store): Date | null {
  const row = store.prepare<{ first_seen: number }>('SELECT first_seen FROM checkpoints ORDER BY id LIMIT 1').get();
  return row === undefined ? null : new Date(row.first_seen);
}

/** Forgets what was told so far, and what would have been. Call inside a transaction. */
export function forgetTold(store: Store): void {
  store.db.exec('DELETE FROM alerts; DELETE FROM audit_alerts');
}

/** What a watch told, or would have told in audit mode, folded by dedupe key. */
export interface ToldAlert {
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly title: string;
  readonly log: string | null;
  /** Of the first entry. */
  readonly index: number | null;
  readonly occurrences: number;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  readonly dedupeKey: string;
}

/** How many alerts of one kind a watch told. */
export interface ToldCount {
  readonly watch: string;
  readonly kind: AlertKind;
  readonly severity: Severity;
  /** Only written down: the watch is in audit mode. */
  readonly isAudited: boolean;
  readonly alerts: number;
}

/** Both tables, without what no watch told. */
const TOLD = `(SELECT watch, dedupe_key, kind, severity, title, log, idx, occurrences, first_seen, last_seen, 0 AS audited
   FROM alerts WHERE watch IS NOT NULL
   UNION ALL
   SELECT watch, dedupe_key, kind, severity, title, log, idx, occurrences, first_seen, last_seen, 1 AS audited
   FROM audit_alerts)`;

/** The gravest first. */
const GRAVEST = `CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END`;

/** How many alerts each watch told, by kind and severity, the gravest first. */
export function countTold(store: Store): readonly ToldCount[] {
  return store
    .prepare<{ watch: string; kind: AlertKind; severity: Severity; audited: number; alerts: number }>(
      `SELECT watch, kind, severity, audited, count(*) AS alerts FROM ${TOLD}
       GROUP BY watch, kind, severity, audited ORDER BY watch, ${GRAVEST}, kind`,
    )
    .all()
    .map(({ watch, kind, severity, audited, alerts }) => ({
      watch,
      kind,
      severity,
      isAudited: audited === 1,
      alerts,
    }));
}

interface ToldRow {
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly title: string;
  readonly log: string | null;
  readonly idx: number | null;
  readonly occurrences: number;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly dedupe_key: string;
}

/** What a watch told, the gravest first, then the earliest; at most `limit`. */
export function listTold(store: Store, watch: string, limit: number): readonly ToldAlert[] {
  return store
    .prepare<ToldRow>(
      `SELECT kind, severity, title, log, idx, occurrences, first_seen, last_seen, dedupe_key FROM ${TOLD}
       WHERE watch = @watch ORDER BY ${GRAVEST}, first_seen, idx, dedupe_key LIMIT @limit`,
    )
    .all({ watch, limit })
    .map((row) => ({
      kind: row.kind,
      severity: row.severity,
      title: row.title,
      log: row.log,
      index: row.idx,
      occurrences: row.occurrences,
      firstSeen: new Date(row.first_seen),
      lastSeen: new Date(row.last_seen),
      dedupeKey: row.dedupe_key,
    }));
}
