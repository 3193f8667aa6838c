import type { Clock } from '../lib/clock.ts';
import { LogUnavailable } from '../log/log.ts';

/**
 * What `work` gives, if it does so within `ms` milliseconds; its signal aborts then, and with `signal`. Throws
 * LogUnavailable when it took longer.
 */
export async function within<T>(
  ms: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  const late = new AbortController();
  const done = new AbortController();
  void clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(() => {
    late.abort();
  });
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    signal.throwIfAborted();
    throw late.signal.aborted ? new LogUnavailable(`${what}: not done within ${ms} ms`, { cause: error }) : error;
  } finally {
    done.abort();
  }
}
