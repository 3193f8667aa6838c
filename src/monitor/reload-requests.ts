import type { Clock } from '../lib/clock.ts';
import { requestReload, waitingReloads } from '../store/reloads.ts';
import type { Store } from '../store/store.ts';

/** How often it is looked whether somebody asked: an indexed query that costs microseconds. */
const LOOK_MS = 1_000;

/** How long it is at least from one reading to the next; in a storm each pause is twice as long as the one before, so that the logs are read in between. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 8_000;

/** Requests to read the configuration again, by a signal or from the database. */
export interface ReloadRequests {
  /** Notes that a signal asked: at once, and where that is heard soon. */
  hangUp(): void;
  /**
   * Waits until somebody asked, and gives the ids of all requests until then; null when `signal` aborts. Those that come in a storm are
   * given together.
   */
  next(signal: AbortSignal): Promise<readonly number[] | null>;
}

export function createReloadRequests(store: Store, clock: Clock): ReloadRequests {
  let hungUpAt: Date | null = null;
  let wake = (): void => undefined;
  let pauseMs = 0;

  const waiting = (): readonly number[] => {
    if (hungUpAt !== null) {
      const at = hungUpAt;
      store.transaction(() => requestReload(store, 'signal', at));
      hungUpAt = null;
    }
    return waitingReloads(store);
  };

  return {
    hangUp() {
      hungUpAt ??= clock.now();
      wake();
    },
    async next(signal) {
      if (pauseMs > 0) {
        await clock.sleep(pauseMs, signal);
      }
      const isStorm = pauseMs > 0 && !signal.aborted && waiting().length > 0;
      pauseMs = isStorm ? Math.min(2 * pauseMs, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
      while (!signal.aborted) {
        const ids = waiting();
        if (ids.length > 0) {
          return ids;
        }
        const woken = new AbortController();
        wake = () => {
          woken.abort();
        };
        await clock.sleep(LOOK_MS, AbortSignal.any([signal, woken.signal]));
      }
      return null;
    },
  };
}
