import { setMaxListeners } from 'node:events';

/** A slow link may take so much longer than a silent server: a bundle of entries has half a megabyte, and up to 16 where people log long ones. */
const WHOLE = 20;

/** Aborts an exchange. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** What was waited for in vain, in milliseconds. */
  readonly ms: () => number;
  /** Something arrived. */
  readonly extend: () => void;
  readonly clear: () => void;
}

/** Aborts after `ms` of silence, after twenty times `ms` in all, or with `signal`. Its own timers and listener, because they go as soon as the exchange is over (AbortSignal.any and .timeout stay until collected). */
export function createDeadline(ms: number, signal: AbortSignal): Deadline {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  let over = false;
  const silence = setTimeout(abort, ms);
  const whole = setTimeout(() => {
    over = true;
    abort();
  }, WHOLE * ms);
  // Many exchanges share one signal: Node's warning about leaks would be wrong.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    ms: () => (over ? WHOLE * ms : ms),
    extend() {
      silence.refresh();
    },
    clear() {
      clearTimeout(silence);
      clearTimeout(whole);
      signal.removeEventListener('abort', abort);
    },
  };
}
