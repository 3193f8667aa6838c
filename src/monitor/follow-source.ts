import { LogMisbehaved, LogUnavailable, type LogReader } from '../log/log.ts';
import { logAlert } from '../alert/log-alert.ts';
import { findDecision } from '../store/decisions.ts';
import { findLog, findUnlisted, hideLogs, registerLogs, saveFailure } from '../store/logs.ts';
import { recordSource, saveSourceError } from '../store/sources.ts';
import { saveVantages } from '../store/vantages.ts';
import { pauseWithheld } from '../store/withheld.ts';
import type { FollowDeps } from './follow-deps.ts';
import type { FollowedLog, FollowedSource } from './followed-source.ts';
import { checkLifeOf, checkSource } from './liveness.ts';
import { pass, type PassOutcome } from './pass.ts';
import { createVantage } from './vantage.ts';

/** Longest wait between two tries of something that fails, Retry-After aside: a failure must show within 30 seconds. */
const LONGEST_WAIT_MS = 30_000;

/** How often a decision is looked for: the operator was promised ten seconds, of which acting on it takes a part. */
const DECISION_MS = 4_000;

/** Follows every log of one source until `signal` aborts, each in a loop of its own; logs that appear later join in. */
export async function followSource(
  source: FollowedSource,
  pollIntervalMs: number,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const following = new Map<string, Promise<void>>();
  const failed = new AbortController();
  const own = AbortSignal.any([signal, failed.signal]);
  let failures = 0;
  try {
    while (!own.aborted) {
      const found = await discover(source, deps, own);
      const outcome = found.ok ? null : found.outcome;
      failures = outcome?.kind === 'unavailable' ? failures + 1 : 0;
      for (const log of found.ok ? found.logs : []) {
        if (!following.has(log.reader.origin)) {
          const loop = followLog(log, pollIntervalMs, deps, own);
          // One loop's programming fault ends them all, so that the process ends and is restarted.
          loop.catch(() => {
            failed.abort();
          });
          following.set(log.reader.origin, loop);
        }
      }
      await deps.clock.sleep(waitMs(pollIntervalMs, failures, outcome), own);
    }
    await Promise.all(following.values());
  } finally {
    failed.abort();
    await Promise.allSettled(following.values());
  }
}

/** One pass over every log of a source. */
export async function passOverSource(
  source: FollowedSource,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<readonly PassOutcome[]> {
  const found = await discover(source, deps, signal);
  if (!found.ok) {
    return [found.outcome];
  }
  const outcomes = await Promise.all(found.logs.map((log) => pass(log, deps, signal)));
  return [...outcomes, ...found.unlisted.map((origin) => outcomeOf(origin, deps))];
}

/** How it stands with a log that cannot be asked any more. */
function outcomeOf(origin: string, { store }: FollowDeps): PassOutcome {
  return findLog(store, origin)?.stoppedBy == null
    ? { kind: 'unavailable', retryAfterMs: undefined }
    : { kind: 'misbehaving' };
}

async function followLog(
  followed: FollowedLog,
  pollIntervalMs: number,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const decided = findDecision(deps.store, followed.reader.origin)?.id ?? null;
    const outcome = await pass(followed, deps, signal);
    failures = outcome.kind === 'unavailable' ? failures + 1 : 0;
    await sleepUntilDecided(followed, decided, waitMs(pollIntervalMs, failures, outcome), deps, signal);
  }
}

/**
 * Sleeps; where the log misbehaves, at most until an operator decides about it, for which the store is asked every few seconds.
 * `before`: a decision on which the last pass could not act already waits for its turn.
 */
async function sleepUntilDecided(
  { reader }: FollowedLog,
  before: number | null,
  ms: number,
  { store, clock }: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  if (findLog(store, reader.origin)?.state !== 'misbehaving') {
    return clock.sleep(ms, signal);
  }
  let left = ms;
  do {
    await clock.sleep(Math.min(left, DECISION_MS), signal);
    left -= DECISION_MS;
  } while (left > 0 && !signal.aborted && (findDecision(store, reader.origin)?.id ?? before) === before);
}

type Discovery =
  | {
      readonly ok: true;
      readonly logs: readonly FollowedLog[];
      /** Origins of logs that are followed and did not end, but are served no more. */
      readonly unlisted: readonly string[];
    }
  | { readonly ok: false; readonly outcome: PassOutcome };

/** Asks the source for its logs and makes them known to the store. The source's `start` holds for the first ones only: a shard that appears later begins at 0. */
async function discover(followed: FollowedSource, deps: FollowDeps, signal: AbortSignal): Promise<Discovery> {
  const { source } = followed;
  const { store, clock, logger } = deps;
  recordSource(store, source);
  try {
    const readers = await source.discover(signal);
    const logs = store.transaction(() => {
      saveSourceError(store, source.name, null, clock.now());
      checkSource(followed, deps, clock.now());
      const hidden = readers.filter(({ origin }) => followed.shards.get(origin)?.enabled === false);
      const shown = readers.filter((reader) => !hidden.includes(reader));
      const first = registerLogs(
        store,
        source.name,
        shown.map(({ origin, type }) => ({ origin, type, url: source.url })),
        clock.now(),
      );
      hideLogs(store, source.name, {
        leftOut: hidden.map(({ origin }) => origin),
        served: readers.map(({ origin }) => origin),
      });
      const found = shown.map((reader) => toFollowedLog(followed, reader, first.has(reader.origin)));
      for (const { reader, also } of found) {
        saveVantages(
          store,
          reader.origin,
          also.map(({ url }) => url),
        );
      }
      return found;
    });
    for (const origin of source.leftOut ?? []) {
      logger.warn({ source: source.name, log: origin }, 'log not followed: nobody signed it, as too many others');
    }
    const served = readers.map(({ origin }) => origin);
    const unlisted = findUnlisted(store, source.name, served);
    for (const origin of unlisted) {
      const error = `Cannot read checkpoint of "${origin}": the log no longer lists this shard`;
      store.transaction(() => {
        saveFailure(store, origin, 'unreachable', error, clock.now());
        checkLifeOf(origin, followed.shards.get(origin)?.staleAfterMs ?? followed.staleAfterMs, deps, clock.now());
      });
      logger.warn({ log: origin, error }, 'log unavailable');
    }
    return { ok: true, logs, unlisted };
  } catch (error) {
    if (signal.aborted) {
      return { ok: false, outcome: { kind: 'unavailable', retryAfterMs: undefined } };
    }
    if (error instanceof LogUnavailable) {
      store.transaction(() => {
        saveSourceError(store, source.name, error.message, clock.now());
        checkSource(followed, deps, clock.now());
        // A server that is down does not withhold anything.
        pauseWithheld(store, { source: source.name }, clock.now());
      });
      logger.warn({ source: source.name, error: error.message }, 'log unavailable');
      return { ok: false, outcome: { kind: 'unavailable', retryAfterMs: error.retryAfterMs } };
    }
    if (error instanceof LogMisbehaved) {
      store.transaction(() => {
        saveSourceError(store, source.name, error.message, clock.now(), 'misbehaving');
        checkSource(followed, deps, clock.now());
        deps.tell(logAlert(error), clock.now());
      });
      logger.error({ source: source.name, error: error.message }, 'log misbehaves');
      return { ok: false, outcome: { kind: 'misbehaving' } };
    }
    throw error;
  }
}

/** What is asked of one log of a source. `isOriginal`: it was there when the source was first asked. */
function toFollowedLog(followed: FollowedSource, reader: LogReader, isOriginal: boolean): FollowedLog {
  const { source, also, staleAfterMs, pinned, shards } = followed;
  const shard = shards.get(reader.origin) ?? {};
  return {
    reader,
    start: isOriginal ? (shard.start ?? source.start) : 'genesis',
    also: (shard.also ?? also).map((other) => createVantage(other, reader.origin)),
    staleAfterMs: shard.staleAfterMs === undefined ? staleAfterMs : shard.staleAfterMs,
    // A pinned checkpoint is of one log; of a source of several it stands for the one it names.
    pinned: shard.pinned ?? (pinned?.origin === reader.origin ? pinned : null),
  };
}

/** The poll interval with ±10 % jitter, so that many monitors do not ask at once; doubled by each failure up to ten times, or as the server asked. */
function waitMs(pollIntervalMs: number, failures: number, outcome: PassOutcome | null): number {
  const asked = outcome?.kind === 'unavailable' ? (outcome.retryAfterMs ?? 0) : 0;
  const jitter = 0.9 + Math.random() * 0.2;
  const longest = failures === 0 ? Infinity : Math.min(10 * pollIntervalMs, LONGEST_WAIT_MS);
  return Math.max(Math.min(pollIntervalMs * 2 ** Math.min(failures, 10) * jitter, longest), asked);
}
