import type { LogReader, Start } from '../log/log.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { Frontier } from '../tlog/frontier.ts';
import { requireConsistent } from './require-consistent.ts';

/**
 * The proven frontier from which to follow a log never seen before: nothing at its genesis, else what the log proves
 * of its own right edge (tiles) or of an entry's inclusion (Rekor v1). An index or time beyond `tree` means its end.
 * Throws LogUnavailable or LogMisbehaved.
 */
export async function joinLog(
  reader: LogReader,
  start: Start,
  tree: SignedCheckpoint,
  signal: AbortSignal,
): Promise<Frontier> {
  const size = await startIndex(reader, start, tree, signal);
  if (size === 0) {
    return Frontier.empty();
  }
  const { frontier, provenBy } = await reader.fetchFrontier(tree, size, signal);
  // Rekor v1 proves an entry under whatever it has signed last: only as part of `tree` may it be built on.
  await requireConsistent(reader, tree, provenBy, signal);
  return frontier;
}

async function startIndex(
  reader: LogReader,
  start: Start,
  tree: SignedCheckpoint,
  signal: AbortSignal,
): Promise<number> {
  if (start === 'genesis') {
    return 0;
  }
  if (start === 'head') {
    return tree.size;
  }
  if (start instanceof Date) {
    return tree.size === 0 ? 0 : reader.indexAt(tree, start, signal);
  }
  return Math.min(start, tree.size);
}
