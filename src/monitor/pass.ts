import { logAlert, startedAlert } from '../alert/log-alert.ts';
import { LogMisbehaved, LogUnavailable, type LogReader } from '../log/log.ts';
import { isUnclosed } from '../store/alerts.ts';
import { forgetVouchers } from '../store/checkpoints.ts';
import { findDecision } from '../store/decisions.ts';
import {
  findLog,
  saveFailure,
  saveJoined,
  saveTarget,
  saveVerified,
  stopLog,
  type LogPosition,
} from '../store/logs.ts';
import { pauseWithheld } from '../store/withheld.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { checkBacklog } from './backlog.ts';
import { compareCheckpoint } from './compare-checkpoint.ts';
import { compareElsewhere } from './compare-elsewhere.ts';
import { fillGaps } from './fill-gaps.ts';
import { findObservers } from './find-observers.ts';
import type { FollowDeps } from './follow-deps.ts';
import type { FollowedLog } from './followed-source.ts';
import { joinLog } from './join-log.ts';
import { checkLife, noteLife } from './liveness.ts';
import { noteUnshown } from './note-unshown.ts';
import { readTo } from './read-to.ts';
import { recheckFrontier } from './recheck-frontier.ts';
import { requireNotGrown } from './require-not-grown.ts';
import { resumeLog } from './resume-log.ts';
import { saveSeen } from './save-seen.ts';

/** How one pass over one log ended. */
export type PassOutcome =
  | { readonly kind: 'verified'; readonly size: number }
  | { readonly kind: 'unavailable'; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'misbehaving' };

/**
 * Fetches the log's checkpoint, holds it against all that was verified before, and reads every entry up to it.
 * What the log or the way to it does wrong becomes state, evidence and alert in the store, never an exception.
 */
export async function pass(followed: FollowedLog, deps: FollowDeps, signal: AbortSignal): Promise<PassOutcome> {
  const { reader } = followed;
  try {
    return await follow(followed, deps, signal);
  } catch (error) {
    if (!(error instanceof LogMisbehaved) || error.evidence.signed) {
      return fail(followed, error, deps, signal);
    }
  }
  // What nobody signed may be a broken cache on the way: look once more, past every cache, before accusing the log.
  reader.fresh = true;
  try {
    return await follow(followed, deps, signal);
  } catch (error) {
    if (error instanceof LogMisbehaved && error.evidence.kind === 'bad-signature') {
      // Perhaps by a key that is younger than our trust data. Once that knows it, this log is begun anew with it.
      await deps.suspectTrust(deps.clock.now(), signal);
      if (signal.aborted) {
        return { kind: 'unavailable', retryAfterMs: undefined };
      }
    }
    return fail(followed, error, deps, signal);
  } finally {
    reader.fresh = false;
  }
}

async function follow(followed: FollowedLog, deps: FollowDeps, signal: AbortSignal): Promise<PassOutcome> {
  const { reader } = followed;
  const { store } = deps;
  const seen = await fetchCheckpoint(reader, deps, signal);
  saveSeen(seen, deps);
  noteLife(seen, deps);

  const decision = findDecision(store, reader.origin);
  if (decision !== null) {
    await resumeLog(reader, seen, decision, deps, signal);
  }
  await compare(followed, seen, deps, signal);
  await compareElsewhere(followed, seen, deps, signal);
  const log = findLog(store, reader.origin);
  if (log?.stoppedBy != null) {
    return { kind: 'misbehaving' };
  }
  requireNotGrown(reader, log, seen);

  const position = log?.position ?? (await join(followed, seen, deps, signal));
  // A target accepted before a restart is finished first: its range was promised to be read.
  if (position.target !== null) {
    await reach(followed, position, position.target, deps, signal);
  }
  const reached = position.target ?? position.verified;
  if (signal.aborted) {
    return { kind: 'verified', size: reached?.size ?? 0 };
  }
  // A lagging replica shows an older checkpoint of the same tree: a sign of life, but nothing new.
  const latest = reached !== null && seen.size < reached.size ? reached : seen;
  await reach(followed, requirePosition(reader, deps), latest, deps, signal);
  await fillGaps(followed, latest, deps, signal);
  return { kind: 'verified', size: latest.size };
}

async function fetchCheckpoint(reader: LogReader, deps: FollowDeps, signal: AbortSignal): Promise<SignedCheckpoint> {
  try {
    return await reader.fetchCheckpoint(signal);
  } catch (error) {
    // A log that is down does not withhold anything.
    pauseWithheld(deps.store, { log: reader.origin }, deps.clock.now());
    throw error;
  }
}

async function compare(
  followed: FollowedLog,
  seen: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  try {
    await compareCheckpoint(followed.reader, seen, deps, signal);
  } catch (error) {
    if (error instanceof LogUnavailable && !signal.aborted) {
      noteUnshown(followed, seen, error, deps);
    }
    throw error;
  }
}

/** Gives a log the position to begin at, with `seen` as its first target. */
async function join(
  followed: FollowedLog,
  seen: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<LogPosition> {
  const { reader } = followed;
  const frontier = await joinLog(followed, seen, signal);
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
  followed: FollowedLog,
  position: LogPosition,
  target: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const { reader } = followed;
  const { store, clock, logger } = deps;
  if (position.target === null && position.verified?.size !== target.size) {
    saveTarget(store, reader.origin, target, clock.now());
  }
  const frontier = await recheckFrontier(reader, target, deps, signal);
  await readTo(followed, frontier, target, deps, signal);
  if (signal.aborted) {
    return;
  }
  const frozen = await isAtItsEnd(reader, target, deps, signal);
  const first = position.verified === null;
  store.transaction(() => {
    const now = clock.now();
    saveVerified(store, reader.origin, target, frozen, now);
    forgetVouchers(store, reader.origin, target.size);
    if (first) {
      deps.tell(startedAlert(reader.origin, target), now);
    }
    checkLife(followed, deps, now);
    checkBacklog(followed, deps, now);
  });
  if (position.verified?.size !== target.size) {
    logger.info({ log: reader.origin, size: target.size, root: target.root.toString('hex') }, 'verified');
  }
}

/** Whether the log was shown to end with `target`: what was shown once is remembered. */
async function isAtItsEnd(
  reader: LogReader,
  target: SignedCheckpoint,
  { store }: FollowDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const end = findLog(store, reader.origin)?.frozen ?? null;
  return end?.size === target.size || (reader.inactive && (await reader.confirmEnd(target, signal)));
}

function fail(followed: FollowedLog, error: unknown, deps: FollowDeps, signal: AbortSignal): PassOutcome {
  const { reader } = followed;
  const { store, clock, logger } = deps;
  // A proof in hand is kept even when the program ends just now.
  if (signal.aborted && !(error instanceof LogMisbehaved)) {
    return { kind: 'unavailable', retryAfterMs: undefined };
  }
  const now = clock.now();
  if (error instanceof LogUnavailable) {
    const log = findLog(store, reader.origin);
    if (error.unlisted && log?.frozen != null && log.stoppedBy === null) {
      // It had ended, all of it is verified, and nobody must list it for ever.
      return keepFrozen(log.frozen, deps, now);
    }
    store.transaction(() => {
      saveFailure(store, reader.origin, 'unreachable', error.message, now);
      checkLife(followed, deps, now);
    });
    logger.warn({ log: reader.origin, error: error.message }, 'log unavailable');
    return { kind: 'unavailable', retryAfterMs: error.retryAfterMs };
  }
  if (error instanceof LogMisbehaved) {
    if (isKnown(error, deps)) {
      logger.debug({ log: reader.origin, error: error.message }, 'log still contradicts itself');
      return { kind: 'misbehaving' };
    }
    store.transaction(() => {
      const alert = deps.tell(logAlert(error, findObservers(store, error.evidence)), now);
      saveFailure(store, reader.origin, 'misbehaving', error.message, now);
      checkLife(followed, deps, now);
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

function keepFrozen(end: SignedCheckpoint, { store }: FollowDeps, now: Date): PassOutcome {
  store.transaction(() => {
    saveVerified(store, end.origin, end, true, now);
  });
  return { kind: 'verified', size: end.size };
}

/** The contradiction by which the log is stopped already: it was told, and seen again it is nothing new. */
function isKnown(error: LogMisbehaved, { store }: FollowDeps): boolean {
  const stopped = findLog(store, error.evidence.log)?.stoppedBy != null;
  return stopped && error.evidence.signed && isUnclosed(store, logAlert(error).dedupeKey);
}
