import type { LogState } from './logs.ts';
import type { Store } from './store.ts';

/** When a log was last heard of, and since when it is not. */
export interface Life {
  /** Name of its source. */
  readonly source: string;
  readonly state: LogState;
  /** It is not shown. */
  readonly hidden: boolean;
  /** An operator must decide about it. */
  readonly stopped: boolean;
  /** It was shown to have ended. */
  readonly frozen: boolean;
  /** Its last sign of life; null before the first. */
  readonly aliveAt: Date | null;
  /** The largest tree that its own address showed; null before the first. */
  readonly aliveSize: number | null;
  /** Since when it cannot be read; null while it can. */
  readonly failingSince: Date | null;
  readonly lastError: string | null;
  /** The source cannot be asked for its logs. */
  readonly sourceFailing: boolean;
}

/** The signs of life of a log; null when it was never registered. */
export function findLife(store: Store, log: string): Life | null {
  const row = store
    .prepare<{
      source: string;
      state: LogState;
      hidden: number;
      stopped: number;
      frozen: number;
      alive_at: number | null;
      alive_size: number | null;
      failing_since: number | null;
      last_error: string | null;
      source_failing: number;
    }>(
      `SELECT l.source, l.state, l.hidden, l.stopped_by IS NOT NULL AS stopped, l.frozen_note IS NOT NULL AS frozen, l.alive_at, l.alive_size,
         l.failing_since, l.last_error, s.failing_since IS NOT NULL AS source_failing
       FROM logs AS l JOIN sources AS s ON s.name = l.source WHERE l.origin = @log`,
    )
    .get({ log });
  return row === undefined
    ? null
    : {
        source: row.source,
        state: row.state,
        hidden: row.hidden === 1,
        stopped: row.stopped === 1,
        frozen: row.frozen === 1,
        aliveAt: toDate(row.alive_at),
        aliveSize: row.alive_size,
        failingSince: toDate(row.failing_since),
        lastError: row.last_error,
        sourceFailing: row.source_failing === 1,
      };
}

/** Remembers a sign of life, unless a later one is known. `size`: of the largest tree that its own address showed. */
export function saveLife(store: Store, log: string, at: Date, size: number): void {
  store
    .prepare(
      `UPDATE logs SET alive_at = max(coalesce(alive_at, @at), @at), alive_size = max(coalesce(alive_size, @size), @size)
       WHERE origin = @log`,
    )
    .run({ log, at: at.getTime(), size });
}

/** Says that a verified log gave no sign of life for too long. */
export function saveStalled(store: Store, log: string): void {
  store.prepare(`UPDATE logs SET state = 'stalled' WHERE origin = @log AND state = 'verified'`).run({ log });
}

/** Whether a log that is followed is stalled. */
export function hasStalled(store: Store): boolean {
  return store.prepare(`SELECT 1 FROM v_logs WHERE state = 'stalled'`).get() !== undefined;
}

/** Whether a log that is followed is stopped, until an operator decides. */
export function hasStopped(store: Store): boolean {
  return store.prepare('SELECT 1 FROM v_logs WHERE stopped_by IS NOT NULL').get() !== undefined;
}

function toDate(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
