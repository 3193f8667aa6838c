import type { Clock } from '../lib/clock.ts';
import { createCircuit, type Admission } from './circuit.ts';
import { LogUnavailable } from './log.ts';
import { createRateLimit } from './rate-limit.ts';
import { parseRateWindow, type ReadHeader } from './rate-headers.ts';

/** Longest time that a request is held back before it is given up: a failure must show, and what waits longer is the caller's to plan. */
export const PATIENCE_MS = 10_000;

/** How one host wants to be asked. */
export interface HostManners {
  /** Leave to ask for `url`, once or a few times. Throws LogUnavailable while the host is left alone. */
  admit(url: string, signal: AbortSignal): Promise<Admission>;
  /** Waits until a request may be sent, and gives that time, in milliseconds since 1970. Throws LogUnavailable when that is not soon, and the reason of `signal` when that aborts. */
  turn(url: string, signal: AbortSignal): Promise<number>;
  /** What an answer said of the host's limits. */
  noted(header: ReadHeader): void;
  /** The host refused a request, sent at `sentAt`, because there were too many, and asked to wait, if it said so. */
  tooMany(sentAt: number, retryAfterMs: number | undefined): void;
}

/** The manners towards `host`: its rate (requests in any minute, if it has a limit), the waits that it asks for, and a circuit that opens while it is out of order. */
export function createHostManners(
  host: string,
  options: { readonly perMinute: number | undefined; readonly longestPauseMs: number },
  clock: Clock,
): HostManners {
  const rate = createRateLimit(options.perMinute, clock);
  const circuit = createCircuit(options.longestPauseMs, clock);
  let heldFrom = -Infinity;
  let heldUntil = -Infinity;

  const hold = (ms: number): void => {
    const now = clock.now().getTime();
    [heldFrom, heldUntil] = [now, Math.max(heldUntil, now + ms)];
  };

  return {
    async admit(url, signal) {
      const admitted = await circuit.admit(signal);
      if ('problem' in admitted) {
        const { failures, problem, retryAfterMs } = admitted;
        const pause = `"${host}" failed ${failures} times in a row and is left alone for ${seconds(retryAfterMs)}`;
        throw new LogUnavailable(`Cannot fetch "${url}": ${pause}; the last time: ${problem}`, {
          retryAfterMs,
          outOfOrder: true,
        });
      }
      return admitted;
    },

    async turn(url, signal) {
      const now = clock.now().getTime();
      // Set back before the hold began, the clock says nothing about how much of it is left.
      const held = now < heldFrom ? 0 : heldUntil - now;
      if (held > PATIENCE_MS) {
        const problem = `"${host}" answers no more requests for ${seconds(held)}, as it said`;
        throw new LogUnavailable(`Cannot fetch "${url}": ${problem}`, { retryAfterMs: held, outOfOrder: true });
      }
      if (held > 0) {
        await clock.sleep(held, signal);
      }
      await rate.turn(signal);
      signal.throwIfAborted();
      return clock.now().getTime();
    },

    noted(header) {
      const window = parseRateWindow(header, clock.now());
      if (window !== null && window.remaining === 0) {
        hold(window.resetMs);
      } else if (window !== null) {
        rate.spread(window.remaining, window.resetMs);
      }
    },

    tooMany(sentAt, retryAfterMs) {
      rate.refused(sentAt);
      if (retryAfterMs !== undefined) {
        hold(retryAfterMs);
      }
    },
  };
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
