import type { Store } from './store.ts';

/** The first entry that a log signed and did not serve when it was asked for last. */
export interface Withheld {
  readonly index: number;
  /** Since when, without the times at which nothing at all could be had of the log. */
  readonly since: Date;
}

/** What of this log is not served; null when nothing is known to be. */
export function findWithheld(store: Store, log: string): Withheld | null {
  const row = store
    .prepare<{ withheld_index: number; withheld_since: number }>(
      'SELECT withheld_index, withheld_since FROM logs WHERE origin = @log AND withheld_index IS NOT NULL',
    )
    .get({ log });
  return row === undefined ? null : { index: row.withheld_index, since: new Date(row.withheld_since) };
}

/** Remembers that entry `index` was not served now, and gives since when: since now, if it was another one before. */
export function saveWithheld(store: Store, log: string, index: number, now: Date): Withheld {
  store
    .prepare(
      `UPDATE logs SET withheld_since = iif(withheld_index IS @index, min(withheld_since, @now), @now), withheld_index = @index
       WHERE origin = @log`,
    )
    .run({ log, index, now: now.getTime() });
  return findWithheld(store, log) ?? { index, since: now };
}

/** Does not count the time since a log, or all of a source, was last asked: it, or the way to it, was down. */
export function pauseWithheld(
  store: Store,
  name: { readonly log: string } | { readonly source: string },
  now: Date,
): void {
  store
    .prepare(
      `UPDATE logs SET withheld_since = min(withheld_since + max(@now - updated_at, 0), @now), updated_at = @now
       WHERE (origin = @log OR source = @source) AND withheld_index IS NOT NULL`,
    )
    .run({ log: null, source: null, ...name, now: now.getTime() });
}
