import { LogUnavailable, type LogReader } from '../log/log.ts';
import { checkpointsBetween, saveCheckpoint } from '../store/checkpoints.ts';
import { cutGaps } from '../store/gaps.ts';
import { cutLeafHashes, frontierAt } from '../store/leaf-hashes.ts';
import { findLog, replacePosition, type LogPosition } from '../store/logs.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Frontier } from '../tlog/frontier.ts';
import type { FollowDeps } from './follow-deps.ts';
import { requireConsistent } from './require-consistent.ts';

/** With so many of the checkpoints that were seen on the way a position that does not fit is compared. */
const COMPARED = 8;

/**
 * The frontier from which to go on towards `target`. One that was left in the middle of a catch-up, and vouched for by another
 * checkpoint (Rekor v1: whatever the log had signed last), is held against the log's own first, for that checkpoint may be of
 * another history. If so, and no signed contradiction shows it (LogMisbehaved), the position goes back to what was verified,
 * and is read again from there.
 */
export async function recheckFrontier(
  reader: LogReader,
  target: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<Frontier> {
  const log = findLog(deps.store, reader.origin);
  if (log?.position == null) {
    throw new Error(`Log "${reader.origin}" has no position although it was joined`);
  }
  const { startedAtIndex, position } = log;
  const { frontier, verified, vouched } = position;
  // Else it was proven under the target itself.
  if (vouched === null) {
    return frontier;
  }
  await requireNoContradiction(reader, [vouched], target, signal);
  const proven = await orNull(reader.fetchFrontier(target, frontier.size, signal));
  if (proven === null || proven.frontier.equals(frontier)) {
    return frontier;
  }
  const from = verified?.size ?? startedAtIndex ?? 0;
  const passed = checkpointsBetween(deps.store, reader.origin, from, target.size).slice(-COMPARED);
  await requireNoContradiction(reader, [proven.provenBy, ...passed], target, signal);
  return goBack(reader, position, vouched, from, target, deps, signal);
}

async function goBack(
  reader: LogReader,
  { verified, target: stored, frontier: given }: LogPosition,
  vouched: SignedCheckpoint,
  size: number,
  target: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<Frontier> {
  const { store, clock, logger } = deps;
  const frontier = frontierAt(store, reader.origin, size) ?? (await provenFrontier(reader, target, size, signal));
  if (verified !== null && !frontier.root().equals(verified.root)) {
    throw new LogUnavailable(
      `Cannot go on with "${reader.origin}" from ${size}: the log does not show the tree that was verified there`,
    );
  }
  store.transaction(() => {
    // Entries are held against it when the tail passes its size.
    saveCheckpoint(store, vouched, clock.now());
    replacePosition(store, reader.origin, { frontier, verified, target: stored }, clock.now());
    cutLeafHashes(store, reader.origin, size);
    cutGaps(store, reader.origin, size);
  });
  logger.warn({ log: reader.origin, from: given.size, to: size }, 'position taken back');
  return frontier;
}

/** The log's own frontier of this size, in one history with `target`. Throws LogUnavailable or LogMisbehaved. */
async function provenFrontier(
  reader: LogReader,
  target: SignedCheckpoint,
  size: number,
  signal: AbortSignal,
): Promise<Frontier> {
  const { frontier, provenBy } = await reader.fetchFrontier(target, size, signal);
  await requireConsistent(reader, target, provenBy, signal);
  return frontier;
}

/** Throws LogMisbehaved when one of these contradicts `target`. One that the log does not compare proves nothing. */
async function requireNoContradiction(
  reader: LogReader,
  others: readonly SignedCheckpoint[],
  target: SignedCheckpoint,
  signal: AbortSignal,
): Promise<void> {
  for (const other of others) {
    await orNull(requireConsistent(reader, other, target, signal));
  }
}

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof LogUnavailable) {
      return null;
    }
    throw error;
  }
}
