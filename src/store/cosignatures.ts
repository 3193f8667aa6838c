import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Cosignature } from '../tlog/cosignature.ts';
import type { Hash } from '../tlog/hash.ts';
import type { Store } from './store.ts';

/** A tree of a log, whatever note names it. */
interface Tree {
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
}

/** Says who cosigned a checkpoint that is kept: these, and nobody else. */
export function saveCosignatures(store: Store, tree: Tree, cosigned: readonly Cosignature[]): void {
  const { origin, size, root } = tree;
  store.transaction(() => {
    store
      .prepare(
        `DELETE FROM cosignatures
         WHERE checkpoint = (SELECT id FROM checkpoints WHERE log = @origin AND size = @size AND root = @root)`,
      )
      .run({ origin, size, root });
    for (const { name, time, line } of cosigned) {
      store
        .prepare(
          `INSERT INTO cosignatures (checkpoint, name, time, line)
           SELECT id, @name, @time, @line FROM checkpoints WHERE log = @origin AND size = @size AND root = @root`,
        )
        .run({ origin, size, root, name, time, line });
    }
  });
}

/** Who cosigned a tree, as it was verified when it was seen; by name. */
export function findCosignatures(store: Store, { origin, size, root }: Tree): readonly Cosignature[] {
  return store
    .prepare<Cosignature>(
      `SELECT c.name, c.time, c.line FROM checkpoints AS k JOIN cosignatures AS c ON c.checkpoint = k.id
       WHERE k.log = @origin AND k.size = @size AND k.root = @root ORDER BY c.name`,
    )
    .all({ origin, size, root });
}

/** The note that is kept of a tree; null when the tree was never seen. */
export function findNote(store: Store, { origin, size, root }: Tree): string | null {
  const row = store
    .prepare<{ note: string }>('SELECT note FROM checkpoints WHERE log = @origin AND size = @size AND root = @root')
    .get({ origin, size, root });
  return row?.note ?? null;
}

/** Keeps this note of a tree instead of the one before. */
export function replaceNote(store: Store, { origin, size, root, note }: SignedCheckpoint): void {
  store
    .prepare('UPDATE checkpoints SET note = @note WHERE log = @origin AND size = @size AND root = @root')
    .run({ origin, size, root, note });
}

/** Takes a cosignature's time as a sign of life of the log, where none is later. */
export function saveCosignedAt(store: Store, log: string, time: Date): void {
  store
    .prepare('UPDATE logs SET alive_at = @time WHERE origin = @log AND coalesce(alive_at, 0) < @time')
    .run({ log, time: time.getTime() });
}
