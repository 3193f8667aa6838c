import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
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
