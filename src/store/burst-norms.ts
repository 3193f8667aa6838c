import type { Norm, Past } from '../policy/burst.ts';
import type { Store } from './store.ts';

/** Which past of a watch is asked for. Times are milliseconds since 1970. */
export interface NormQuestion {
  readonly watch: string;
  /** Length of a window, in milliseconds. */
  readonly perMs: number;
  /** Entries made before this midnight count. */
  readonly midnight: number;
  /** Those of bursts that ended before this as well, once their alerts are closed. At or after midnight. */
  readonly now: number;
  readonly past: Past;
}

interface Row {
  readonly entries: number;
  readonly since: number | null;
  readonly in_window: number;
  readonly in_run: number;
}

/**
 * What was usual for a watch. Computed once for each midnight, and anew when another burst was closed: those whose alerts are open
 * do not count, as nobody said that they are usual. Call inside a transaction.
 */
export function normOf(store: Store, question: NormQuestion): Norm {
  const { watch, perMs, midnight, past } = question;
  const key = { watch, perMs, midnight, closed: countClosed(store, question) };
  const known = store
    .prepare<Row>(
      `SELECT entries, since, in_window, in_run FROM burst_norms
       WHERE watch = @watch AND per_ms = @perMs AND midnight = @midnight AND closed = @closed`,
    )
    .get(key);
  if (known !== undefined) {
    return { entries: known.entries, since: known.since, inWindow: known.in_window, inRun: known.in_run };
  }
  const norm = compute(store, question);
  store
    .prepare(
      `INSERT INTO burst_norms (watch, per_ms, midnight, closed, entries, since, in_window, in_run)
       VALUES (@watch, @perMs, @midnight, @closed, @entries, @since, @inWindow, @inRun)
       ON CONFLICT (watch, per_ms, midnight) DO UPDATE SET closed = excluded.closed, entries = excluded.entries,
         since = excluded.since, in_window = excluded.in_window, in_run = excluded.in_run`,
    )
    .run({ ...key, ...norm });
  store
    .prepare('DELETE FROM burst_norms WHERE watch = @watch AND midnight < @oldest')
    .run({ watch, oldest: midnight - past.longMs });
  return norm;
}

function countClosed(store: Store, { watch, midnight, now, past }: NormQuestion): number {
  const row = store
    .prepare<{ closed: number }>(
      `SELECT count(*) AS closed FROM bursts AS b JOIN alerts AS a ON a.dedupe_key = b.dedupe_key
       WHERE b.watch = @watch AND b.last_at >= @oldest AND b.last_at < @now AND a.state = 'closed'`,
    )
    .get({ watch, now, oldest: midnight - past.longMs });
  return row?.closed ?? 0;
}

function compute(store: Store, { watch, perMs, midnight, now, past }: NormQuestion): Norm {
  const { entries, since } = store
    .prepare<{ entries: number; since: number | null }>(
      'SELECT count(*) AS entries, min(at) AS since FROM burst_entries WHERE watch = @watch AND at < @midnight',
    )
    .get({ watch, midnight }) ?? { entries: 0, since: null };
  const recent = store
    .prepare<{ entries: number }>(
      `SELECT count(*) AS entries FROM
         (SELECT 1 FROM burst_entries WHERE watch = @watch AND at >= @oldest AND at < @midnight LIMIT @enough)`,
    )
    .get({ watch, oldest: midnight - past.usualMs, midnight, enough: past.enough });
  const isLittle = (recent?.entries ?? 0) < past.enough;
  const given = { watch, oldest: midnight - (isLittle ? past.longMs : past.usualMs), midnight, now };
  return {
    entries,
    since,
    inWindow: most(
      store,
      `SELECT count(*) OVER (ORDER BY e.at RANGE BETWEEN @reach PRECEDING AND CURRENT ROW) AS n ${USUAL}`,
      { ...given, reach: perMs - 1 },
    ),
    inRun: most(store, `SELECT count(*) AS n ${USUAL} AND e.run IS NOT NULL GROUP BY e.run`, given),
  };
}

/** Entries of the past that were not told as a burst, and those of bursts that were closed since. */
const USUAL = `FROM burst_entries AS e
  WHERE e.watch = @watch AND e.at >= @oldest AND e.at < @now AND (
    SELECT coalesce(min(a.state IS 'closed' AND b.last_at < @now), e.at < @midnight)
    FROM bursts AS b LEFT JOIN alerts AS a ON a.dedupe_key = b.dedupe_key
    WHERE b.watch = e.watch AND b.last_at >= e.at AND b.first_at <= e.at)`;

function most(store: Store, counts: string, given: Readonly<Record<string, string | number>>): number {
  return store.prepare<{ n: number | null }>(`SELECT max(n) AS n FROM (${counts})`).get(given)?.n ?? 0;
}
