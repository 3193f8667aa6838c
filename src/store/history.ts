import type { SignerSummary } from '../alert/alert.ts';
import type { Verdict, Violation } from '../policy/watch.ts';
import type { Store } from './store.ts';

/** One finding as operators read it (contract: `history --json`), its keys in this order. Times are RFC 3339. */
export interface HistoryLine {
  readonly log: string;
  readonly index: number;
  readonly global_index: number | null;
  readonly uuid: string | null;
  readonly kind: string;
  readonly api_version: string;
  readonly integrated_time: string | null;
  readonly observed_at: string;
  readonly leaf_hash: string;
  readonly watch: string;
  readonly verdict: Verdict;
  readonly violations: readonly Violation[];
  readonly signer: SignerSummary;
  readonly artifacts: readonly string[];
  readonly alert: string | null;
  /** The artifact that the watch follows, and somebody signed whom it does not select; absent: it selects the signer. */
  readonly resigned?: string;
}

/** Criteria of which all must be met; what is absent is met by every finding. */
export interface HistoryFilter {
  readonly watch?: string | undefined;
  readonly verdict?: Verdict | undefined;
  /** Origin of a log, or the name of the source that serves it. */
  readonly log?: string | undefined;
  /** First moment of observation. */
  readonly since?: Date | undefined;
  /** First moment that is too late. */
  readonly until?: Date | undefined;
  /** `sha256:hex`. */
  readonly artifact?: string | undefined;
  /** Fingerprint of the signer's key or certificate's key. */
  readonly key?: string | undefined;
  /** What the signer's claims must be. */
  readonly signer?: ((signer: SignerSummary) => boolean) | undefined;
}

/** Rows read at a time. Between two reads nothing is held open, so that a slow reader does not hinder the daemon. */
const PAGE = 500;

/** Findings that meet `filter`, newest first, read as they are asked for. */
export function* readHistory(store: Store, filter: HistoryFilter): Generator<HistoryLine, void> {
  let after: Position = { time: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };
  for (;;) {
    const rows = readPage(store, filter, after);
    for (const row of rows) {
      const line = toLine(row);
      if (filter.signer === undefined || filter.signer(line.signer)) {
        yield line;
      }
    }
    const last = rows.at(-1);
    if (last === undefined) {
      return;
    }
    after = { time: last.observed_at, id: last.id };
  }
}

/** Whether a log or source is known by this name. */
export function isKnownLog(store: Store, name: string): boolean {
  return (
    store
      .prepare(
        'SELECT 1 FROM v_logs WHERE origin = @name OR name = @name UNION SELECT 1 FROM entries WHERE log = @name',
      )
      .get({ name }) !== undefined
  );
}

/** Where a page ended. */
interface Position {
  readonly time: number;
  readonly id: number;
}

function readPage(store: Store, filter: HistoryFilter, after: Position): readonly Row[] {
  // An absent criterion is no part of the statement, so that each statement can use the index that fits it.
  const criteria = [
    filter.watch === undefined ? '' : 'AND f.watch = @watch',
    filter.verdict === undefined ? '' : 'AND f.verdict = @verdict',
    filter.log === undefined ? '' : 'AND (e.log = @log OR e.log IN (SELECT origin FROM logs WHERE source = @log))',
    filter.since === undefined ? '' : 'AND e.observed_at >= @since',
    filter.until === undefined ? '' : 'AND e.observed_at < @until',
    filter.artifact === undefined ? '' : 'AND EXISTS (SELECT 1 FROM json_each(e.artifacts) WHERE value = @artifact)',
    filter.key === undefined ? '' : `AND f.signer ->> '$.fingerprint' = @key`,
  ];
  return store
    .prepare<Row>(
      `SELECT f.id, e.log, e.idx, e.global_index, e.uuid, e.kind, e.api_version, e.integrated_time, e.observed_at,
         e.leaf_hash, f.watch, f.verdict, f.violations, f.signer, e.artifacts, f.alert, f.resigned
       FROM entries AS e JOIN findings AS f ON f.entry = e.id
       WHERE e.observed_at <= @time AND (e.observed_at < @time OR f.id < @id) ${criteria.join(' ')}
       ORDER BY e.observed_at DESC, f.id DESC LIMIT ${PAGE}`,
    )
    .all({
      ...after,
      watch: filter.watch ?? null,
      verdict: filter.verdict ?? null,
      log: filter.log ?? null,
      since: filter.since?.getTime() ?? null,
      until: filter.until?.getTime() ?? null,
      artifact: filter.artifact ?? null,
      key: filter.key ?? null,
    });
}

interface Row {
  readonly id: number;
  readonly log: string;
  readonly idx: number;
  readonly global_index: number | null;
  readonly uuid: string | null;
  readonly kind: string;
  readonly api_version: string;
  readonly integrated_time: number | null;
  readonly observed_at: number;
  readonly leaf_hash: Buffer;
  readonly watch: string;
  readonly verdict: Verdict;
  readonly violations: string;
  readonly signer: string;
  readonly artifacts: string;
  readonly alert: string | null;
  readonly resigned: string | null;
}

function toLine(row: Row): HistoryLine {
  return {
    log: row.log,
    index: row.idx,
    global_index: row.global_index,
    uuid: row.uuid,
    kind: row.kind,
    api_version: row.api_version,
    integrated_time: row.integrated_time === null ? null : new Date(row.integrated_time).toISOString(),
    observed_at: new Date(row.observed_at).toISOString(),
    leaf_hash: row.leaf_hash.toString('hex'),
    watch: row.watch,
    verdict: row.verdict,
    // The three below were written as JSON of these types by saveFindings.
    violations: JSON.parse(row.violations) as readonly Violation[],
    signer: JSON.parse(row.signer) as SignerSummary,
    artifacts: JSON.parse(row.artifacts) as readonly string[],
    alert: row.alert,
    ...(row.resigned !== null && { resigned: row.resigned }),
  };
}
