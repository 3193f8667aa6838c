import type { AlertDraft } from '../alert/alert.ts';
import { identityAlert } from '../alert/identity-alert.ts';
import type { Judgement, Watch } from '../policy/watch.ts';
import type { JudgedEntry } from './judge-batch.ts';

/** The alert that a judgement of an entry of `log` calls for; null when it calls for none, or not yet. */
export function draftAlert(
  log: string,
  { leaf, entry }: JudgedEntry,
  judgement: Judgement,
  watches: readonly Watch[],
): AlertDraft | null {
  const signer = entry.signers[judgement.signer];
  const watch = watches.find((candidate) => candidate.name === judgement.watch);
  if (signer === undefined || watch === undefined) {
    throw new Error(`Judgement of "${judgement.watch}" names signer ${judgement.signer}, which does not exist`);
  }
  if (judgement.awaits !== undefined) {
    return null;
  }
  return identityAlert({ watch, judgement, entry, signer, log, index: leaf.index, globalIndex: leaf.globalIndex });
}
