import type { Store } from './store.ts';

/** Kinds are counted by name until a log has shown so many: names come from outside and must not fill the table. */
const MAX_KINDS = 64;

/** What further kinds are counted as. */
const OTHER = 'other';

/** Adds to how many entries of each kind were examined in `log`. */
export function countKinds(store: Store, log: string, counts: ReadonlyMap<string, number>): void {
  const add = store.prepare(
    `INSERT INTO entry_counts (log, kind, count) VALUES (@log, @kind, @count)
     ON CONFLICT (log, kind) DO UPDATE SET count = count + excluded.count`,
  );
  store.transaction(() => {
    for (const [kind, count] of counts) {
      add.run({ log, kind: hasRoomFor(store, log, kind) ? kind : OTHER, count });
    }
  });
}

function hasRoomFor(store: Store, log: string, kind: string): boolean {
  return (
    store
      .prepare(
        `SELECT 1 WHERE EXISTS (SELECT 1 FROM entry_counts WHERE log = @log AND kind = @kind)
         OR (SELECT count(*) FROM entry_counts WHERE log = @log) < @max`,
      )
      .get({ log, kind, max: MAX_KINDS }) !== undefined
  );
}
