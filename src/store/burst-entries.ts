import type { Span } from '../policy/burst.ts';
import { sha256 } from '../tlog/hash.ts';
import type { Store } from './store.ts';

/** An entry that counts for the `burst` of a watch. */
export interface CountedEntry {
  readonly watch: string;
  /** Origin. */
  readonly log: string;
  readonly index: number;
  /** When it was made, as far as that can be known; milliseconds since 1970. */
  readonly at: number;
  /** What its signer's claim `run` says; null where it is absent. */
  readonly run: string | null;
}

/** True while the entries of a watch are counted. */
export function isCounting(store: Store, watch: string): boolean {
  return store.prepare('SELECT 1 FROM burst_watches WHERE watch = @watch').get({ watch }) !== undefined;
}

/** From now on the entries of a watch are counted. */
export function beginCounting(store: Store, watch: string, now: Date): void {
  store
    .prepare('INSERT INTO burst_watches (watch, since) VALUES (@watch, @since) ON CONFLICT DO NOTHING')
    .run({ watch, since: now.getTime() });
  store.prepare('DELETE FROM burst_norms WHERE watch = @watch').run({ watch });
}

/** From now on the entries of a watch are not counted any more: those that are missed are looked for when counting begins again. */
export function endCounting(store: Store, watch: string): void {
  store.prepare('DELETE FROM burst_watches WHERE watch = @watch').run({ watch });
}

/** Counts an entry. False where it was counted before. */
export function countEntry(store: Store, { watch, log, index, at, run }: CountedEntry): boolean {
  return (
    store
      .prepare(
        `INSERT INTO burst_entries (watch, log, idx, at, run) VALUES (@watch, @log, @index, @at, @run)
         ON CONFLICT (watch, log, idx) DO NOTHING`,
      )
      .run({ watch, log, index, at, run: run === null ? null : runHash(run) }).changes > 0
  );
}

/** When the entry was made that has `count` others between itself and the end of a span; null where there are not so many in it. The end is part of the span, its beginning is not. */
export function timeBefore(store: Store, watch: string, { from, to }: Span, count: number): number | null {
  const row = store
    .prepare<{ at: number }>(
      `SELECT at FROM burst_entries WHERE watch = @watch AND at > @from AND at <= @to
       ORDER BY at DESC LIMIT 1 OFFSET @count`,
    )
    .get({ watch, from, to, count });
  return row?.at ?? null;
}

/** The same from the beginning of a span, of which neither that nor its end is part. */
export function timeAfter(store: Store, watch: string, { from, to }: Span, count: number): number | null {
  const row = store
    .prepare<{ at: number }>(
      `SELECT at FROM burst_entries WHERE watch = @watch AND at > @from AND at < @to
       ORDER BY at LIMIT 1 OFFSET @count`,
    )
    .get({ watch, from, to, count });
  return row?.at ?? null;
}

/** How many entries a span has, of which neither end is part. */
export function countAfter(store: Store, watch: string, { from, to }: Span): number {
  const row = store
    .prepare<{ entries: number }>(
      'SELECT count(*) AS entries FROM burst_entries WHERE watch = @watch AND at > @from AND at < @to',
    )
    .get({ watch, from, to });
  return row?.entries ?? 0;
}

/** When the entries of a span were made, rising. The end is part of it, its beginning is not. */
export function timesBefore(store: Store, watch: string, { from, to }: Span): readonly number[] {
  return store
    .prepare<{ at: number }>(
      'SELECT at FROM burst_entries WHERE watch = @watch AND at > @from AND at <= @to ORDER BY at',
    )
    .all({ watch, from, to })
    .map(({ at }) => at);
}

/** The same of a span of which neither end is part. */
export function timesAfter(store: Store, watch: string, { from, to }: Span): readonly number[] {
  return store
    .prepare<{ at: number }>(
      'SELECT at FROM burst_entries WHERE watch = @watch AND at > @from AND at < @to ORDER BY at',
    )
    .all({ watch, from, to })
    .map(({ at }) => at);
}

/** How many entries of a run there are, counted up to `limit`. */
export function countRun(store: Store, watch: string, run: string, limit: number): number {
  const row = store
    .prepare<{ entries: number }>(
      `SELECT count(*) AS entries FROM
         (SELECT 1 FROM burst_entries WHERE watch = @watch AND run = @run LIMIT @limit)`,
    )
    .get({ watch, run: runHash(run), limit });
  return row?.entries ?? 0;
}

/** From the first to the last entry of a run; null where it has none. */
export function spanOfRun(store: Store, watch: string, run: string): Span | null {
  // One query for each end: SQLite looks up one of them in an index, but not both at once.
  const end = (what: 'min' | 'max'): number | null =>
    store
      .prepare<{ at: number | null }>(`SELECT ${what}(at) AS at FROM burst_entries WHERE watch = @watch AND run = @run`)
      .get({ watch, run: runHash(run) })?.at ?? null;
  const [from, to] = [end('min'), end('max')];
  return from === null || to === null ? null : { from, to };
}

/** A value may be a megabyte. */
function runHash(run: string): Buffer {
  return sha256(Buffer.from(JSON.stringify(run))).subarray(0, 16);
}
