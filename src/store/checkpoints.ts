import { restoreCheckpoint, type SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Store } from './store.ts';

/** Keeps a signed checkpoint that was seen, and when it was seen first and last. Its origin is the log. */
export function saveCheckpoint(store: Store, checkpoint: SignedCheckpoint, now: Date): void {
  const { origin: log, size, root, note } = checkpoint;
  store.transaction(() => {
    store
      .prepare(
        `INSERT INTO checkpoints (log, size, root, note, first_seen, last_seen) VALUES (@log, @size, @root, @note, @now, @now)
         ON CONFLICT (log, size, root) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen), beside = 0`,
      )
      .run({ log, size, root, note, now: now.getTime() });
    store
      .prepare('UPDATE logs SET seen_size = @size WHERE origin = @log AND coalesce(seen_size, -1) < @size')
      .run({ log, size });
  });
}

/** Of what is shown only beside entries, one a second is kept: a busy log signs anew for each of them. */
const BESIDE_EVERY_MS = 1000;

/** Keeps a checkpoint that was shown only beside an entry, unless another one was within the last second. It is no size to read up to. */
export function saveVoucher(store: Store, checkpoint: SignedCheckpoint, now: Date): void {
  const { origin: log, size, root, note } = checkpoint;
  store
    .prepare(
      `INSERT INTO checkpoints (log, size, root, note, first_seen, last_seen, beside)
       SELECT @log, @size, @root, @note, @now, @now, 1
       WHERE NOT EXISTS (SELECT 1 FROM checkpoints WHERE log = @log AND beside = 1 AND first_seen > @since)
       ON CONFLICT (log, size, root) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)`,
    )
    .run({ log, size, root, note, now: now.getTime(), since: now.getTime() - BESIDE_EVERY_MS });
}

/** Forgets what was shown only beside entries, at sizes that were read past: our own entries made its root. */
export function forgetVouchers(store: Store, log: string, upTo: number): void {
  store
    .prepare(
      `DELETE FROM checkpoints
       WHERE log = @log AND beside = 1 AND size <= @upTo AND verified = 0 AND disregarded_by IS NULL`,
    )
    .run({ log, upTo });
}

/** A checkpoint of the same log and size, but another root, that was seen before and counts; null when there is none. */
export function findRival(store: Store, { origin: log, size, root }: SignedCheckpoint): SignedCheckpoint | null {
  const row = store
    .prepare<{ note: string }>(
      `SELECT note FROM checkpoints WHERE log = @log AND size = @size AND root <> @root AND disregarded_by IS NULL
       ORDER BY id LIMIT 1`,
    )
    .get({ log, size, root });
  return row === undefined ? null : restoreCheckpoint(row.note);
}

/** The checkpoints of a log that count and were seen at sizes from `after` (exclusive) to `upTo` (inclusive). */
export function checkpointsBetween(
  store: Store,
  log: string,
  after: number,
  upTo: number,
): readonly SignedCheckpoint[] {
  return store
    .prepare<{ note: string }>(
      `SELECT note FROM checkpoints WHERE log = @log AND size > @after AND size <= @upTo AND disregarded_by IS NULL
       ORDER BY size, id`,
    )
    .all({ log, after, upTo })
    .map(({ note }) => restoreCheckpoint(note));
}

/** Says that every entry up to this checkpoint was read, and that they make its root: it counts, whatever was decided before. */
export function markVerified(store: Store, { origin: log, size, root }: SignedCheckpoint): void {
  store
    .prepare(
      `UPDATE checkpoints SET verified = 1, disregarded_by = NULL
       WHERE log = @log AND size = @size AND root = @root AND (verified = 0 OR disregarded_by IS NOT NULL)`,
    )
    .run({ log, size, root });
}

/** Whether just this checkpoint was verified. */
export function wasVerified(store: Store, { origin: log, size, root }: SignedCheckpoint): boolean {
  const row = store
    .prepare('SELECT 1 FROM checkpoints WHERE log = @log AND size = @size AND root = @root AND verified = 1')
    .get({ log, size, root });
  return row !== undefined;
}

/** The largest verified checkpoint of a log from size `from` to `to` (both inclusive); null when there is none. */
export function lastVerifiedBetween(store: Store, log: string, from: number, to: number): SignedCheckpoint | null {
  const row = store
    .prepare<{ note: string }>(
      `SELECT note FROM checkpoints WHERE log = @log AND size BETWEEN @from AND @to AND verified = 1 AND disregarded_by IS NULL
       ORDER BY size DESC LIMIT 1`,
    )
    .get({ log, from, to });
  return row === undefined ? null : restoreCheckpoint(row.note);
}

/** Whether an operator decided that this checkpoint counts no more. */
export function isDisregarded(store: Store, { origin: log, size, root }: SignedCheckpoint): boolean {
  const row = store
    .prepare(
      'SELECT 1 FROM checkpoints WHERE log = @log AND size = @size AND root = @root AND disregarded_by IS NOT NULL',
    )
    .get({ log, size, root });
  return row !== undefined;
}

/**
 * From a decision on, only `seen` and what was verified up to `size` count of the checkpoints of a log. What counts no more
 * stays as evidence.
 */
export function disregardOthers(store: Store, seen: SignedCheckpoint, size: number, decision: number): void {
  const { origin: log, size: seenSize, root } = seen;
  store
    .prepare(
      `UPDATE checkpoints SET disregarded_by = coalesce(disregarded_by, @decision), verified = 0
       WHERE log = @log AND (verified = 0 OR size > @size) AND NOT (size = @seenSize AND root = @root)`,
    )
    .run({ log, size, seenSize, root, decision });
  store
    .prepare('UPDATE checkpoints SET disregarded_by = NULL WHERE log = @log AND size = @seenSize AND root = @root')
    .run({ log, seenSize, root });
}
