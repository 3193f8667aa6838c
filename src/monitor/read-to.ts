import { unreachableKey } from '../alert/operational-alert.ts';
import { withheldAlert, withheldKey } from '../alert/withheld-alert.ts';
import { LogMisbehaved, LogUnavailable, type LogReader, type ProvenFrontier } from '../log/log.ts';
import { closeAlert, isToldOf } from '../store/alerts.ts';
import { hasWithheld, saveGap } from '../store/gaps.ts';
import { findLog, saveFrontier } from '../store/logs.ts';
import { findBehindSince } from '../store/rates.ts';
import { findWithheld, pauseWithheld, saveWithheld } from '../store/withheld.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Frontier } from '../tlog/frontier.ts';
import { catchUp } from './catch-up.ts';
import type { FollowDeps } from './follow-deps.ts';
import { STALE_AFTER_MS, type FollowedLog } from './followed-source.ts';
import { requireConsistent } from './require-consistent.ts';

/** Where one entry was not served, so many are asked for one at a time: it may be any of those that were asked for together. */
const ALONE = 10;

/**
 * Catches up with `target`, past entries that the log signed and has not served for longer than `stale_after`: these are
 * told, named as a gap, and stepped over where the log proves the way; so are, without waiting anew, further ones behind such
 * a gap that were signed as long ago. Rejects as catchUp does; with LogUnavailable also where the first entry that is not
 * served must be waited for.
 */
export async function readTo(
  followed: FollowedLog,
  start: Frontier,
  target: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const heard = hearing(followed, deps);
  let frontier = start;
  for (;;) {
    try {
      frontier = await readAlone(followed, frontier, target, heard, signal);
      if (!signal.aborted) {
        await catchUp(followed, frontier, target, heard, signal);
      }
      return;
    } catch (error) {
      const behind = error instanceof LogUnavailable ? await passOver(followed, target, error, deps, signal) : null;
      if (behind === null) {
        throw error;
      }
      frontier = behind;
    }
  }
}

/** Whoever catches up after an outage can read the log again, long before all of it is verified. */
function hearing({ reader }: FollowedLog, deps: FollowDeps): FollowDeps {
  let isHeard = false;
  return {
    ...deps,
    onProgress: (progress) => {
      if (!isHeard) {
        isHeard = true;
        closeAlert(deps.store, unreachableKey(reader.origin));
      }
      deps.onProgress(progress);
    },
  };
}

/** Asks for the entry that was not served before, and for those behind it, by themselves and past every cache. */
async function readAlone(
  followed: FollowedLog,
  start: Frontier,
  target: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<Frontier> {
  const { reader } = followed;
  if (findWithheld(deps.store, reader.origin)?.index !== start.size) {
    return start;
  }
  const end = Math.min(start.size + ALONE, target.size);
  const { fresh } = reader;
  reader.fresh = true;
  try {
    let frontier = start;
    while (frontier.size < end && !signal.aborted) {
      frontier = await catchUp(followed, frontier, target, deps, signal, frontier.size + 1);
    }
    return frontier;
  } finally {
    reader.fresh = fresh;
  }
}

/** Notes that the entry at the position was not served. Once that is so for too long, it is told; the position moves behind it, if the log shows what lies there. */
async function passOver(
  { reader, staleAfterMs }: FollowedLog,
  target: SignedCheckpoint,
  error: LogUnavailable,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<Frontier | null> {
  const { store, clock, logger } = deps;
  const { origin } = reader;
  const frontier = findLog(store, origin)?.position?.frontier;
  if (signal.aborted || frontier === undefined || frontier.size >= target.size) {
    return null;
  }
  if (error.retryAfterMs !== undefined) {
    // A host that asks us to wait, or is left alone, withholds nothing: it was not asked.
    pauseWithheld(store, { log: origin }, clock.now());
    return null;
  }
  const from = frontier.size;
  const known = findWithheld(store, origin);
  const { since } = saveWithheld(store, origin, from, clock.now());
  const longAgo = new Date(clock.now().getTime() - (staleAfterMs ?? STALE_AFTER_MS));
  const isEarly = since >= longAgo;
  if (isEarly && !isFurther(origin, error, longAgo, deps)) {
    return null;
  }
  if (isEarly && known?.index !== from) {
    // Asked for once more at once, by itself and past every cache.
    return frontier;
  }
  const way = await findWay(reader, frontier, target, signal);
  if (isEarly && way === null) {
    return null;
  }
  const to = way?.frontier.size ?? from + 1;
  const isNew = !isToldOf(store, withheldKey(origin), from);
  store.transaction(() => {
    const now = clock.now();
    if (isNew) {
      deps.tell(withheldAlert(target, { from, to }, since, error.message), now);
    }
    if (way !== null) {
      saveGap(store, { log: origin, from, to, reason: 'withheld' }, now);
      saveFrontier(store, origin, way.frontier, now, way.provenBy.root.equals(target.root) ? null : way.provenBy);
    }
  });
  if (isNew || way !== null) {
    logger.error({ log: origin, from, to, passed: way !== null, error: error.message }, 'entries withheld');
  }
  return way?.frontier ?? null;
}

/**
 * Whether the entry at the position is but one more that this log withholds: one for which no other wait is due, or many small
 * holes would hold us up for ever. It was signed long ago, others were passed before it, and the server works.
 */
function isFurther(origin: string, error: LogUnavailable, longAgo: Date, { store }: FollowDeps): boolean {
  const signed = findBehindSince(store, origin);
  return !error.outOfOrder && hasWithheld(store, origin) && signed !== null && signed < longAgo;
}

/** What the log proves to lie behind the entries that it does not serve, in one history with `target` and with what was read of it. */
async function findWay(
  reader: LogReader,
  before: Frontier,
  target: SignedCheckpoint,
  signal: AbortSignal,
): Promise<ProvenFrontier | null> {
  try {
    const way = await reader.stepOver(target, before.size, signal);
    if (way === null) {
      return null;
    }
    // Leaves that are not there cannot lead from what we hold to what the log shows: both must be of the target's history.
    const own = await reader.fetchFrontier(target, before.size, signal);
    await requireConsistent(reader, target, way.provenBy, signal);
    await requireConsistent(reader, target, own.provenBy, signal);
    if (!own.frontier.equals(before)) {
      throw new LogMisbehaved(
        `The first ${before.size} entries of "${reader.origin}" are not the ones its signed tree holds`,
        { kind: 'entry-mismatch', log: reader.origin, signed: false, notes: [target.note, own.provenBy.note] },
      );
    }
    return way;
  } catch (error) {
    if (error instanceof LogUnavailable) {
      return null;
    }
    throw error;
  }
}
