import { toHash, type Hash } from '../tlog/hash.ts';
import type { Store } from './store.ts';

/** The leaf hash of the entry that opened an alert, as it was proven then; null where no finding of it is kept. */
export function findAlertLeaf(store: Store, alert: string, index: number): Hash | null {
  const row = store
    .prepare<{ leaf_hash: Buffer }>(
      `SELECT e.leaf_hash FROM findings AS f JOIN entries AS e ON e.id = f.entry
       WHERE f.alert = @alert AND e.idx = @index ORDER BY e.id LIMIT 1`,
    )
    .get({ alert, index });
  return row === undefined ? null : toHash(row.leaf_hash);
}
