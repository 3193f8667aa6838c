import type { LogType } from '../log/log.ts';
import type { Hash } from '../tlog/hash.ts';
import { toHash } from '../tlog/hash.ts';
import type { Store } from './store.ts';

/** What a verdict waits for: trust data that reaches to the time of a certificate, or an attestation that lies elsewhere. */
export type DoubtReason = 'trust' | 'attestation';

/** When a doubtful entry is looked at again. */
export interface Wait {
  /** Not before. */
  readonly dueAt: Date;
  /** What is known by then decides; null: it waits for as long as it takes. */
  readonly until: Date | null;
}

/** A doubtful entry, by what identifies it. */
export interface Doubt extends Wait {
  readonly reason: DoubtReason;
  /** Row of `entries`. */
  readonly entry: number;
}

/** A stored entry, with what it takes to judge it again. */
export interface StoredEntry {
  readonly id: number;
  /** Origin. */
  readonly log: string;
  readonly type: LogType;
  readonly index: number;
  readonly globalIndex: number | null;
  readonly uuid: string | null;
  readonly leafHash: Hash;
  readonly body: Buffer;
  readonly extra: Buffer | null;
  readonly issuance: string | null;
  /** Unix seconds, as the log reports them. */
  readonly integratedTime: number | null;
  /** Whether it signed them. */
  readonly timeSigned: boolean;
  readonly observedAt: Date;
}

/** Has an entry that is stored wait, unless it does already, or none of its findings is `unverifiable` any more. Call inside a transaction. */
export function saveDoubt(
  store: Store,
  { log, index, leafHash }: Pick<StoredEntry, 'log' | 'index' | 'leafHash'>,
  reason: DoubtReason,
  { dueAt, until }: Wait,
): void {
  store
    .prepare(
      `INSERT INTO doubtful (entry, reason, due_at, until)
       SELECT e.id, @reason, @dueAt, @until FROM entries AS e
       WHERE e.log = @log AND e.idx = @index AND e.leaf_hash = @leafHash
         AND EXISTS (SELECT 1 FROM findings WHERE entry = e.id AND verdict = 'unverifiable')
       ON CONFLICT (entry, reason) DO NOTHING`,
    )
    .run({ log, index, leafHash, reason, dueAt: dueAt.getTime(), until: until?.getTime() ?? null });
}

/** Has an entry wait for longer, or for something else as well. */
export function prolongDoubt(store: Store, { entry, reason, dueAt, until }: Doubt): void {
  store
    .prepare(
      `INSERT INTO doubtful (entry, reason, due_at, until) VALUES (@entry, @reason, @dueAt, @until)
       ON CONFLICT (entry, reason) DO UPDATE SET due_at = excluded.due_at`,
    )
    .run({ entry, reason, dueAt: dueAt.getTime(), until: until?.getTime() ?? null });
}

/** Ends a wait. */
export function endDoubt(store: Store, { entry, reason }: Pick<Doubt, 'entry' | 'reason'>): void {
  store.prepare('DELETE FROM doubtful WHERE entry = @entry AND reason = @reason').run({ entry, reason });
}

/** Entries that wait for trust data, by row, behind `after`; at most `limit`. */
export function doubtsOfTrust(store: Store, after: number, limit: number): readonly Doubt[] {
  return store
    .prepare<DoubtRow>(
      `SELECT entry, reason, due_at, until FROM doubtful WHERE reason = 'trust' AND entry > @after
       ORDER BY entry LIMIT @limit`,
    )
    .all({ after, limit })
    .map(toDoubt);
}

/** Entries that wait for an attestation and are due at `now`, the longest overdue first; at most `limit`. */
export function dueAttestations(store: Store, now: Date, limit: number): readonly Doubt[] {
  return store
    .prepare<DoubtRow>(
      `SELECT entry, reason, due_at, until FROM doubtful WHERE reason = 'attestation' AND due_at <= @now
       ORDER BY due_at, entry LIMIT @limit`,
    )
    .all({ now: now.getTime(), limit })
    .map(toDoubt);
}

/** Whether this entry waits for an attestation, and how; null: it does not. */
export function findAttestationDoubt(store: Store, entry: number): Doubt | null {
  const row = store
    .prepare<DoubtRow>(
      `SELECT entry, reason, due_at, until FROM doubtful WHERE entry = @entry AND reason = 'attestation'`,
    )
    .get({ entry });
  return row === undefined ? null : toDoubt(row);
}

/** Whether an entry waits for an attestation though its wait is over: because a place cannot be asked. */
export function hasOverdue(store: Store, now: Date): boolean {
  const found = store
    .prepare(`SELECT 1 FROM doubtful WHERE reason = 'attestation' AND until <= @now LIMIT 1`)
    .get({ now: now.getTime() });
  return found !== undefined;
}

/** How many entries wait for an attestation. */
export function countAttestationDoubts(store: Store): number {
  const row = store
    .prepare<{ waiting: number }>(`SELECT count(*) AS waiting FROM doubtful WHERE reason = 'attestation'`)
    .get();
  return row?.waiting ?? 0;
}

/** The entry of a row of `entries`; null when it, or its log, is not there any more. */
export function findStoredEntry(store: Store, id: number): StoredEntry | null {
  const row = store
    .prepare<EntryRow>(
      `SELECT e.id, e.log, l.type, e.idx, e.global_index, e.uuid, e.leaf_hash, e.body, e.extra, e.issuance,
         e.integrated_time, e.time_signed, e.observed_at
       FROM entries AS e JOIN logs AS l ON l.origin = e.log WHERE e.id = @id`,
    )
    .get({ id });
  return row === undefined
    ? null
    : {
        id: row.id,
        log: row.log,
        type: row.type,
        index: row.idx,
        globalIndex: row.global_index,
        uuid: row.uuid,
        leafHash: toHash(row.leaf_hash),
        body: row.body,
        extra: row.extra,
        issuance: row.issuance,
        integratedTime: row.integrated_time === null ? null : row.integrated_time / 1000,
        timeSigned: row.time_signed === 1,
        observedAt: new Date(row.observed_at),
      };
}

interface DoubtRow {
  readonly entry: number;
  readonly reason: DoubtReason;
  readonly due_at: number;
  readonly until: number | null;
}

function toDoubt(row: DoubtRow): Doubt {
  return {
    entry: row.entry,
    reason: row.reason,
    dueAt: new Date(row.due_at),
    until: row.until === null ? null : new Date(row.until),
  };
}

interface EntryRow {
  readonly id: number;
  readonly log: string;
  readonly type: LogType;
  readonly idx: number;
  readonly global_index: number | null;
  readonly uuid: string | null;
  readonly leaf_hash: Buffer;
  readonly body: Buffer;
  readonly extra: Buffer | null;
  readonly issuance: string | null;
  readonly integrated_time: number | null;
  readonly time_signed: number;
  readonly observed_at: number;
}
