import type { Span } from '../policy/burst.ts';
import { IS_TRUSTED } from './trusted-findings.ts';
import type { Store } from './store.ts';

/** A burst that was told. */
export interface ToldBurst {
  /** Its first entry, as it was known when it was told; milliseconds since 1970. */
  readonly start: number;
  readonly dedupeKey: string;
  /** Its alert is not closed. False also where there is none, because the watch was in audit mode. */
  readonly isUnclosed: boolean;
}

/** The burst of a watch that was told and has entries at most `perMs` away from this span; null: there is none. */
export function findToldBurst(store: Store, watch: string, { from, to }: Span, perMs: number): ToldBurst | null {
  const row = store
    .prepare<{ start: number; dedupe_key: string; state: string | null }>(
      `SELECT b.start, b.dedupe_key, a.state FROM bursts AS b LEFT JOIN alerts AS a ON a.dedupe_key = b.dedupe_key
       WHERE b.watch = @watch AND b.last_at >= @earliest AND b.first_at <= @latest ORDER BY b.last_at LIMIT 1`,
    )
    .get({ watch, earliest: from - perMs, latest: to + perMs });
  return row === undefined
    ? null
    : { start: row.start, dedupeKey: row.dedupe_key, isUnclosed: row.state !== null && row.state !== 'closed' };
}

/** Notes that a burst is told. */
export function saveBurst(store: Store, watch: string, { from, to }: Span, dedupeKey: string): void {
  store
    .prepare(
      `INSERT INTO bursts (watch, start, dedupe_key, first_at, last_at) VALUES (@watch, @from, @dedupeKey, @from, @to)`,
    )
    .run({ watch, from, to, dedupeKey });
}

/** Notes that a burst which was told goes as far as this. */
export function extendBurst(store: Store, watch: string, start: number, { from, to }: Span): void {
  store
    .prepare(
      `UPDATE bursts SET first_at = min(first_at, @from), last_at = max(last_at, @to)
       WHERE watch = @watch AND start = @start AND (first_at > @from OR last_at < @to)`,
    )
    .run({ watch, start, from, to });
}

/** What is known of one entry of a burst. */
export interface BurstMember {
  /** The entry; no other has it. */
  readonly place: string;
  readonly verdict: string;
  /** What its signer's claims say; null where they are absent. */
  readonly run: string | null;
  readonly workflow: string | null;
}

/** Longest value that is read. */
const LONGEST = 300;

/** What is known of the entries in a span whose findings are stored, one for each signer, the earliest first; at most `limit`. */
export function membersOf(store: Store, watch: string, { from, to }: Span, limit: number): readonly BurstMember[] {
  return store
    .prepare<BurstMember>(
      `SELECT b.log || ' ' || b.idx AS place, f.verdict,
         substr(f.signer ->> '$.run', 1, ${LONGEST}) AS run,
         substr(coalesce(f.signer ->> '$.workflow', f.signer ->> '$.builder'), 1, ${LONGEST}) AS workflow
       FROM burst_entries AS b
       JOIN entries AS e ON e.log = b.log AND e.idx = b.idx
       JOIN findings AS f ON f.entry = e.id AND f.watch = b.watch
       WHERE b.watch = @watch AND b.at BETWEEN @from AND @to AND ${IS_TRUSTED}
       ORDER BY b.at LIMIT @limit`,
    )
    .all({ watch, from, to, limit });
}
