import type { Verdict } from '../policy/watch.ts';
import { closeAlert } from './alerts.ts';
import { withoutAbsentClaims, type Finding } from './findings.ts';
import type { Store } from './store.ts';

/** A finding of a stored entry whose verdict is still open. */
export interface OpenFinding {
  readonly watch: string;
  /** Position in the entry's signers. */
  readonly signerPosition: number;
  /** Id of the alert that told of it; null where nobody was told yet. */
  readonly alert: string | null;
}

const OPEN: Verdict = 'unverifiable';

/** The findings of an entry, by its row, that are `unverifiable`. */
export function openFindings(store: Store, entry: number): readonly OpenFinding[] {
  return store
    .prepare<{ watch: string; signer_position: number; alert: string | null }>(
      `SELECT watch, signer_position, alert FROM findings WHERE entry = @entry AND verdict = @open
       ORDER BY watch, signer_position`,
    )
    .all({ entry, open: OPEN })
    .map(({ watch, signer_position: signerPosition, alert }) => ({ watch, signerPosition, alert }));
}

/** Writes what a finding of an entry, by its row, is by now. Call inside a transaction, with the alert that it calls for. */
export function updateFinding(store: Store, entry: number, finding: Finding): void {
  store
    .prepare(
      `UPDATE findings SET verdict = @verdict, violations = @violations, signer = @signer, alert = @alert
       WHERE entry = @entry AND watch = @watch AND signer_position = @signerPosition`,
    )
    .run({
      entry,
      watch: finding.watch,
      signerPosition: finding.signerPosition,
      verdict: finding.verdict,
      violations: JSON.stringify(finding.violations),
      signer: JSON.stringify(withoutAbsentClaims(finding.signer)),
      alert: finding.alert,
    });
}

/** Writes which artifacts an entry, by its row, is known to bind by now. */
export function updateArtifacts(store: Store, entry: number, artifacts: readonly string[]): void {
  store
    .prepare('UPDATE entries SET artifacts = @artifacts WHERE id = @entry')
    .run({ entry, artifacts: JSON.stringify(artifacts) });
}

/** Closes the alert of this id, if none of the entries that wait has an open finding that it told of. */
export function closeSettled(store: Store, alert: string): void {
  const row = store
    .prepare<{ dedupe_key: string }>(
      `SELECT dedupe_key FROM alerts WHERE id = @alert AND kind = @open
         AND NOT EXISTS (SELECT 1 FROM doubtful AS d JOIN findings AS f ON f.entry = d.entry
                         WHERE f.alert = @alert AND f.verdict = @open)`,
    )
    .get({ alert, open: OPEN });
  if (row !== undefined) {
    closeAlert(store, row.dedupe_key);
  }
}
