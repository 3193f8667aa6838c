import type { LogReader } from '../log/log.ts';
import { findRival, wasVerified } from '../store/checkpoints.ts';
import { frontierAt, nodesBetween } from '../store/leaf-hashes.ts';
import { findLog } from '../store/logs.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { FollowDeps } from './follow-deps.ts';
import { contradiction, requireConsistent, requireSameRoot } from './require-consistent.ts';

/**
 * Holds a signed checkpoint of the log against everything that was verified, accepted or seen before, whatever its size.
 * Throws LogMisbehaved with proof in hand, and LogUnavailable when it can be shown to be neither a view of the same growing
 * tree nor a contradiction. Each question to the log is bounded in time, and their number too.
 */
export async function compareCheckpoint(
  reader: LogReader,
  seen: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const { store } = deps;
  const position = findLog(store, reader.origin)?.position ?? null;
  const known = position?.target ?? position?.verified ?? null;
  // Every checkpoint ever seen counts, also one that was refused, or that a crash left unsettled.
  requireSameRoot(reader, findRival(store, seen) ?? seen, seen, known ?? seen);
  if (known === null) {
    return;
  }
  const verified = position?.verified ?? null;
  if (verified !== null && seen.size <= verified.size && isOwnPrefix(reader, verified, seen, known, deps)) {
    return;
  }
  await requireConsistent(reader, known, seen, signal);
}

/**
 * Whether we know by ourselves that `seen` is a prefix of what was verified, without any help of the log; false when that
 * is not known. Throws LogMisbehaved when we know that it is none, and can prove it.
 */
function isOwnPrefix(
  reader: LogReader,
  verified: SignedCheckpoint,
  seen: SignedCheckpoint,
  known: SignedCheckpoint,
  { store }: FollowDeps,
): boolean {
  if (seen.size === verified.size) {
    requireSameRoot(reader, verified, seen, known);
    return true;
  }
  if (wasVerified(store, seen)) {
    return true;
  }
  const frontier = frontierAt(store, reader.origin, seen.size);
  if (frontier === null || frontier.root().equals(seen.root)) {
    return frontier !== null;
  }
  const nodes = nodesBetween(store, reader.origin, seen.size, verified.size);
  if (nodes === null) {
    return false;
  }
  throw contradiction(reader, seen, { frontier, provenBy: verified, nodes }, 'rollback');
}
