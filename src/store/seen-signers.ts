import type { SignerSummary } from '../alert/alert.ts';
import type { Verdict, Violation } from '../policy/watch.ts';
import type { Store } from './store.ts';

/** What a watch found of a signer that it selected, without the entry. */
export interface FoundSigner {
  /** Origin. */
  readonly log: string;
  readonly index: number;
  readonly observedAt: Date;
  /** Whether the entry is one of a CT log. */
  readonly isIssuance: boolean;
  readonly verdict: Verdict;
  readonly violations: readonly Violation[];
  readonly signer: SignerSummary;
}

interface Row {
  readonly id: number;
  readonly log: string;
  readonly idx: number;
  readonly observed_at: number;
  readonly is_issuance: number;
  readonly verdict: Verdict;
  readonly violations: string;
  readonly signer: string;
}

/** Rows read at a time. Between two reads nothing is held open, so that a slow reader does not hinder the daemon. */
const PAGE = 500;

/** The signers that a watch selected, of entries observed since a time, newest first, read as they are asked for. */
export function* readSeenSigners(store: Store, watch: string, since: Date | null): Generator<FoundSigner, void> {
  let [time, id] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  for (;;) {
    const rows: readonly Row[] = store
      .prepare<Row>(
        `SELECT f.id, e.log, e.idx, e.observed_at, e.issuance IS NOT NULL AS is_issuance, f.verdict, f.violations, f.signer
         FROM entries AS e JOIN findings AS f ON f.entry = e.id
         WHERE e.observed_at <= @time AND (e.observed_at < @time OR f.id < @id) AND e.observed_at >= @since
           AND f.watch = @watch AND f.resigned IS NULL
         ORDER BY e.observed_at DESC, f.id DESC LIMIT ${PAGE}`,
      )
      .all({ watch, time, id, since: since?.getTime() ?? 0 });
    for (const row of rows) {
      yield toSigner(row);
    }
    const last = rows.at(-1);
    if (last === undefined) {
      return;
    }
    [time, id] = [last.observed_at, last.id];
  }
}

/** Names of the watches that were ever in force, or that found something before that was recorded. */
export function everyWatch(store: Store): readonly string[] {
  return store
    .prepare<{ name: string }>('SELECT name FROM watches UNION SELECT watch AS name FROM findings ORDER BY name')
    .all()
    .map(({ name }) => name);
}

function toSigner(row: Row): FoundSigner {
  return {
    log: row.log,
    index: row.idx,
    observedAt: new Date(row.observed_at),
    isIssuance: row.is_issuance === 1,
    verdict: row.verdict,
    // Both were written as JSON of these types by saveFindings.
    violations: JSON.parse(row.violations) as readonly Violation[],
    signer: JSON.parse(row.signer) as SignerSummary,
  };
}
