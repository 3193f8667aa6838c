import { LogMisbehaved, LogUnavailable, type LogReader } from '../log/log.ts';
import { lastVerifiedBetween } from '../store/checkpoints.ts';
import { frontierAt, lowestKept } from '../store/leaf-hashes.ts';
import type { LogPosition, LogRecord } from '../store/logs.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Frontier } from '../tlog/frontier.ts';
import type { FollowDeps } from './follow-deps.ts';
import { requireConsistent } from './require-consistent.ts';

/** Where the history that was followed and the one that a log shows now part, as far as that can be shown. */
export interface CommonHistory {
  /** `extension`: all that was verified is part of what the log shows now. */
  readonly kind: 'extension' | 'another';
  /** Of the new history; from here on it is to be read. */
  readonly frontier: Frontier;
  /** The last checkpoint up to there that was verified on the history that both share. */
  readonly verified: SignedCheckpoint | null;
  /** What of the new history cannot be read from a proven place on: from ≤ index < to. */
  readonly gap: { readonly from: number; readonly to: number } | null;
}

/**
 * Finds the last place that is proven to be part of the tree `seen`: of our own leaf hashes the exact one, before them the
 * last checkpoint that was verified, before these where the log was joined. Where the log proves none of them, the head of
 * `seen`. Asks a bounded number of times. Throws LogUnavailable or LogMisbehaved.
 */
export async function findCommonHistory(
  reader: LogReader,
  log: LogRecord,
  seen: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<CommonHistory> {
  const { position, startedAtIndex } = log;
  if (position === null || startedAtIndex === null) {
    throw new Error(`Log "${reader.origin}" has no history to compare: it was never joined`);
  }
  const extended = await findExtended(reader, position, seen, deps, signal);
  if (extended !== null) {
    return { kind: 'extension', ...extended, gap: null };
  }
  const prover = createProver(reader, seen, signal);
  const highest = Math.min(position.verified?.size ?? position.frontier.size, seen.size);
  const shared =
    (await lastOwn(prover, highest, log.origin, deps)) ??
    (await lastVerified(prover, startedAtIndex, highest, log.origin, deps)) ??
    (await whereJoined(prover, startedAtIndex, seen));
  if (shared !== null) {
    return { kind: 'another', ...shared, gap: null };
  }
  // Throws where the log cannot be asked at all.
  const head = await prover.frontierOf(seen.size);
  const gap = startedAtIndex < seen.size ? { from: startedAtIndex, to: seen.size } : null;
  return { kind: 'another', frontier: head, verified: null, gap };
}

type Place = Pick<CommonHistory, 'frontier' | 'verified'>;

/** From where to go on when `seen` extends what was verified, or is a part of it; null when it is another history. */
async function findExtended(
  reader: LogReader,
  { frontier, verified }: LogPosition,
  seen: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<Place | null> {
  const prover = createProver(reader, seen, signal);
  if (frontier.size <= seen.size && (await prover.frontierOf(frontier.size)).equals(frontier)) {
    return { frontier, verified };
  }
  if (verified === null) {
    return null;
  }
  if (verified.size <= seen.size) {
    const proven = await prover.frontierOf(verified.size);
    return proven.root().equals(verified.root) ? { frontier: proven, verified } : null;
  }
  // An older view of the proven tree, or of another one: then the log, too, shows that it is no part of it.
  if (!(await isPart(reader, seen, verified, deps, signal))) {
    return null;
  }
  const own = frontier.size === verified.size ? frontier : frontierAt(deps.store, reader.origin, verified.size);
  if (own === null) {
    throw new LogUnavailable(
      `Cannot resume "${reader.origin}" yet: it shows a tree of size ${seen.size}, expected at least the verified size ${verified.size}`,
    );
  }
  return { frontier: own, verified };
}

/** Whether the smaller tree `seen` is part of the one that was `verified`: by our own leaf hashes, else as the log shows it. */
async function isPart(
  reader: LogReader,
  seen: SignedCheckpoint,
  verified: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const own = frontierAt(deps.store, reader.origin, seen.size);
  if (own !== null) {
    return own.root().equals(seen.root);
  }
  try {
    await requireConsistent(reader, verified, seen, signal);
    return true;
  } catch (error) {
    if (error instanceof LogMisbehaved && error.evidence.signed) {
      return false;
    }
    throw error;
  }
}

interface Prover {
  /** The log's own frontier of this size in the tree that is `seen` now. */
  frontierOf(size: number): Promise<Frontier>;
  /** The same; null where the log does not prove it. */
  tryFrontierOf(size: number): Promise<Frontier | null>;
}

function createProver(reader: LogReader, seen: SignedCheckpoint, signal: AbortSignal): Prover {
  const frontierOf = async (size: number): Promise<Frontier> => {
    const { frontier, provenBy } = await reader.fetchFrontier(seen, size, signal);
    // Rekor v1 proves an entry under whatever it has signed last.
    await requireConsistent(reader, seen, provenBy, signal);
    return frontier;
  };
  return {
    frontierOf,
    async tryFrontierOf(size) {
      try {
        return await frontierOf(size);
      } catch (error) {
        if (error instanceof LogUnavailable) {
          return null;
        }
        throw error;
      }
    },
  };
}

/** The last size up to `highest` of which our own leaf hashes make the same frontier. */
async function lastOwn(prover: Prover, highest: number, log: string, { store }: FollowDeps): Promise<Place | null> {
  const lowest = lowestKept(store, log, highest);
  if (lowest === null) {
    return null;
  }
  const size = await lastOf(lowest, highest, async (candidate) => {
    const own = frontierAt(store, log, candidate);
    return own !== null && (await prover.tryFrontierOf(candidate))?.equals(own) === true;
  });
  const frontier = size === null ? null : frontierAt(store, log, size);
  if (size === null || frontier === null) {
    return null;
  }
  return { frontier, verified: lastVerifiedBetween(store, log, 0, size) };
}

/** The last of the checkpoints that were verified which the log proves to be part of what it shows now. */
async function lastVerified(
  prover: Prover,
  lowest: number,
  highest: number,
  log: string,
  { store }: FollowDeps,
): Promise<Place | null> {
  let place: Place | null = null;
  let [from, to] = [lowest, highest];
  while (from <= to) {
    const middle = from + Math.floor((to - from) / 2);
    const verified = lastVerifiedBetween(store, log, from, middle);
    const frontier = verified === null ? null : await prover.tryFrontierOf(verified.size);
    if (verified !== null && frontier?.root().equals(verified.root) !== true) {
      to = verified.size - 1;
    } else {
      place = frontier === null ? place : { frontier, verified };
      from = middle + 1;
    }
  }
  return place;
}

async function whereJoined(prover: Prover, size: number, seen: SignedCheckpoint): Promise<Place | null> {
  if (size > seen.size) {
    return null;
  }
  const frontier = await prover.tryFrontierOf(size);
  return frontier && { frontier, verified: null };
}

/** The last of the whole numbers from `low` to `high` for which `holds`, given that it holds for all before one for which it does; null when for none. */
async function lastOf(
  low: number,
  high: number,
  holds: (candidate: number) => Promise<boolean>,
): Promise<number | null> {
  let found: number | null = null;
  let [from, to] = [low, high];
  while (from <= to) {
    const middle = from + Math.floor((to - from) / 2);
    if (await holds(middle)) {
      found = middle;
      from = middle + 1;
    } else {
      to = middle - 1;
    }
  }
  return found;
}
