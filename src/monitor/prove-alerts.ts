import { LogMisbehaved, LogUnavailable, type EntryEvidence, type Leaf, type LogReader } from '../log/log.ts';
import { hasAlert } from '../store/alerts.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { draftAlert } from './draft-alert.ts';
import type { FollowDeps } from './follow-deps.ts';
import type { JudgedEntry } from './judge-batch.ts';

/** How many proofs may still be asked for: a flood of alerts must not slow the reading of the log. */
export interface ProofBudget {
  left: number;
}

/** Proofs in one catch-up. Alerts beyond have none of their own; `sigwatch evidence` asks for it when it is wanted. */
export const MAX_PROOFS = 32;

/**
 * Asks for the proof of each entry that opens a new alert, by the alert's dedupe key: while the log still shows it. What
 * the log does not prove is left out, and ends the asking: an alert must not wait for its evidence.
 */
export async function proveAlerts(
  reader: LogReader,
  tree: SignedCheckpoint,
  judged: readonly JudgedEntry[],
  budget: ProofBudget,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, EntryEvidence>> {
  const proofs = new Map<string, EntryEvidence>();
  for (const [key, leaf] of budget.left > 0 ? newAlerts(reader, judged, deps) : []) {
    if (budget.left === 0) {
      break;
    }
    budget.left -= 1;
    try {
      const proof = await reader.proveInclusion(tree, leaf.index, signal);
      if (proof.leaf.hash.equals(leaf.hash)) {
        proofs.set(key, proof);
      }
    } catch (error) {
      if (!(error instanceof LogUnavailable || error instanceof LogMisbehaved)) {
        throw error;
      }
      budget.left = 0;
      deps.logger.warn({ log: reader.origin, index: leaf.index, error: error.message }, 'entry not proven');
    }
  }
  return proofs;
}

/** The entry that opens each new alert, by dedupe key. */
function newAlerts(reader: LogReader, judged: readonly JudgedEntry[], deps: FollowDeps): ReadonlyMap<string, Leaf> {
  const opened = new Map<string, Leaf>();
  for (const one of judged) {
    for (const judgement of one.judgements) {
      const key = draftAlert(reader.origin, one, judgement, deps.watches)?.dedupeKey;
      if (key !== undefined && !opened.has(key) && !hasAlert(deps.store, key)) {
        opened.set(key, one.leaf);
      }
    }
  }
  return opened;
}
