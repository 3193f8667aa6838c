import type { Store } from './store.ts';

/** One further address of a log, and how comparing its checkpoints goes. Times are Unix milliseconds. */
export interface VantageRecord {
  readonly url: string;
  /** Why its checkpoint could not be compared at the last poll; null: it was. */
  readonly error: string | null;
  readonly failingSince: number | null;
  /** What was compared last. */
  readonly seenSize: number | null;
  readonly seenAt: number | null;
  /** A size that it showed and the log's own address has not reached, and since when. */
  readonly aheadSize: number | null;
  readonly aheadSince: number | null;
}

/** Says at which further addresses a log is read from now on; what is known of others is forgotten. */
export function saveVantages(store: Store, log: string, urls: readonly string[]): void {
  store.transaction(() => {
    store
      .prepare('DELETE FROM vantages WHERE log = @log AND url NOT IN (SELECT value FROM json_each(@urls))')
      .run({ log, urls: JSON.stringify(urls) });
    store
      .prepare(
        'INSERT INTO vantages (log, url) SELECT @log, value FROM json_each(@urls) WHERE true ON CONFLICT DO NOTHING',
      )
      .run({ log, urls: JSON.stringify(urls) });
  });
}

/** The further addresses of a log, by their URLs. */
export function listVantages(store: Store, log: string): readonly VantageRecord[] {
  return store
    .prepare<VantageRecord>(
      `SELECT url, error, failing_since AS failingSince, seen_size AS seenSize, seen_at AS seenAt,
         ahead_size AS aheadSize, ahead_since AS aheadSince
       FROM vantages WHERE log = @log ORDER BY url`,
    )
    .all({ log });
}

/** One further address of a log; null when it is configured no more. */
export function findVantage(store: Store, log: string, url: string): VantageRecord | null {
  return listVantages(store, log).find((vantage) => vantage.url === url) ?? null;
}

/** Remembers why nothing could be compared there. */
export function saveVantageFailure(store: Store, log: string, url: string, error: string, now: Date): void {
  store
    .prepare(
      `INSERT INTO vantages (log, url, error, failing_since) VALUES (@log, @url, @error, @now)
       ON CONFLICT DO UPDATE SET error = excluded.error, failing_since = coalesce(failing_since, excluded.failing_since)`,
    )
    .run({ log, url, error, now: now.getTime() });
}

/**
 * Remembers that a checkpoint of `size` was seen there and agrees with the log, of which the log's own address shows `own`.
 * Gives since when it is ahead by something that the own address does not show; null: it is not.
 */
export function saveVantageSeen(
  store: Store,
  log: string,
  url: string,
  { size, own }: { readonly size: number; readonly own: number },
  now: Date,
): Date | null {
  const row = store
    .prepare<{ since: number | null }>(
      `INSERT INTO vantages (log, url, seen_size, seen_at, ahead_size, ahead_since)
       VALUES (@log, @url, @size, @now, iif(@size > @own, @size, NULL), iif(@size > @own, @now, NULL))
       ON CONFLICT DO UPDATE SET error = NULL, failing_since = NULL, seen_size = @size, seen_at = @now,
         ahead_size = iif(ahead_size > @own, ahead_size, excluded.ahead_size),
         ahead_since = iif(ahead_size > @own, ahead_since, excluded.ahead_since)
       RETURNING ahead_since AS since`,
    )
    .get({ log, url, size, own, now: now.getTime() });
  return row?.since == null ? null : new Date(row.since);
}

/** How many further addresses of logs that are followed could not be compared at the last poll. */
export function countFailingVantages(store: Store): number {
  const row = store
    .prepare<{ count: number }>(
      `SELECT count(*) AS count FROM vantages AS v JOIN v_logs AS l ON l.origin = v.log WHERE v.error IS NOT NULL`,
    )
    .get();
  return row?.count ?? 0;
}
