import type { LogType } from '../log/log.ts';
import type { ChainVerdict } from '../policy/watch.ts';
import { IS_TRUSTED } from './trusted-findings.ts';
import type { Store } from './store.ts';

/** A signer that a watch selected and that can be trusted, as it was stored, with what it takes to read it again. */
export interface RecordedSigner {
  /** Row of `findings`. */
  readonly id: number;
  /** Origin. */
  readonly log: string;
  readonly type: LogType;
  readonly index: number;
  readonly body: Buffer;
  readonly extra: Buffer | null;
  /** Position in the entry's signers. */
  readonly position: number;
  readonly chain: ChainVerdict | null;
  /** Unix seconds, as the log reports them. */
  readonly integratedTime: number | null;
  readonly observedAt: Date;
}

interface Row {
  readonly id: number;
  readonly log: string;
  readonly type: LogType;
  readonly idx: number;
  readonly body: Buffer;
  readonly extra: Buffer | null;
  readonly signer_position: number;
  readonly chain: ChainVerdict | null;
  readonly integrated_time: number | null;
  readonly observed_at: number;
}

/** The signers of a watch that were stored before the row `before`, the latest first; at most `limit`. Without the certificates of CT logs, which are no signatures. */
export function recordedSigners(
  store: Store,
  watch: string,
  { before, limit }: { readonly before: number; readonly limit: number },
): readonly RecordedSigner[] {
  return store
    .prepare<Row>(
      `SELECT f.id, e.log, l.type, e.idx, e.body, e.extra, f.signer_position, f.signer ->> '$.chain' AS chain,
         e.integrated_time, e.observed_at
       FROM findings AS f JOIN entries AS e ON e.id = f.entry JOIN logs AS l ON l.origin = e.log
       WHERE f.id < @before AND f.watch = @watch AND e.issuance IS NULL AND ${IS_TRUSTED}
       ORDER BY f.id DESC LIMIT @limit`,
    )
    .all({ watch, before, limit })
    .map((row) => ({
      id: row.id,
      log: row.log,
      type: row.type,
      index: row.idx,
      body: row.body,
      extra: row.extra,
      position: row.signer_position,
      chain: row.chain,
      integratedTime: row.integrated_time === null ? null : row.integrated_time / 1000,
      observedAt: new Date(row.observed_at),
    }));
}
