import { restoreCheckpoint, type SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Store } from './store.ts';

/** Keeps a signed checkpoint that was seen, and when it was seen first and last. Its origin is the log. */
export function saveCheckpoint(store: Store, checkpoint: SignedCheckpoint, now: Date): void {
  const { origin: log, size, root, note } = checkpoint;
  store.transaction(() => {
    store
      .prepare(
        `INSERT INTO checkpoints (log, size, root, note, first_seen, last_seen) VALUES (@log, @size, @root, @note, @now, @now)
         ON CONFLICT (log, size, root) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)`,
      )
      .run({ log, size, root, note, now: now.getTime() });
    store
      .prepare('UPDATE logs SET seen_size = @size WHERE origin = @log AND coalesce(seen_size, -1) < @size')
      .run({ log, size });
  });
}

/** A checkpoint of the same log and size, but another root, that was seen before; null when there is none. */
export function findRival(store: Store, { origin: log, size, root }: SignedCheckpoint): SignedCheckpoint | null {
  const row = store
    .prepare<{ note: string }>(
      'SELECT note FROM checkpoints WHERE log = @log AND size = @size AND root <> @root ORDER BY id LIMIT 1',
    )
    .get({ log, size, root });
  return row === undefined ? null : restoreCheckpoint(row.note);
}

/** The checkpoints of a log that were seen at sizes from `after` (exclusive) to `upTo` (inclusive). */
export function checkpointsBetween(
  store: Store,
  log: string,
  after: number,
  upTo: number,
): readonly SignedCheckpoint[] {
  return store
    .prepare<{ note: string }>(
      'SELECT note FROM checkpoints WHERE log = @log AND size > @after AND size <= @upTo ORDER BY size, id',
    )
    .all({ log, after, upTo })
    .map(({ note }) => restoreCheckpoint(note));
}
