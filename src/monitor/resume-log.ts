import { LogMisbehaved, type LogReader } from '../log/log.ts';
import { closeContradictions } from '../store/alerts.ts';
import { disregardOthers } from '../store/checkpoints.ts';
import { settleDecision, type Decision } from '../store/decisions.ts';
import { cutGaps, saveGap } from '../store/gaps.ts';
import { cutLeafHashes } from '../store/leaf-hashes.ts';
import { findLog, releaseLog, replacePosition, type LogRecord } from '../store/logs.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { findCommonHistory, type CommonHistory } from './find-common-history.ts';
import type { FollowDeps } from './follow-deps.ts';

/**
 * Goes on with a log that was stopped, as an operator decided: onto `seen`, what it shows now. Where that extends the tree
 * that was proven, from where it was left; else from the last place that both histories share, so that the contested range
 * is read again. Writes down what came of it, in one transaction. Throws LogUnavailable or LogMisbehaved; only one that is
 * signed, a new contradiction, settles the decision.
 */
export async function resumeLog(
  reader: LogReader,
  seen: SignedCheckpoint,
  decision: Decision,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock } = deps;
  const log = findLog(store, reader.origin);
  if (log === null || !isStuck(log, seen)) {
    settleDecision(store, decision, 'nothing was to be decided: the log was not stopped', clock.now());
    return;
  }
  let common: CommonHistory | null;
  try {
    common = log.position === null ? null : await findCommonHistory(reader, log, seen, deps, signal);
  } catch (error) {
    if (error instanceof LogMisbehaved && error.evidence.signed) {
      settleDecision(store, decision, `the log contradicts itself anew: ${error.message}`, clock.now());
    }
    throw error;
  }
  const outcome = describe(log, common, seen);
  store.transaction(() => {
    const now = clock.now();
    releaseLog(store, reader.origin, seen, now);
    if (common !== null) {
      goOnFrom(common, seen, deps, now);
    }
    disregardOthers(store, seen, common?.verified?.size ?? -1, decision.id);
    closeContradictions(store, reader.origin);
    settleDecision(store, decision, outcome, now);
  });
  deps.logger.warn({ log: reader.origin, by: decision.by, outcome }, 'log resumed');
}

/** Stopped by what it signed, held at the end that it was shown to have, or by a larger tree that it signed and does not show. */
function isStuck({ stoppedBy, frozen, position }: LogRecord, seen: SignedCheckpoint): boolean {
  const target = position?.target ?? null;
  return (
    stoppedBy !== null || (frozen !== null && seen.size > frozen.size) || (target !== null && seen.size < target.size)
  );
}

function goOnFrom({ frontier, verified, gap }: CommonHistory, seen: SignedCheckpoint, deps: FollowDeps, now: Date) {
  const { store } = deps;
  const target = seen.size < frontier.size ? null : seen;
  replacePosition(store, seen.origin, { frontier, verified, target }, now);
  cutLeafHashes(store, seen.origin, frontier.size);
  cutGaps(store, seen.origin, gap?.from ?? frontier.size);
  if (gap !== null) {
    saveGap(store, { log: seen.origin, ...gap, reason: 'contested' }, now);
  }
}

function describe(log: LogRecord, common: CommonHistory | null, seen: SignedCheckpoint): string {
  if (log.position === null || common === null) {
    return 'it was never joined, and is joined as if it were new';
  }
  const { frontier, gap } = common;
  const reached = log.position.frontier.size;
  switch (common.kind) {
    case 'extension':
      return `it goes on from ${frontier.size}: what it shows now extends the tree that was proven`;
    case 'another':
      return gap === null
        ? `another history of size ${seen.size}: joined anew at ${frontier.size}, and what was read up to ${reached} is read again from there`
        : `another history of size ${seen.size}: joined anew at its head; entries ${gap.from} to ${gap.to - 1} of it were never examined`;
  }
}
