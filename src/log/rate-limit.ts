import type { Clock } from '../lib/clock.ts';

/** How far requests may run ahead of the even pace. */
const BURST_MS = 1_000;

/** A token bucket that holds one second's requests: await it before each request. Without `perMinute` nobody waits. */
export function createRateLimit(perMinute: number | undefined, clock: Clock): (signal: AbortSignal) => Promise<void> {
  if (perMinute === undefined) {
    return async () => undefined;
  }
  const interval = 60_000 / perMinute;
  const burst = Math.max(interval, BURST_MS);
  // When the bucket will be full again; each request moves it by its share.
  let full = -Infinity;
  let last = -Infinity;

  return async (signal) => {
    const now = clock.now().getTime();
    // A clock that was set back by an hour must not silence us for an hour.
    if (now < last) {
      full -= last - now;
    }
    last = now;
    full = Math.max(full, now) + interval;
    const wait = full - now - burst;
    if (wait > 0) {
      await clock.sleep(wait, signal);
    }
  };
}
