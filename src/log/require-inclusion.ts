import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Hash } from '../tlog/hash.ts';
import { verifyInclusion } from '../tlog/proof.ts';
import { servedEvidence } from './excerpt.ts';
import type { HttpAnswer } from './http.ts';
import { LogMisbehaved, type EntryEvidence, type Leaf, type LogReader } from './log.ts';

/** Evidence that `leaf`, which `answer` served, is in `tree`. Throws LogMisbehaved unless the inclusion proof leads to its root. */
export function requireInclusion(
  { origin, type }: Pick<LogReader, 'origin' | 'type'>,
  { size, root, note }: SignedCheckpoint,
  leaf: Leaf,
  hashes: readonly Hash[],
  answer: HttpAnswer,
): EntryEvidence {
  const { index } = leaf;
  if (!verifyInclusion({ index, size, leaf: leaf.hash, proof: hashes, root })) {
    throw new LogMisbehaved(`Cannot prove entry ${index} of "${origin}": what is served is not in its tree`, {
      kind: 'entry-mismatch',
      log: origin,
      signed: false,
      notes: [note],
      served: servedEvidence(answer.url, answer.body),
    });
  }
  const proof = { size, root, hashes };
  return { kind: 'inclusion', log: origin, type, leaf, timestamp: null, logId: null, proof, checkpoint: note };
}
