import type { SignerSummary } from '../alert/alert.ts';
import type { Verdict, Violation } from '../policy/watch.ts';
import type { Hash } from '../tlog/hash.ts';
import type { Store } from './store.ts';

/** A proven entry that at least one watch selected. */
export interface FoundEntry {
  /** Origin. */
  readonly log: string;
  readonly index: number;
  readonly globalIndex: number | null;
  readonly uuid: string | null;
  readonly kind: string;
  readonly apiVersion: string;
  /** Unix seconds, as the log reports them. */
  readonly integratedTime: number | null;
  /** Whether the log signed that time for this entry (Rekor v1). */
  readonly isTimeSigned?: boolean;
  readonly leafHash: Hash;
  readonly body: Buffer;
  /** What came with the leaf without being in the tree. */
  readonly extra?: Buffer;
  /** Of a CT log: what precertificate and certificate have in common. */
  readonly issuance?: string;
  /** As `sha256:hex`. */
  readonly artifacts: readonly string[];
}

/** What one watch makes of one signer of an entry. */
export interface Finding {
  readonly watch: string;
  readonly verdict: Verdict;
  readonly violations: readonly Violation[];
  readonly signer: SignerSummary;
  /** Position in the entry's signers. */
  readonly signerPosition: number;
  /** Id of the alert it raised or repeated. */
  readonly alert: string | null;
  /** The artifact, where the watch does not select the signer but follows what it signed. */
  readonly resigned?: string;
}

/** Keeps an entry with all that was found in it. What is known already, by log, index, watch and signer, stays as it is. */
export function saveFindings(store: Store, entry: FoundEntry, findings: readonly Finding[], now: Date): void {
  if (findings.length === 0) {
    return;
  }
  store.transaction(() => {
    const id = saveEntry(store, entry, now);
    for (const finding of findings) {
      store
        .prepare(
          `INSERT INTO findings (entry, watch, signer_position, verdict, violations, signer, alert, resigned)
           VALUES (@entry, @watch, @signerPosition, @verdict, @violations, @signer, @alert, @resigned)
           ON CONFLICT (entry, watch, signer_position) DO NOTHING`,
        )
        .run({
          entry: id,
          watch: finding.watch,
          signerPosition: finding.signerPosition,
          verdict: finding.verdict,
          violations: JSON.stringify(finding.violations),
          signer: JSON.stringify(withoutAbsentClaims(finding.signer)),
          alert: finding.alert,
          resigned: finding.resigned ?? null,
        });
    }
  });
}

/**
 * The alert with this dedupe key that the same entry raised or repeated when it was read before, or another entry of the same
 * issuance; null when there is none.
 */
export function findAlertOfEntry(
  store: Store,
  { log, index, leafHash, issuance }: Pick<FoundEntry, 'log' | 'index' | 'leafHash' | 'issuance'>,
  dedupeKey: string,
): string | null {
  const row = store
    .prepare<{ alert: string }>(
      `SELECT f.alert FROM entries AS e JOIN findings AS f ON f.entry = e.id JOIN alerts AS a ON a.id = f.alert
       WHERE ((e.log = @log AND e.idx = @index AND e.leaf_hash = @leafHash) OR e.issuance = @issuance)
         AND a.dedupe_key = @dedupeKey LIMIT 1`,
    )
    .get({ log, index, leafHash, issuance: issuance ?? null, dedupeKey });
  return row?.alert ?? null;
}

/** True when what this watch makes of this signer of the entry is stored already. */
export function hasFinding(
  store: Store,
  { log, index, leafHash }: Pick<FoundEntry, 'log' | 'index' | 'leafHash'>,
  { watch, signer }: { readonly watch: string; /** Position in the entry's signers. */ readonly signer: number },
): boolean {
  const found = store
    .prepare(
      `SELECT 1 FROM entries AS e JOIN findings AS f ON f.entry = e.id
       WHERE e.log = @log AND e.idx = @index AND e.leaf_hash = @leafHash AND f.watch = @watch AND f.signer_position = @signer`,
    )
    .get({ log, index, leafHash, watch, signer });
  return found !== undefined;
}

/** The signer as it is stored. */
export function withoutAbsentClaims(signer: SignerSummary): SignerSummary {
  const { type, chain, fingerprint, ...claims } = signer;
  const present = Object.entries(claims).filter(([, value]) => value !== null);
  return { type, chain, fingerprint, ...Object.fromEntries(present) };
}

/** Returns the row's id. */
function saveEntry(store: Store, entry: FoundEntry, now: Date): number {
  const { log, index, globalIndex, uuid, kind, apiVersion, leafHash, body } = entry;
  store
    .prepare(
      `INSERT INTO entries (log, idx, global_index, uuid, kind, api_version, integrated_time, observed_at, time_signed, leaf_hash, artifacts, body, extra, issuance)
       VALUES (@log, @index, @globalIndex, @uuid, @kind, @apiVersion, @integratedTime, @now, @timeSigned, @leafHash, @artifacts, @body, @extra, @issuance)
       ON CONFLICT (log, idx, leaf_hash) DO NOTHING`,
    )
    .run({
      log,
      index,
      globalIndex,
      uuid,
      kind,
      apiVersion,
      integratedTime: toMilliseconds(entry.integratedTime),
      now: now.getTime(),
      timeSigned: entry.isTimeSigned === true ? 1 : 0,
      leafHash,
      artifacts: JSON.stringify(entry.artifacts),
      body,
      extra: entry.extra ?? null,
      issuance: entry.issuance ?? null,
    });
  const row = store
    .prepare<{ id: number }>('SELECT id FROM entries WHERE log = @log AND idx = @index AND leaf_hash = @leafHash')
    .get({ log, index, leafHash });
  if (row === undefined) {
    throw new Error(`Cannot find entry ${index} of "${log}" after it was stored`);
  }
  return row.id;
}

/** The last second of the year 9999, beyond which RFC 3339 cannot say a time. */
const LAST_SECOND = 253_402_300_799;

/** No leaf holds this time, so it may be any number; one that is no time is left out. */
function toMilliseconds(seconds: number | null): number | null {
  return seconds !== null && Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= LAST_SECOND
    ? seconds * 1000
    : null;
}
