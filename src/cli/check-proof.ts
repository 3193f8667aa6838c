import { logKey, type NamedLog } from '../evidence/log-key.ts';
import { isNonEmpty } from '../lib/non-empty.ts';
import type { EntryEvidence } from '../log/log.ts';
import { CheckpointRefused, openCheckpoint } from '../tlog/checkpoint.ts';
import { verifyInclusion } from '../tlog/proof.ts';

/**
 * Why a proof does not show by these keys (SubjectPublicKeyInfo) that its leaf is in the log, in words; null where it does. What a
 * reader proved was checked by it; what was kept since then is not believed for having been kept.
 */
export function findProofFault(
  { leaf, proof, checkpoint }: EntryEvidence,
  log: NamedLog,
  keys: readonly Buffer[],
): string | null {
  const noteKeys = keys.map((spki) => logKey(log, spki));
  if (!isNonEmpty(noteKeys)) {
    return 'no key of the log is known';
  }
  try {
    const { size, root } = openCheckpoint(checkpoint, { origin: log.origin, keys: noteKeys });
    const isIncluded = verifyInclusion({ index: leaf.index, size, leaf: leaf.hash, proof: proof.hashes, root });
    return isIncluded && size === proof.size ? null : 'its hashes do not lead to the root that the log signed';
  } catch (error) {
    if (error instanceof CheckpointRefused) {
      return error.message;
    }
    throw error;
  }
}
