import { LogUnavailable, type LogReader } from '../log/log.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { Frontier } from '../tlog/frontier.ts';
import type { FollowedLog } from './followed-source.ts';
import { requireConsistent } from './require-consistent.ts';

/**
 * The proven frontier from which to follow a log never seen before: nothing at its genesis, else what the log proves
 * of its own right edge (tiles) or of an entry's inclusion (Rekor v1). An index or time beyond `tree` means its end.
 * Where the operator pinned a checkpoint, `tree` must extend that, and `head` means there. Throws LogUnavailable or
 * LogMisbehaved.
 */
export async function joinLog(followed: FollowedLog, tree: SignedCheckpoint, signal: AbortSignal): Promise<Frontier> {
  const { reader, pinned } = followed;
  if (pinned !== null) {
    await requireExtended(reader, pinned, tree, signal);
  }
  const size = await startIndex(followed, tree, signal);
  if (size === 0) {
    return Frontier.empty();
  }
  const { frontier, provenBy } = await reader.fetchFrontier(tree, size, signal);
  // Rekor v1 proves an entry under whatever it has signed last: only as part of `tree` may it be built on.
  await requireConsistent(reader, tree, provenBy, signal);
  if (pinned?.size === size && !frontier.root().equals(pinned.root)) {
    throw new LogUnavailable(
      `Cannot begin with "${reader.origin}" at the pinned checkpoint of size ${size}: the log proved another tree of this size than before`,
    );
  }
  return frontier;
}

/** A tree smaller than the pinned one may be a lagging replica's, unless the log shows it to be no part of that. */
async function requireExtended(
  reader: LogReader,
  pinned: SignedCheckpoint,
  tree: SignedCheckpoint,
  signal: AbortSignal,
): Promise<void> {
  let cause: unknown;
  try {
    await requireConsistent(reader, pinned, tree, signal);
  } catch (error) {
    if (!(error instanceof LogUnavailable) || tree.size >= pinned.size) {
      throw error;
    }
    cause = error;
  }
  if (tree.size < pinned.size) {
    throw new LogUnavailable(
      `Cannot begin with "${reader.origin}" at size ${tree.size}: expected at least the ${pinned.size} of the pinned checkpoint`,
      { cause },
    );
  }
}

async function startIndex(
  { reader, start, pinned }: FollowedLog,
  tree: SignedCheckpoint,
  signal: AbortSignal,
): Promise<number> {
  if (start === 'genesis') {
    return 0;
  }
  if (start === 'head') {
    return pinned?.size ?? tree.size;
  }
  if (start instanceof Date) {
    return tree.size === 0 ? 0 : reader.indexAt(tree, start, signal);
  }
  return Math.min(start, tree.size);
}
