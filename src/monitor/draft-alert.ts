import type { AlertDraft } from '../alert/alert.ts';
import { identityAlert, type JudgedSigner } from '../alert/identity-alert.ts';
import { resignedAlert } from '../alert/resigned-alert.ts';
import type { Judgement, Watch } from '../policy/watch.ts';
import type { JudgedEntry } from './judge-batch.ts';

/** The alert that a judgement of an entry of `log` calls for; null when it calls for none, or not yet. */
export function draftAlert(
  log: string,
  judged: JudgedEntry,
  judgement: Judgement,
  watches: readonly Watch[],
): AlertDraft | null {
  if (judgement.awaits !== undefined) {
    return null;
  }
  const signer = judgedSigner(log, judged, judgement, watches);
  return judgement.resigned === undefined ? identityAlert(signer) : resignedAlert(signer, judgement.resigned);
}

/** What a judgement is about. Throws where it names a signer or a watch that does not exist, which is our own fault. */
export function judgedSigner(
  log: string,
  { leaf, entry }: JudgedEntry,
  judgement: Judgement,
  watches: readonly Watch[],
): JudgedSigner {
  const signer = entry.signers[judgement.signer];
  const watch = watches.find((candidate) => candidate.name === judgement.watch);
  if (signer === undefined || watch === undefined) {
    throw new Error(`Judgement of "${judgement.watch}" names signer ${judgement.signer}, which does not exist`);
  }
  return { watch, judgement, entry, signer, log, index: leaf.index, globalIndex: leaf.globalIndex };
}
