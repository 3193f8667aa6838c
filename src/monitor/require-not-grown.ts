import { isFrozen } from '../log/is-frozen.ts';
import { LogMisbehaved, type LogReader } from '../log/log.ts';
import type { LogRecord } from '../store/logs.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';

/**
 * Throws LogMisbehaved when a log has signed a larger tree than the one with which it ended: as it signed itself (Rekor v2),
 * and the two notes contradict each other, whether or not its entries were read to that end; or as it was shown.
 */
export function requireNotGrown(reader: LogReader, log: LogRecord | null, seen: SignedCheckpoint): void {
  const end = log?.ended ?? log?.frozen ?? null;
  if (end === null || seen.size <= end.size) {
    return;
  }
  throw new LogMisbehaved(
    `Log "${reader.origin}" signed a tree of size ${seen.size} although it had ended with size ${end.size}`,
    { kind: 'frozen-log-grew', log: reader.origin, signed: isFrozen(end), notes: [end.note, seen.note] },
  );
}
