import { isFrozen } from '../log/is-frozen.ts';
import { LogMisbehaved, type LogReader } from '../log/log.ts';
import type { LogRecord } from '../store/logs.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';

/**
 * Throws LogMisbehaved when a log that was shown to have ended has signed a larger tree. Where it signed that it had ended
 * (Rekor v2), the two notes contradict each other.
 */
export function requireNotGrown(reader: LogReader, log: LogRecord | null, seen: SignedCheckpoint): void {
  const end = log?.frozen ?? null;
  if (end === null || seen.size <= end.size) {
    return;
  }
  throw new LogMisbehaved(
    `Log "${reader.origin}" signed a tree of size ${seen.size} although it had ended with size ${end.size}`,
    { kind: 'frozen-log-grew', log: reader.origin, signed: isFrozen(end), notes: [end.note, seen.note] },
  );
}
