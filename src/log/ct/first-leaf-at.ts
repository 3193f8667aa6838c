import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import { LogUnavailable, type LogReader } from '../log.ts';

/**
 * The index of the first leaf with a time at or after `time`, by halving: each time looked at is that of a proven leaf. A log
 * may put leaves in order some time after it promised them (RFC 6962 §3, maximum merge delay), so that leaves of that
 * time may lie before the index by as much. Throws LogUnavailable where a leaf has no time.
 */
export async function firstLeafAt(
  reader: Pick<LogReader, 'origin' | 'proveInclusion'>,
  tree: SignedCheckpoint,
  time: Date,
  signal: AbortSignal,
): Promise<number> {
  let [low, high] = [0, tree.size];
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    const { integratedTime } = (await reader.proveInclusion(tree, middle, signal)).leaf;
    if (integratedTime === null) {
      throw new LogUnavailable(`Cannot find a time in "${reader.origin}": its entry ${middle} carries none`);
    }
    if (integratedTime >= Math.floor(time.getTime() / 1000)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
