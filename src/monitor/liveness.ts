import {
  sourceUnreachableAlert,
  sourceUnreachableKey,
  stalledAlert,
  stalledKey,
  unreachableAlert,
  unreachableKey,
} from '../alert/operational-alert.ts';
import { closeAlert, isUnclosed } from '../store/alerts.ts';
import { findLife, saveLife, saveStalled, type Life } from '../store/life.ts';
import { findFailure } from '../store/sources.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { treeHeadTime } from '../tlog/tree-head.ts';
import type { FollowDeps } from './follow-deps.ts';
import { STALE_AFTER_MS, type FollowedLog, type FollowedSource } from './followed-source.ts';

/** A log that cannot be read is told after `stale_after`, but never later than so. */
const UNREACHABLE_AFTER_MS = 15 * 60_000;

/** How far the clock of a log may be ahead of ours. What it signs for later is no sign of life now. */
const AHEAD_MS = 5 * 60_000;

/**
 * Takes a checkpoint that the log showed at its own address as a sign of life: by the time that it signed, where it signs one
 * (CT), else by its growth. Call once it is stored as seen.
 */
export function noteLife(seen: SignedCheckpoint, { store, clock }: FollowDeps): void {
  store.transaction(() => {
    const life = findLife(store, seen.origin);
    const at = life && signOfLife(seen, life, clock.now());
    if (at !== null) {
      saveLife(store, seen.origin, at, seen.size);
    }
  });
}

/** When the checkpoint shows that the log was alive; null when it shows nothing new. */
function signOfLife(seen: SignedCheckpoint, { aliveAt, aliveSize }: Life, now: Date): Date | null {
  const signed = treeHeadTime(seen);
  if (signed !== null && signed.getTime() <= now.getTime() + AHEAD_MS) {
    return signed < now ? signed : now;
  }
  if (aliveSize === null) {
    // A witness may have said already how old it is.
    return aliveAt ?? now;
  }
  return seen.size > aliveSize ? now : null;
}

/** Tells when a log has given no sign of life, or could not be read, for too long; closes those alerts when that is over. Call inside a transaction. */
export function checkLife({ reader, staleAfterMs }: FollowedLog, deps: FollowDeps, now: Date): void {
  checkLifeOf(reader.origin, staleAfterMs, deps, now);
}

/** The same for a log that is served no more, by its origin. */
export function checkLifeOf(origin: string, staleAfterMs: number | null, deps: FollowDeps, now: Date): void {
  const life = findLife(deps.store, origin);
  if (life === null) {
    return;
  }
  if (life.failingSince === null) {
    closeAlert(deps.store, unreachableKey(origin));
  }
  if (life.frozen) {
    closeAlert(deps.store, stalledKey(origin));
  }
  if (life.stopped || life.frozen || life.hidden) {
    return;
  }
  if (life.failingSince !== null) {
    // A source that cannot be asked is told for all its logs.
    if (!life.sourceFailing && isLong(life.failingSince, staleAfterMs, now)) {
      tellOnce(unreachableAlert(origin, life.failingSince, life.lastError ?? 'It does not answer'), deps, now);
    }
    return;
  }
  checkStalled(origin, life, staleAfterMs, deps, now);
}

function checkStalled(origin: string, life: Life, staleAfterMs: number | null, deps: FollowDeps, now: Date): void {
  const { state, aliveAt, aliveSize } = life;
  if (staleAfterMs === null || aliveAt === null || now.getTime() - aliveAt.getTime() <= staleAfterMs) {
    closeAlert(deps.store, stalledKey(origin));
  } else if (state === 'verified' || state === 'stalled') {
    saveStalled(deps.store, origin);
    tellOnce(stalledAlert(origin, aliveAt, aliveSize ?? 0), deps, now);
  }
}

/** The same for a source that cannot be asked for its logs, or can be again. Call inside a transaction, once the outcome is stored. */
export function checkSource({ source, staleAfterMs }: FollowedSource, deps: FollowDeps, now: Date): void {
  const failure = findFailure(deps.store, source.name);
  if (failure === null) {
    closeAlert(deps.store, sourceUnreachableKey(source.name));
  } else if (isLong(failure.since, staleAfterMs, now)) {
    tellOnce(sourceUnreachableAlert(source, failure.since, failure.error), deps, now);
  }
}

function isLong(since: Date, staleAfterMs: number | null, now: Date): boolean {
  return now.getTime() - since.getTime() >= Math.min(staleAfterMs ?? STALE_AFTER_MS, UNREACHABLE_AFTER_MS);
}

/** What goes on is not told at each poll. */
function tellOnce(draft: ReturnType<typeof stalledAlert>, { store, tell }: FollowDeps, now: Date): void {
  if (!isUnclosed(store, draft.dedupeKey)) {
    tell(draft, now);
  }
}
