import { attestationAlert } from '../alert/attestation-alert.ts';
import type { AlertDraft } from '../alert/alert.ts';
import { hasWrongAttestation } from '../entry/attestation.ts';
import { excerpt, servedEvidence } from '../log/excerpt.ts';
import type { EntryBatch, LogReader } from '../log/log.ts';
import type { JudgedEntry } from './judge-batch.ts';

/** How much of a wrong attestation the evidence shows. */
const SHOWN = 4096;

/** The alerts about entries that somebody watches and that came with an attestation that is not the one that was logged. */
export function wrongAttestations(
  { origin }: LogReader,
  judged: readonly JudgedEntry[],
  { after, served }: Pick<EntryBatch, 'after' | 'served'>,
): readonly AlertDraft[] {
  return judged.flatMap(({ leaf, entry }) =>
    hasWrongAttestation(entry) && leaf.extra !== undefined
      ? [
          attestationAlert({
            log: origin,
            index: leaf.index,
            problem: entry.attestationProblem ?? '',
            served: servedEvidence(served?.().url ?? '', leaf.extra, excerpt(leaf.extra, SHOWN)),
            note: after.provenBy.note,
          }),
        ]
      : [],
  );
}
