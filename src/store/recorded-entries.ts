import type { SignerSummary } from '../alert/alert.ts';
import type { LogType } from '../log/log.ts';
import type { Verdict, Violation } from '../policy/watch.ts';
import { toHash } from '../tlog/hash.ts';
import { findStoredEntry, type StoredEntry } from './doubtful.ts';
import type { Store } from './store.ts';

/** What one watch made of one signer of an entry, as it is stored. */
export interface RecordedFinding {
  readonly watch: string;
  /** Position in the entry's signers; null for an entry that could not be read. */
  readonly signer: number | null;
  readonly verdict: Verdict;
  readonly violations: readonly Violation[];
  /** The signer as it was known then. */
  readonly summary: SignerSummary;
  /** The watch did not select the signer, but follows what was signed. */
  readonly isResigned: boolean;
}

/** An entry that is kept because a watch selected it or because it could not be read, with all that was made of it. */
export interface RecordedEntry {
  readonly stored: Omit<StoredEntry, 'id'>;
  /** What it was known to bind, as `sha256:hex`. */
  readonly artifacts: readonly string[];
  /** Empty for one that could not be read and mentioned nothing. */
  readonly findings: readonly RecordedFinding[];
}

/** When entries were observed. */
export interface RecordedSpan {
  /** First moment; null: from the beginning. */
  readonly since: Date | null;
  /** First moment that is too late; null: there is none. */
  readonly until: Date | null;
  /** Also those that could not be read and mention nothing that was watched then. */
  readonly withUnread: boolean;
}

/** Rows of which the places are read at a time; of bodies one is held at a time. Between two reads nothing is held open. */
const PAGE = 500;

/** What is recorded of a span, in the order in which it was observed, read as it is asked for; null for an entry of a log that is not known any more. */
export function* recordedEntries(store: Store, span: RecordedSpan): Generator<RecordedEntry | null, void> {
  const selected = places(store, SELECTED, span);
  const unread = span.withUnread ? places(store, UNREAD, span) : nothing();
  let [left, right] = [selected.next(), unread.next()];
  while (left.done !== true || right.done !== true) {
    if (right.done === true || (left.done !== true && left.value.observed_at < right.value.observed_at)) {
      yield left.done === true ? null : readSelected(store, left.value.id);
      left = selected.next();
    } else {
      yield readUnread(store, right.value.id);
      right = unread.next();
    }
  }
}

/** How many entries {@link recordedEntries} gives. */
export function countRecordedEntries(store: Store, span: RecordedSpan): number {
  const count = (from: string): number =>
    store.prepare<{ entries: number }>(`SELECT count(*) AS entries ${from}`).get(bounds(span))?.entries ?? 0;
  return count(SELECTED) + (span.withUnread ? count(UNREAD) : 0);
}

/** True where something that a watch of this name found is stored. */
export function hasFindingsOf(store: Store, watch: string): boolean {
  return store.prepare('SELECT 1 FROM findings WHERE watch = @watch LIMIT 1').get({ watch }) !== undefined;
}

interface Place {
  readonly id: number;
  readonly observed_at: number;
}

const SPAN = 'r.observed_at >= @since AND r.observed_at < @until';

const SELECTED = `FROM entries AS r WHERE ${SPAN}`;

/** Those that mention what is watched are kept as entries too. */
const UNREAD = `FROM unparsable AS r WHERE ${SPAN}
  AND NOT EXISTS (SELECT 1 FROM entries AS e WHERE e.log = r.log AND e.idx = r.idx AND e.leaf_hash = r.leaf_hash)`;

function bounds({ since, until }: RecordedSpan) {
  return { since: since?.getTime() ?? Number.MIN_SAFE_INTEGER, until: until?.getTime() ?? Number.MAX_SAFE_INTEGER };
}

function* nothing(): Generator<Place, void> {
  // There is nothing.
}

function* places(store: Store, from: string, span: RecordedSpan): Generator<Place, void> {
  const page = store.prepare<Place>(
    `SELECT r.rowid AS id, r.observed_at ${from} AND (r.observed_at > @time OR (r.observed_at = @time AND r.rowid > @id))
     ORDER BY r.observed_at, r.rowid LIMIT ${PAGE}`,
  );
  let after: Place = { id: -1, observed_at: Number.MIN_SAFE_INTEGER };
  for (;;) {
    const { since, until } = bounds(span);
    const rows = page.all({ since: Math.max(since, after.observed_at), until, time: after.observed_at, id: after.id });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) {
      return;
    }
    after = last;
  }
}

function readSelected(store: Store, id: number): RecordedEntry | null {
  const stored = findStoredEntry(store, id);
  const row = store.prepare<{ artifacts: string }>('SELECT artifacts FROM entries WHERE id = @id').get({ id });
  return stored === null || row === undefined
    ? null
    : // Written as JSON of this type by saveFindings.
      { stored, artifacts: JSON.parse(row.artifacts) as readonly string[], findings: findingsOf(store, id) };
}

function findingsOf(store: Store, entry: number): readonly RecordedFinding[] {
  return store
    .prepare<FindingRow>(
      `SELECT watch, signer_position, verdict, violations, signer, resigned FROM findings WHERE entry = @entry
       ORDER BY signer_position, watch`,
    )
    .all({ entry })
    .map((row) => ({
      watch: row.watch,
      signer: row.verdict === 'unparsable' ? null : row.signer_position,
      verdict: row.verdict,
      // Both written as JSON of these types by saveFindings.
      violations: JSON.parse(row.violations) as readonly Violation[],
      summary: JSON.parse(row.signer) as SignerSummary,
      isResigned: row.resigned !== null,
    }));
}

function readUnread(store: Store, id: number): RecordedEntry | null {
  const row = store
    .prepare<UnreadRow>(
      `SELECT u.log, l.type, u.idx, u.leaf_hash, u.observed_at, u.body
       FROM unparsable AS u JOIN logs AS l ON l.origin = u.log WHERE u.rowid = @id`,
    )
    .get({ id });
  if (row === undefined) {
    return null;
  }
  const stored = {
    log: row.log,
    type: row.type,
    index: row.idx,
    globalIndex: null,
    uuid: null,
    leafHash: toHash(row.leaf_hash),
    body: row.body,
    extra: null,
    issuance: null,
    integratedTime: null,
    timeSigned: false,
    observedAt: new Date(row.observed_at),
  };
  return { stored, artifacts: [], findings: [] };
}

interface FindingRow {
  readonly watch: string;
  readonly signer_position: number;
  readonly verdict: Verdict;
  readonly violations: string;
  readonly signer: string;
  readonly resigned: string | null;
}

interface UnreadRow {
  readonly log: string;
  readonly type: LogType;
  readonly idx: number;
  readonly leaf_hash: Buffer;
  readonly observed_at: number;
  readonly body: Buffer;
}
