import { LogMisbehaved, LogUnavailable, type LogReader, type LogSource, type Start } from '../log/log.ts';
import { logAlert } from '../alert/log-alert.ts';
import { registerLogs } from '../store/logs.ts';
import { recordSource, saveSourceError } from '../store/sources.ts';
import type { FollowDeps } from './follow-deps.ts';
import { pass, type PassOutcome } from './pass.ts';

/** Longest wait between two tries of something that fails, Retry-After aside: a failure must show within 30 seconds. */
const LONGEST_WAIT_MS = 30_000;

/** Follows every log of one source until `signal` aborts, each in a loop of its own; logs that appear later join in. */
export async function followSource(
  source: LogSource,
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
      for (const { reader, start } of found.ok ? found.logs : []) {
        if (!following.has(reader.origin)) {
          const loop = followLog(reader, start, pollIntervalMs, deps, own);
          // One loop's programming fault ends them all, so that the process ends and is restarted.
          loop.catch(() => {
            failed.abort();
          });
          following.set(reader.origin, loop);
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
  source: LogSource,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<readonly PassOutcome[]> {
  const found = await discover(source, deps, signal);
  if (!found.ok) {
    return [found.outcome];
  }
  return Promise.all(found.logs.map(({ reader, start }) => pass(reader, start, deps, signal)));
}

async function followLog(
  reader: LogReader,
  start: Start,
  pollIntervalMs: number,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const outcome = await pass(reader, start, deps, signal);
    failures = outcome.kind === 'unavailable' ? failures + 1 : 0;
    await deps.clock.sleep(waitMs(pollIntervalMs, failures, outcome), signal);
  }
}

type Discovery =
  | { readonly ok: true; readonly logs: readonly { readonly reader: LogReader; readonly start: Start }[] }
  | { readonly ok: false; readonly outcome: PassOutcome };

/** Asks the source for its logs and makes them known to the store. The source's `start` holds for the first ones only: a shard that appears later begins at 0. */
async function discover(source: LogSource, deps: FollowDeps, signal: AbortSignal): Promise<Discovery> {
  const { store, clock, logger } = deps;
  recordSource(store, source);
  try {
    const readers = await source.discover(signal);
    const first = store.transaction(() => {
      saveSourceError(store, source.name, null, clock.now());
      return registerLogs(
        store,
        source.name,
        readers.map(({ origin, type }) => ({ origin, type, url: source.url })),
        clock.now(),
      );
    });
    const logs = readers.map((reader) => ({
      reader,
      start: first.has(reader.origin) ? source.start : ('genesis' as const),
    }));
    return { ok: true, logs };
  } catch (error) {
    if (signal.aborted) {
      return { ok: false, outcome: { kind: 'unavailable', retryAfterMs: undefined } };
    }
    if (error instanceof LogUnavailable) {
      saveSourceError(store, source.name, error.message, clock.now());
      logger.warn({ source: source.name, error: error.message }, 'log unavailable');
      return { ok: false, outcome: { kind: 'unavailable', retryAfterMs: error.retryAfterMs } };
    }
    if (error instanceof LogMisbehaved) {
      store.transaction(() => {
        saveSourceError(store, source.name, error.message, clock.now(), 'misbehaving');
        deps.tell(logAlert(error), clock.now());
      });
      logger.error({ source: source.name, error: error.message }, 'log misbehaves');
      return { ok: false, outcome: { kind: 'misbehaving' } };
    }
    throw error;
  }
}

/** The poll interval with ±10 % jitter, so that many monitors do not ask at once; doubled by each failure up to ten times, or as the server asked. */
function waitMs(pollIntervalMs: number, failures: number, outcome: PassOutcome | null): number {
  const asked = outcome?.kind === 'unavailable' ? (outcome.retryAfterMs ?? 0) : 0;
  const jitter = 0.9 + Math.random() * 0.2;
  const longest = failures === 0 ? Infinity : Math.min(10 * pollIntervalMs, LONGEST_WAIT_MS);
  return Math.max(Math.min(pollIntervalMs * 2 ** Math.min(failures, 10) * jitter, longest), asked);
}
