import type { Clock } from '../lib/clock.ts';

/** How far requests may run ahead of the even pace. */
const MAX_BURST = 8;
/** No refusal makes us slower than this, in requests a minute. */
const SLOWEST = 60;
/** After so long without another refusal the rate has doubled again. */
const DOUBLING_MS = 2 * 60_000;
/** Over how long the rate is observed that a host without a known limit refused. */
const OBSERVED_MS = 1_000;
/** Beyond this rate, in requests a minute, a bucket would change nothing. */
const UNLIMITED = 60_000;
/** What a host says of its window never spaces requests further than this: once nothing is left, it is waited out. */
const WIDEST_MS = 1_000;

/** Paces the requests to one host: await `turn` before each of them. */
export interface RateLimit {
  /** Waits for the next request's turn, or until `signal` aborts. */
  turn(signal: AbortSignal): Promise<void>;
  /** The host refused a request, sent at `sentAt` (milliseconds since 1970), because there were too many: halves the rate, once for all that were under way. */
  refused(sentAt: number): void;
  /** The host says that it answers `remaining` ≥ 1 more requests within `resetMs`: they are spread over that time. */
  spread(remaining: number, resetMs: number): void;
}

/**
 * A token bucket that never lets more than `perMinute` requests go in any sixty seconds, nor more than eight at once. It
 * halves its rate when the host refuses, and recovers slowly. Without `perMinute` nobody waits before the first refusal.
 */
export function createRateLimit(perMinute: number | undefined, clock: Clock): RateLimit {
  const most = perMinute ?? Infinity;
  // The rate after the last refusal, and when that was.
  let reduced = most;
  let refusedAt = -Infinity;
  // When the bucket will be full again; each request moves it by its share.
  let full = -Infinity;
  let last = -Infinity;
  // Requests of the last second, older ones counting less.
  let recent = 0;
  let window: { readonly until: number; readonly interval: number } | null = null;

  const now = (): number => {
    const time = clock.now().getTime();
    // A clock that was set back by an hour must not silence us for an hour.
    if (time < last) {
      const back = last - time;
      full -= back;
      refusedAt -= back;
      window = null;
    }
    recent *= last === -Infinity ? 0 : Math.exp((last - Math.max(time, last)) / OBSERVED_MS);
    last = time;
    return time;
  };
  const rateAt = (time: number): number => {
    const rate = Math.min(most, reduced * 2 ** ((time - refusedAt) / DOUBLING_MS));
    return most === Infinity && rate > UNLIMITED ? Infinity : rate;
  };

  return {
    async turn(signal) {
      const time = now();
      recent += 1;
      const pace = paceOf(rateAt(time));
      const asked = window !== null && time < window.until ? window.interval : 0;
      const interval = Math.max(pace.interval, asked);
      full = Math.max(full, time) + interval;
      // Timers know whole milliseconds only, and what is left over by rounding is no wait.
      const wait = Math.ceil(full - time - pace.burst * interval - 0.001);
      if (wait > 0) {
        await clock.sleep(wait, signal);
      }
    },

    refused(sentAt) {
      const time = now();
      if (sentAt <= refusedAt) {
        return;
      }
      const rate = rateAt(time);
      const observed = (recent * 60_000) / OBSERVED_MS;
      reduced = Math.max((Number.isFinite(rate) ? rate : observed) / 2, SLOWEST);
      refusedAt = time;
    },

    spread(remaining, resetMs) {
      window = { until: now() + resetMs, interval: Math.min(resetMs / remaining, WIDEST_MS) };
    },
  };
}

/** The milliseconds between two requests at which no sixty seconds hold more than `perMinute`, the first ones at once included. */
function paceOf(perMinute: number): { readonly interval: number; readonly burst: number } {
  if (perMinute === Infinity) {
    return { interval: 0, burst: MAX_BURST };
  }
  const burst = Math.min(MAX_BURST, Math.max(1, Math.floor(perMinute / 60)));
  return { interval: 60_000 / (perMinute - burst + 1), burst };
}
