import type { Hash } from '../tlog/hash.ts';
import type { Store } from './store.ts';

/** An entry that cannot be decoded, or is of a kind or version that is not known. */
export interface FoundUnparsable {
  /** Origin. */
  readonly log: string;
  readonly index: number;
  /** As far as it can be told; so the version. */
  readonly kind: string | null;
  readonly apiVersion: string | null;
  readonly problem: string;
  /** True for a kind or version that is not known. */
  readonly unread: boolean;
  readonly leafHash: Hash;
  readonly body: Buffer;
}

/** `full`: it is the first of its sort that found no room; `dropped`: others were before it. */
export type Keeping = 'kept' | 'full' | 'dropped';

/** Room for such entries, for each of the two sorts: whoever can write to a log can make them. */
export const MAX_UNPARSABLE = 10_000;
export const MAX_UNPARSABLE_BYTES = 64 * 1024 * 1024;

/** Keeps such an entry whole, or only counts it once {@link MAX_UNPARSABLE} or {@link MAX_UNPARSABLE_BYTES} of its sort are kept. */
export function saveUnparsable(store: Store, entry: FoundUnparsable, now: Date): Keeping {
  const { log, index, kind, apiVersion, problem, leafHash, body } = entry;
  const unread = Number(entry.unread);
  return store.transaction(() => {
    const known = store
      .prepare('SELECT 1 FROM unparsable WHERE log = @log AND idx = @index AND leaf_hash = @leafHash')
      .get({ log, index, leafHash });
    if (known !== undefined) {
      return 'kept';
    }
    const { changes } = store
      .prepare(
        `UPDATE unparsable_totals SET kept = kept + 1, kept_bytes = kept_bytes + @bytes
         WHERE unread = @unread AND kept < @maxKept AND kept_bytes + @bytes <= @maxBytes`,
      )
      .run({ unread, bytes: body.length, maxKept: MAX_UNPARSABLE, maxBytes: MAX_UNPARSABLE_BYTES });
    if (changes === 0) {
      const row = store
        .prepare<{ dropped: number }>(
          'UPDATE unparsable_totals SET dropped = dropped + 1 WHERE unread = @unread RETURNING dropped',
        )
        .get({ unread });
      return row?.dropped === 1 ? 'full' : 'dropped';
    }
    store
      .prepare(
        `INSERT INTO unparsable (log, idx, kind, api_version, problem, unread, leaf_hash, observed_at, body)
         VALUES (@log, @index, @kind, @apiVersion, @problem, @unread, @leafHash, @now, @body)`,
      )
      .run({ log, index, kind, apiVersion, problem, unread, leafHash, now: now.getTime(), body });
    return 'kept';
  });
}
