import { servedEvidence } from '../log/excerpt.ts';
import { LogMisbehaved, type EntryBatch, type LogReader } from '../log/log.ts';
import type { JudgedEntry } from './judge-batch.ts';

/**
 * Throws LogMisbehaved for an entry that somebody watches and that the log did not sign the time and the global index for which it
 * served with it (Rekor v1). Of the other entries of a batch only the last is looked at, by the reader.
 */
export function requireTimes(
  { origin }: LogReader,
  judged: readonly JudgedEntry[],
  { after, served }: Pick<EntryBatch, 'after' | 'served'>,
): void {
  const leaf = judged.map((one) => one.leaf).find(({ isTimeSigned }) => isTimeSigned?.() === false);
  if (leaf === undefined) {
    return;
  }
  const { index, uuid, globalIndex, integratedTime } = leaf;
  const shown = JSON.stringify({ uuid, integratedTime, logIndex: globalIndex });
  const url = served?.().url;
  throw new LogMisbehaved(`Cannot trust entry ${index} of "${origin}": no key of the log signed its entry timestamp`, {
    kind: 'bad-signature',
    log: origin,
    signed: false,
    notes: [after.provenBy.note],
    ...(url !== undefined && { served: servedEvidence(url, leaf.data, shown) }),
  });
}
