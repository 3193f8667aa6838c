import type { EntryEvidence, LogType } from '../log/log.ts';
import type { Verdict, Violation } from '../policy/watch.ts';
import { toHash, type Hash } from '../tlog/hash.ts';
import { decodeEvidence } from './evidence-json.ts';
import type { Store } from './store.ts';

/** What a watch found in an entry when it was read. */
export interface StoredFinding {
  readonly watch: string;
  /** Position in the entry's signers; null for an entry that could not be read. */
  readonly signer: number | null;
  readonly verdict: Verdict;
  readonly violations: readonly Violation[];
  readonly alert: string | null;
  /** The artifact of the watch that somebody signed whom it does not select; null: it selects the signer. */
  readonly resigned: string | null;
}

/** An entry that was proven, judged and kept. */
export interface StoredEntry {
  readonly globalIndex: number | null;
  readonly uuid: string | null;
  /** Unix seconds, as the log reports them. */
  readonly integratedTime: number | null;
  readonly isTimeSigned: boolean;
  readonly observedAt: Date;
  readonly leafHash: Hash;
  readonly body: Buffer;
  /** What came with the leaf without being in the tree. */
  readonly extra: Buffer | null;
  /** Empty for one that could not be read and mentions nothing that is watched. */
  readonly findings: readonly StoredFinding[];
}

/** What is kept of the entry at this index, newest first: of a log that forked there may be several. */
export function findStoredEntries(store: Store, log: string, index: number): readonly StoredEntry[] {
  const selected = store
    .prepare<EntryRow>(
      `SELECT id, global_index, uuid, integrated_time, time_signed, observed_at, leaf_hash, body, extra
       FROM entries WHERE log = @log AND idx = @index ORDER BY id DESC`,
    )
    .all({ log, index });
  const known = selected.map((row) => toEntry(row, findingsOf(store, row.id)));
  const unread = store
    .prepare<UnreadRow>(
      `SELECT observed_at, leaf_hash, body FROM unparsable WHERE log = @log AND idx = @index ORDER BY observed_at DESC`,
    )
    .all({ log, index })
    .filter(({ leaf_hash: hash }) => !known.some(({ leafHash }) => leafHash.equals(hash)))
    .map((row) =>
      toEntry({ ...row, global_index: null, uuid: null, integrated_time: null, time_signed: 0, extra: null }, []),
    );
  return [...known, ...unread];
}

/** The proof of the entry at this index that is kept with an alert about it; null where none is. */
export function findKeptProof(store: Store, log: string, index: number): EntryEvidence | null {
  const rows = store
    .prepare<{ evidence: string }>(
      `SELECT evidence FROM alerts WHERE log = @log AND idx = @index AND class = 'identity' AND evidence IS NOT NULL
       ORDER BY last_seen DESC`,
    )
    .all({ log, index });
  for (const { evidence } of rows) {
    const kept = decodeEvidence(evidence);
    if (kept.kind === 'inclusion' && kept.leaf.index === index) {
      return kept;
    }
  }
  return null;
}

/** The logs of this origin, or that the source of this name serves: an origin goes before a name. */
export function findLogsNamed(
  store: Store,
  name: string,
): readonly { readonly origin: string; readonly type: LogType }[] {
  const logs = store
    .prepare<{ origin: string; type: LogType }>(
      'SELECT origin, type FROM logs WHERE origin = @name OR source = @name ORDER BY origin',
    )
    .all({ name });
  const exact = logs.filter(({ origin }) => origin === name);
  return exact.length > 0 ? exact : logs;
}

function findingsOf(store: Store, entry: number): readonly StoredFinding[] {
  return store
    .prepare<FindingRow>(
      'SELECT watch, signer_position, verdict, violations, alert, resigned FROM findings WHERE entry = @entry ORDER BY signer_position, watch',
    )
    .all({ entry })
    .map((row) => ({
      watch: row.watch,
      signer: row.verdict === 'unparsable' ? null : row.signer_position,
      verdict: row.verdict,
      // Written as JSON of this type by saveFindings.
      violations: JSON.parse(row.violations) as readonly Violation[],
      alert: row.alert,
      resigned: row.resigned,
    }));
}

interface UnreadRow {
  readonly observed_at: number;
  readonly leaf_hash: Buffer;
  readonly body: Buffer;
}

interface EntryRow extends UnreadRow {
  readonly id: number;
  readonly global_index: number | null;
  readonly uuid: string | null;
  readonly integrated_time: number | null;
  readonly time_signed: number;
  readonly extra: Buffer | null;
}

interface FindingRow {
  readonly watch: string;
  readonly signer_position: number;
  readonly verdict: Verdict;
  readonly violations: string;
  readonly alert: string | null;
  readonly resigned: string | null;
}

function toEntry(row: Omit<EntryRow, 'id'>, findings: readonly StoredFinding[]): StoredEntry {
  return {
    globalIndex: row.global_index,
    uuid: row.uuid,
    integratedTime: row.integrated_time === null ? null : Math.floor(row.integrated_time / 1000),
    isTimeSigned: row.time_signed === 1,
    observedAt: new Date(row.observed_at),
    leafHash: toHash(row.leaf_hash),
    body: row.body,
    extra: row.extra,
    findings,
  };
}
