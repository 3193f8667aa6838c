import type { AlertDraft } from '../alert/alert.ts';
import type { Verdict, Watch } from '../policy/watch.ts';
import { isFound, noteAuditAlert } from '../store/audit-alerts.ts';
import { findAlertOfEntry, type FoundEntry } from '../store/findings.ts';
import type { FollowDeps } from './follow-deps.ts';

/**
 * Tells what a watch found, or, of a watch in audit mode, writes down that it would have been told. Call inside the transaction
 * that writes what it is about. Returns the alert's id; null where nobody is told.
 */
export function raise(
  { store, tell }: Pick<FollowDeps, 'store' | 'tell'>,
  { mode }: Pick<Watch, 'mode'>,
  draft: AlertDraft,
  now: Date,
): string | null {
  if (mode === 'audit') {
    noteAuditAlert(store, draft, now);
    return null;
  }
  return tell(draft, now);
}

/**
 * The same for what was found in an entry: one that is read again is nothing new, nor is the certificate of a precertificate that was
 * told, or the reverse. Returns the id of the alert that tells of it, also where that was raised before.
 */
export function raiseOfEntry(
  deps: Pick<FollowDeps, 'store' | 'tell'>,
  watch: Pick<Watch, 'name' | 'mode'>,
  found: Pick<FoundEntry, 'log' | 'index' | 'leafHash' | 'issuance'>,
  { signer, verdict }: { /** Position in the entry's signers. */ readonly signer: number; readonly verdict: Verdict },
  draft: AlertDraft,
  now: Date,
): string | null {
  if (watch.mode === 'audit') {
    return isFound(deps.store, found, { watch: watch.name, signer, verdict }) ? null : raise(deps, watch, draft, now);
  }
  return findAlertOfEntry(deps.store, found, draft.dedupeKey) ?? raise(deps, watch, draft, now);
}
