import { logAlert, startedAlert } from '../alert/log-alert.ts';
import { LogMisbehaved, LogUnavailable, type LogReader, type Start } from '../log/log.ts';
import { findRival, saveCheckpoint } from '../store/checkpoints.ts';
import {
  findLog,
  saveFailure,
  saveJoined,
  saveTarget,
  saveVerified,
  stopLog,
  type LogPosition,
} from '../store/logs.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { catchUp } from './catch-up.ts';
import type { FollowDeps } from './follow-deps.ts';
import { joinLog } from './join-log.ts';
import { requireConsistent, requireSameRoot } from './require-consistent.ts';

/** How one pass over one log ended. */
export type PassOutcome =
  | { readonly kind: 'verified'; readonly size: number }
  | { readonly kind: 'unavailable'; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'misbehaving' };

/**
 * Fetches the log's checkpoint, holds it against all that was verified before, and reads every entry up to it.
 * What the log or the way to it does wrong becomes state, evidence and alert in the store, never an exception.
 * `start` counts only for a log that has no position yet.
 */
export async function pass(
  reader: LogReader,
  start: Start,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<PassOutcome> {
  try {
    return await follow(reader, start, deps, signal);
  } catch (error) {
    if (!(error instanceof LogMisbehaved) || error.evidence.signed) {
      return fail(reader, error, deps, signal);
    }
  }
  // What nobody signed may be a broken cache on the way: look once more, past every cache, before accusing the log.
  reader.fresh = true;
  try {
    return await follow(reader, start, deps, signal);
  } catch (error) {
    return fail(reader, error, deps, signal);
  } finally {
    reader.fresh = false;
  }
}

async function follow(reader: LogReader, start: Start, deps: FollowDeps, signal: AbortSignal): Promise<PassOutcome> {
  const { store, clock } = deps;
  const seen = await reader.fetchCheckpoint(signal);
  store.transaction(() => {
    saveCheckpoint(store, seen, clock.now());
  });

  const log = findLog(store, reader.origin);
  const known = log?.position?.target ?? log?.position?.verified ?? null;
  // Every checkpoint ever seen counts, also one that was refused, or that a crash left unsettled.
  requireSameRoot(reader, findRival(store, seen) ?? seen, seen, known ?? seen);
  if (known !== null) {
    await requireConsistent(reader, known, seen, signal);
  }
  if (log?.stoppedBy != null) {
    return { kind: 'misbehaving' };
  }

  const position = log?.position ?? (await join(reader, start, seen, deps, signal));
  // A target accepted before a restart is finished first: its range was promised to be read.
  if (position.target !== null) {
    await reach(reader, position, position.target, deps, signal);
  }
  const reached = position.target ?? position.verified;
  if (signal.aborted) {
    return { kind: 'verified', size: reached?.size ?? 0 };
  }
  // A lagging replica shows an older checkpoint of the same tree: a sign of life, but nothing new.
  const latest = reached !== null && seen.size < reached.size ? reached : seen;
  await reach(reader, requirePosition(reader, deps), latest, deps, signal);
  return { kind: 'verified', size: latest.size };
}

/** Gives a log the position to begin at, with `seen` as its first target. */
async function join(
  reader: LogReader,
  start: Start,
  seen: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<LogPosition> {
  const frontier = await joinLog(reader, start, seen, signal);
  saveJoined(deps.store, reader.origin, frontier, seen, deps.clock.now());
  deps.logger.info({ log: reader.origin, start: frontier.size, size: seen.size }, 'joined');
  return requirePosition(reader, deps);
}

function requirePosition(reader: LogReader, deps: FollowDeps): LogPosition {
  const position = findLog(deps.store, reader.origin)?.position;
  if (position == null) {
    throw new Error(`Log "${reader.origin}" has no position although it was joined`);
  }
  return position;
}

/** Stores `target` before its entries are read, so that one that contradicts it is noticed also after a crash; reads up to it; stores it as verified. */
async function reach(
  reader: LogReader,
  position: LogPosition,
  target: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, logger } = deps;
  if (position.target === null && position.verified?.size !== target.size) {
    saveTarget(store, reader.origin, target, clock.now());
  }
  await catchUp(reader, position.frontier, target, deps, signal);
  if (signal.aborted) {
    return;
  }
  const first = position.verified === null;
  store.transaction(() => {
    const now = clock.now();
    saveVerified(store, reader.origin, target, reader.inactive, now);
    if (first) {
      deps.tell(startedAlert(reader.origin, target), now);
    }
  });
  if (position.verified?.size !== target.size) {
    logger.info({ log: reader.origin, size: target.size, root: target.root.toString('hex') }, 'verified');
  }
}

function fail(reader: LogReader, error: unknown, deps: FollowDeps, signal: AbortSignal): PassOutcome {
  const { store, clock, logger } = deps;
  // A proof in hand is kept even when the program ends just now.
  if (signal.aborted && !(error instanceof LogMisbehaved)) {
    return { kind: 'unavailable', retryAfterMs: undefined };
  }
  const now = clock.now();
  if (error instanceof LogUnavailable) {
    saveFailure(store, reader.origin, 'unreachable', error.message, now);
    logger.warn({ log: reader.origin, error: error.message }, 'log unavailable');
    return { kind: 'unavailable', retryAfterMs: error.retryAfterMs };
  }
  if (error instanceof LogMisbehaved) {
    store.transaction(() => {
      const alert = deps.tell(logAlert(error), now);
      saveFailure(store, reader.origin, 'misbehaving', error.message, now);
      if (error.evidence.signed) {
        stopLog(store, reader.origin, alert, now);
      }
    });
    logger.error({ log: reader.origin, kind: error.evidence.kind, error: error.message }, 'log misbehaves');
    return { kind: 'misbehaving' };
  }
  // Not the log's doing: our own fault, for the supervisor to see.
  throw error;
}
