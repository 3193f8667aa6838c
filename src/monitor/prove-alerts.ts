import type { AlertDraft } from '../alert/alert.ts';
import { LogMisbehaved, LogUnavailable, type EntryEvidence, type Leaf, type LogReader } from '../log/log.ts';
import { hasAlert } from '../store/alerts.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { draftAlert } from './draft-alert.ts';
import type { FollowDeps } from './follow-deps.ts';
import type { JudgedBatch } from './judge-batch.ts';
import { rehearse } from './rehearse.ts';
import { draftMention } from './save-unparsable.ts';

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
  outcome: JudgedBatch,
  budget: ProofBudget,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, EntryEvidence>> {
  const proofs = new Map<string, EntryEvidence>();
  for (const [key, leaf] of budget.left > 0 ? newAlerts(reader, outcome, deps) : []) {
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
function newAlerts(reader: LogReader, outcome: JudgedBatch, deps: FollowDeps): ReadonlyMap<string, Leaf> {
  const opened = new Map<string, Leaf>();
  // What is only written down needs no proof.
  const enforced = new Set(deps.watches.filter(({ mode }) => mode === 'enforce').map(({ name }) => name));
  const note = (draft: AlertDraft | null, leaf: Leaf): void => {
    if (draft === null || draft.watch === null || !enforced.has(draft.watch)) {
      return;
    }
    const key = draft.dedupeKey;
    if (!opened.has(key) && !hasAlert(deps.store, key)) {
      opened.set(key, leaf);
    }
  };
  for (const one of outcome.judged) {
    for (const judgement of one.judgements) {
      note(draftAlert(reader.origin, one, judgement, deps.watches), one.leaf);
    }
  }
  for (const { draft, leaf } of rehearse(reader.origin, outcome.judged, deps, deps.clock.now())) {
    note(draft, leaf);
  }
  for (const one of outcome.unparsable) {
    for (const mention of one.mentions) {
      note(draftMention(reader.origin, one, mention), one.leaf);
    }
  }
  return opened;
}
