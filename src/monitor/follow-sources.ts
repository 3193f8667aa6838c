import { once } from 'node:events';
import type { FollowDeps } from './follow-deps.ts';
import { followSource } from './follow-source.ts';
import type { FollowedSource } from './followed-source.ts';

/** The loops of all sources. */
export interface SourceLoops {
  /**
   * Follows `sources` from now on: one that is new begins, one whose origin is among `changed` ends and begins again where
   * it stopped, by its new keys. One that is not named any more goes on: a log is never silently dropped.
   */
  follow(sources: readonly FollowedSource[], changed: ReadonlySet<string>): void;
  /** Resolves when the signal has aborted and every loop has ended; rejects, when they have, with one's programming fault, which ends them all. */
  readonly ended: Promise<void>;
}

/** Follows every log of `sources` until `signal` aborts. */
export function followSources(
  sources: readonly FollowedSource[],
  pollIntervalMs: number,
  deps: FollowDeps,
  signal: AbortSignal,
): SourceLoops {
  const loops = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();
  const failed = new AbortController();
  const own = AbortSignal.any([signal, failed.signal]);

  /** `after`: of two loops of one source the first must have ended, for both write its position. */
  const begin = (source: FollowedSource, after: Promise<void>): void => {
    const stop = new AbortController();
    const ended = after.then(() => followSource(source, pollIntervalMs, deps, AbortSignal.any([own, stop.signal])));
    ended.catch(() => {
      failed.abort();
    });
    loops.set(nameOf(source), { stop, ended });
  };

  const follow = (wanted: readonly FollowedSource[], changed: ReadonlySet<string>): void => {
    for (const source of wanted) {
      const running = loops.get(nameOf(source));
      if (running === undefined) {
        begin(source, Promise.resolve());
      } else if (changed.has(source.source.origin)) {
        running.stop.abort();
        begin(source, running.ended);
      }
    }
  };

  follow(sources, new Set());
  return { follow, ended: allEnded(loops, own) };
}

async function allEnded(
  loops: ReadonlyMap<string, { readonly ended: Promise<void> }>,
  signal: AbortSignal,
): Promise<void> {
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
  const outcomes = await Promise.allSettled([...loops.values()].map(({ ended }) => ended));
  const fault = outcomes.find((outcome) => outcome.status === 'rejected');
  if (fault !== undefined) {
    throw fault.reason;
  }
}

/** Two sources of one name are a fault of the configuration; both are followed all the same. */
function nameOf({ source }: FollowedSource): string {
  return `${source.name} ${source.origin}`;
}
