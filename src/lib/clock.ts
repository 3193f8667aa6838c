import { setTimeout as delay } from 'node:timers/promises';

/** The only source of time: passed in, so that a test can hold it. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal });
    } catch {
      // Aborted: the loop that sleeps looks at its signal next.
    }
  },
};
