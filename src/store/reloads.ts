import type { Store } from './store.ts';
import type { WatchChanges } from './watches.ts';

/** So many are kept: the others are only history. */
const KEPT = 200;

export type ReloadCause = 'signal' | 'command';

/** What came of reading the configuration again. */
export type ReloadOutcome =
  | { readonly outcome: 'loaded'; /** What was read. */ readonly file: string; readonly watches: WatchChanges }
  | { readonly outcome: 'refused'; readonly file: string; readonly problem: string };

/** A request to the running daemon to read its configuration again. */
export interface Reload {
  readonly id: number;
  readonly cause: ReloadCause;
  readonly requestedAt: Date;
  /** Null until the daemon has done it. */
  readonly doneAt: Date | null;
  readonly result: ReloadOutcome | null;
}

/** Asks the running daemon to read its configuration again. Returns the id by which {@link findReload} knows it. */
export function requestReload(store: Store, cause: ReloadCause, now: Date): number {
  const { lastInsertRowid } = store
    .prepare('INSERT INTO reloads (cause, requested_at) VALUES (@cause, @now)')
    .run({ cause, now: now.getTime() });
  return Number(lastInsertRowid);
}

/** Ids of the requests that wait. */
export function waitingReloads(store: Store): readonly number[] {
  return store
    .prepare<{ id: number }>('SELECT id FROM reloads WHERE done_at IS NULL ORDER BY id')
    .all()
    .map(({ id }) => id);
}

/** Says what came of these requests, and forgets old ones. Call in the transaction that puts what was read in force. */
export function settleReloads(store: Store, ids: readonly number[], result: ReloadOutcome, now: Date): void {
  const { outcome, file } = result;
  const row = {
    outcome,
    now: now.getTime(),
    problem: result.outcome === 'refused' ? result.problem : null,
    summary: JSON.stringify({ file, ...(result.outcome === 'loaded' && result.watches) }),
  };
  for (const id of ids) {
    store
      .prepare(
        'UPDATE reloads SET done_at = @now, outcome = @outcome, problem = @problem, summary = @summary WHERE id = @id',
      )
      .run({ id, ...row });
  }
  store
    .prepare('DELETE FROM reloads WHERE done_at IS NOT NULL AND id <= (SELECT max(id) FROM reloads) - @kept')
    .run({ kept: KEPT });
}

/** One request; null where it is not known any more. */
export function findReload(store: Store, id: number): Reload | null {
  const row = store.prepare<Row>('SELECT * FROM reloads WHERE id = @id').get({ id });
  return row === undefined ? null : toReload(row);
}

/** The last request that was done; null when there was none yet. */
export function lastReload(store: Store): Reload | null {
  const row = store.prepare<Row>('SELECT * FROM reloads WHERE done_at IS NOT NULL ORDER BY id DESC LIMIT 1').get();
  return row === undefined ? null : toReload(row);
}

interface Row {
  readonly id: number;
  readonly cause: ReloadCause;
  readonly requested_at: number;
  readonly done_at: number | null;
  readonly outcome: 'loaded' | 'refused' | null;
  readonly problem: string | null;
  readonly summary: string;
}

function toReload(row: Row): Reload {
  return {
    id: row.id,
    cause: row.cause,
    requestedAt: new Date(row.requested_at),
    doneAt: row.done_at === null ? null : new Date(row.done_at),
    result: toOutcome(row),
  };
}

function toOutcome({ outcome, problem, summary }: Row): ReloadOutcome | null {
  if (outcome === null) {
    return null;
  }
  // We wrote it.
  const { file, ...watches } = JSON.parse(summary) as { readonly file: string } & WatchChanges;
  return outcome === 'loaded' ? { outcome, file, watches } : { outcome, file, problem: problem ?? '' };
}
