import { restoreCheckpoint, type SignedCheckpoint } from '../tlog/checkpoint.ts';
import { Frontier } from '../tlog/frontier.ts';
import type { LogType } from '../log/log.ts';
import { markVerified } from './checkpoints.ts';
import type { Store } from './store.ts';

export type LogState = 'starting' | 'catching-up' | 'verified' | 'stalled' | 'unreachable' | 'misbehaving' | 'frozen';

/** How far a log was followed. */
export interface LogPosition {
  /** The last checkpoint up to which every entry was read and whose root they make; null before the first. */
  readonly verified: SignedCheckpoint | null;
  /** Everything before it, from where the log was joined, is proven, judged and stored. */
  readonly frontier: Frontier;
  /** The checkpoint being caught up to. */
  readonly target: SignedCheckpoint | null;
  /** What the log vouched for the frontier by, where that is not the target (Rekor v1); null once verified. */
  readonly vouched: SignedCheckpoint | null;
}

export interface LogRecord {
  readonly origin: string;
  readonly source: string;
  readonly type: LogType;
  readonly url: string;
  readonly state: LogState;
  /** Id of the alert about a signed contradiction that stopped it. */
  readonly stoppedBy: string | null;
  /** The first checkpoint that said of itself that it is the last (Rekor v2): it need not be verified yet. */
  readonly ended: SignedCheckpoint | null;
  /** The verified checkpoint at which it was shown to have ended; null while it may grow. */
  readonly frozen: SignedCheckpoint | null;
  /** Null until it was joined, as the position is. */
  readonly startedAtIndex: number | null;
  readonly position: LogPosition | null;
}

/**
 * Makes the logs that a source serves known, with whatever changed about those known before. Returns the origins of
 * those that were there when the source was first asked; all others appeared later.
 */
export function registerLogs(
  store: Store,
  source: string,
  logs: readonly { readonly origin: string; readonly type: LogType; readonly url: string }[],
  now: Date,
): ReadonlySet<string> {
  return store.transaction(() => {
    const original = isFirstTime(store, source, logs) ? 1 : 0;
    for (const { origin, type, url } of logs) {
      store
        .prepare(
          `INSERT INTO logs (origin, source, type, url, original, updated_at) VALUES (@origin, @source, @type, @url, @original, @now)
           ON CONFLICT (origin) DO UPDATE SET source = excluded.source, type = excluded.type, url = excluded.url`,
        )
        .run({ origin, source, type, url, original, now: now.getTime() });
    }
    // The list of shards is not signed: until one of them was joined, whatever it names was there from the beginning.
    store
      .prepare(
        `UPDATE sources SET joined = 1 WHERE name = @source
         AND EXISTS (SELECT 1 FROM logs WHERE source = @source AND frontier_size IS NOT NULL)`,
      )
      .run({ source });
    const origins = store
      .prepare<{ origin: string }>('SELECT origin FROM logs WHERE source = @source AND original = 1')
      .all({ source });
    return new Set(origins.map(({ origin }) => origin));
  });
}

/** A log that was followed already, under whatever name, shows that the source is no new one. */
function isFirstTime(store: Store, source: string, logs: readonly { readonly origin: string }[]): boolean {
  const joined = store.prepare('SELECT 1 FROM sources WHERE name = @source AND joined = 1').get({ source });
  const known = store.prepare('SELECT 1 FROM logs WHERE origin = @origin AND frontier_size IS NOT NULL');
  return joined === undefined && !logs.some(({ origin }) => known.get({ origin }) !== undefined);
}

/**
 * Says which logs of a source are not shown: those that the configuration leaves out, which keep their position and history;
 * and those that are not `served` any more and never signed anything, for whoever names them may name any.
 */
export function hideLogs(
  store: Store,
  source: string,
  { leftOut, served }: { readonly leftOut: readonly string[]; readonly served: readonly string[] },
): void {
  store
    .prepare(
      `UPDATE logs SET hidden = origin IN (SELECT value FROM json_each(@leftOut))
         OR (origin NOT IN (SELECT value FROM json_each(@served)) AND frontier_size IS NULL
           AND NOT EXISTS (SELECT 1 FROM checkpoints WHERE log = origin))
       WHERE source = @source`,
    )
    .run({ source, leftOut: JSON.stringify(leftOut), served: JSON.stringify(served) });
}

/** The log of this origin; null when it was never registered. */
export function findLog(store: Store, origin: string): LogRecord | null {
  const row = store
    .prepare<LogRow>(
      `SELECT origin, source, type, url, state, stopped_by, started_at_index, frontier_size, frontier, verified_note, target_note,
         vouched_note, ended_note, frozen_note
       FROM logs WHERE origin = @origin`,
    )
    .get({ origin });
  return row === undefined ? null : toLogRecord(row);
}

/** Gives a log its first position: the proven frontier where it is joined, and the checkpoint it is read up to first. */
export function saveJoined(
  store: Store,
  origin: string,
  frontier: Frontier,
  target: SignedCheckpoint,
  now: Date,
): void {
  update(
    store,
    origin,
    `UPDATE logs SET started_at_index = @size, frontier_size = @size, frontier = @frontier, target_note = @note, state = 'catching-up',
     seen_size = max(coalesce(seen_size, 0), @targetSize), updated_at = @now
     WHERE origin = @origin AND frontier_size IS NULL`,
    {
      size: frontier.size,
      frontier: frontier.toBytes(),
      note: target.note,
      targetSize: target.size,
      now: now.getTime(),
    },
  );
}

/** Accepts a checkpoint to catch up to, before its entries are read. */
export function saveTarget(store: Store, origin: string, target: SignedCheckpoint, now: Date): void {
  update(
    store,
    origin,
    `UPDATE logs SET target_note = @note, seen_size = max(coalesce(seen_size, 0), @size), updated_at = @now
     WHERE origin = @origin AND frontier_size <= @size AND stopped_by IS NULL`,
    { note: target.note, size: target.size, now: now.getTime() },
  );
}

/**
 * Moves the position of a log that was not stopped on: what lies before `frontier` is proven, judged and stored. `vouched`:
 * what it is proven by, where that is not the target.
 */
export function saveFrontier(
  store: Store,
  origin: string,
  frontier: Frontier,
  now: Date,
  vouched: SignedCheckpoint | null = null,
): void {
  update(
    store,
    origin,
    `UPDATE logs SET frontier_size = @size, frontier = @frontier, vouched_note = @vouched, state = 'catching-up', last_error = NULL,
     failing_since = NULL, withheld_index = iif(withheld_index < @size, NULL, withheld_index),
     withheld_since = iif(withheld_index < @size, NULL, withheld_since), updated_at = @now
     WHERE origin = @origin AND frontier_size <= @size AND stopped_by IS NULL`,
    { size: frontier.size, frontier: frontier.toBytes(), vouched: vouched?.note ?? null, now: now.getTime() },
  );
}

/**
 * Takes the position of a log that was not stopped elsewhere, because the history it was read from is not the one that the
 * log shows now. What lies behind the new one is read again.
 */
export function replacePosition(
  store: Store,
  origin: string,
  { frontier, verified, target }: Omit<LogPosition, 'vouched'>,
  now: Date,
): void {
  update(
    store,
    origin,
    `UPDATE logs SET started_at_index = min(started_at_index, @size), frontier_size = @size, frontier = @frontier,
     verified_size = @verifiedSize, verified_root = @verifiedRoot, verified_note = @verifiedNote,
     verified_at = iif(@verifiedNote IS NULL, NULL, verified_at), target_note = @target, vouched_note = NULL,
     withheld_index = NULL, withheld_since = NULL, state = 'catching-up', updated_at = @now
     WHERE origin = @origin AND frontier_size IS NOT NULL AND stopped_by IS NULL`,
    {
      size: frontier.size,
      frontier: frontier.toBytes(),
      verifiedSize: verified?.size ?? null,
      verifiedRoot: verified?.root ?? null,
      verifiedNote: verified?.note ?? null,
      target: target?.note ?? null,
      now: now.getTime(),
    },
  );
}

/** Says that the entries up to here make the root of `checkpoint`. `frozen`: the log was shown to end with it, which is remembered. */
export function saveVerified(
  store: Store,
  origin: string,
  checkpoint: SignedCheckpoint,
  frozen: boolean,
  now: Date,
): void {
  markVerified(store, checkpoint);
  update(
    store,
    origin,
    `UPDATE logs SET verified_size = @size, verified_root = @root, verified_note = @note, verified_at = @now, target_note = NULL,
     vouched_note = NULL, frozen_note = coalesce(frozen_note, @frozen), seen_size = max(coalesce(seen_size, 0), @size), state = @state,
     last_error = NULL, failing_since = NULL, withheld_index = NULL, withheld_since = NULL, updated_at = @now
     WHERE origin = @origin AND frontier_size = @size AND stopped_by IS NULL`,
    {
      size: checkpoint.size,
      root: checkpoint.root,
      note: checkpoint.note,
      frozen: frozen ? checkpoint.note : null,
      state: frozen ? 'frozen' : 'verified',
      now: now.getTime(),
    },
  );
}

/** Remembers the first checkpoint of a log that said of itself that it is the last. Only those of Rekor v2 can. */
export function saveEnd(store: Store, { origin, note }: SignedCheckpoint): void {
  store
    .prepare(`UPDATE logs SET ended_note = @note WHERE origin = @origin AND type = 'rekor-v2' AND ended_note IS NULL`)
    .run({ origin, note });
}

/** Remembers why a log could not be followed. Its position stays; a log that was stopped stays `misbehaving`. */
export function saveFailure(
  store: Store,
  origin: string,
  state: 'unreachable' | 'misbehaving',
  error: string,
  now: Date,
): void {
  update(
    store,
    origin,
    `UPDATE logs SET state = iif(stopped_by IS NULL, @state, state),
     last_error = iif(stopped_by IS NULL OR @state = 'misbehaving', @error, last_error),
     failing_since = iif(@state = 'unreachable', coalesce(failing_since, @now), NULL), updated_at = @now
     WHERE origin = @origin`,
    { state, error, now: now.getTime() },
  );
}

/** Stops a log for good: a signed contradiction, told by `alertId`. Nothing is verified until an operator decides. */
export function stopLog(store: Store, origin: string, alertId: string, now: Date): void {
  update(
    store,
    origin,
    `UPDATE logs SET state = 'misbehaving', stopped_by = @alertId, updated_at = @now WHERE origin = @origin`,
    {
      alertId,
      now: now.getTime(),
    },
  );
}

/** Lets a log go on as an operator decided, with `seen` as all that counts as seen of it. One that had ended may have grown. */
export function releaseLog(store: Store, origin: string, seen: SignedCheckpoint, now: Date): void {
  update(
    store,
    origin,
    `UPDATE logs SET state = iif(frontier_size IS NULL, 'starting', 'catching-up'), stopped_by = NULL, last_error = NULL,
     ended_note = NULL, frozen_note = NULL, seen_size = @size, updated_at = @now
     WHERE origin = @origin`,
    { size: seen.size, now: now.getTime() },
  );
}

/** The logs of a source that are followed, did not end, and are not among those that it serves now. */
export function findUnlisted(store: Store, source: string, served: readonly string[]): readonly string[] {
  return store
    .prepare<{ origin: string }>(
      `SELECT origin FROM logs WHERE source = @source AND hidden = 0 AND frontier_size IS NOT NULL AND frozen_note IS NULL
         AND origin NOT IN (SELECT value FROM json_each(@served)) ORDER BY origin`,
    )
    .all({ source, served: JSON.stringify(served) })
    .map(({ origin }) => origin);
}

function update(
  store: Store,
  origin: string,
  sql: string,
  values: Readonly<Record<string, string | number | Buffer | null>>,
): void {
  const { changes } = store.prepare(sql).run({ origin, ...values });
  if (changes !== 1) {
    throw new Error(
      `Cannot save the position of "${origin}": it was never registered, or this contradicts what is stored`,
    );
  }
}

interface LogRow {
  readonly origin: string;
  readonly source: string;
  readonly type: LogType;
  readonly url: string;
  readonly state: LogState;
  readonly stopped_by: string | null;
  readonly started_at_index: number | null;
  readonly frontier_size: number | null;
  readonly frontier: Buffer | null;
  readonly verified_note: string | null;
  readonly target_note: string | null;
  readonly vouched_note: string | null;
  readonly ended_note: string | null;
  readonly frozen_note: string | null;
}

function toLogRecord(row: LogRow): LogRecord {
  const { origin, source, type, url, state } = row;
  return {
    origin,
    source,
    type,
    url,
    state,
    stoppedBy: row.stopped_by,
    ended: restore(row.ended_note),
    frozen: restore(row.frozen_note),
    startedAtIndex: row.started_at_index,
    position: toPosition(row),
  };
}

function toPosition(row: LogRow): LogPosition | null {
  if (row.frontier_size === null || row.frontier === null) {
    return null;
  }
  return {
    verified: restore(row.verified_note),
    frontier: Frontier.fromBytes(row.frontier_size, row.frontier),
    target: restore(row.target_note),
    vouched: restore(row.vouched_note),
  };
}

function restore(note: string | null): SignedCheckpoint | null {
  return note === null ? null : restoreCheckpoint(note);
}
