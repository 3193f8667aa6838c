import type { Store } from './store.ts';

/** Forgets checkpoints last seen before `olderThan`, but never the largest of a log. Returns how many. */
export function pruneCheckpoints(store: Store, olderThan: Date): number {
  return store
    .prepare(
      `DELETE FROM checkpoints WHERE last_seen < @olderThan
       AND size < (SELECT max(size) FROM checkpoints AS other WHERE other.log = checkpoints.log)`,
    )
    .run({ olderThan: olderThan.getTime() }).changes;
}
