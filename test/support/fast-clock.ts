import type { Clock } from '../../src/lib/clock.ts';
import { systemClock } from '../../src/lib/clock.ts';

/** A clock on which everything takes a hundredth of its time. */
export function fastClock(factor = 100): Clock {
  const start = Date.now();
  return {
    now: () => new Date(start + (Date.now() - start) * factor),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  };
}
