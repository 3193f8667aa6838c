import type { Clock } from '../lib/clock.ts';

/** So many failures in a row, and the host is left alone for a while. */
const FAILURES = 5;
/** For so long at first, then twice as long after each trial that failed. */
const FIRST_PAUSE_MS = 1_000;

/** Leave to make one request. Every admission is settled by one of its functions. */
export interface Admission {
  /** True for the one request that tries out whether the host is back. */
  readonly trial: boolean;
  /** The host answered, whatever it said. */
  readonly succeeded: () => void;
  /** The host did not answer, or said that it cannot. `problem` is shown to those who are refused. */
  readonly failed: (problem: string) => void;
  /** Nothing was learnt about the host. */
  readonly abandoned: () => void;
}

/** Why a host is not asked just now. */
export interface Refused {
  readonly failures: number;
  /** What happened the last time. */
  readonly problem: string;
  readonly retryAfterMs: number;
}

/** Keeps requests away from a host that failed several times in a row. */
export interface Circuit {
  /** Resolves at once, except while one request tries out whether the host is back: who comes meanwhile waits for its outcome, or until `signal` aborts. */
  admit(signal: AbortSignal): Promise<Admission | Refused>;
}

/**
 * A circuit that opens after five failures in a row, for one second first and never longer than `longestPauseMs`; then one
 * request is let through. Failures of requests that were under way together count once: they are one incident.
 */
export function createCircuit(longestPauseMs: number, clock: Clock): Circuit {
  let failures = 0;
  let problem = '';
  let closedAgain = 0;
  let trial: Promise<void> | null = null;

  const fail = (what: string): void => {
    failures += 1;
    problem = what;
    const pause = FIRST_PAUSE_MS * 2 ** Math.min(Math.max(0, failures - FAILURES), 30);
    closedAgain = clock.now().getTime() + Math.min(pause, longestPauseMs);
  };

  const admission = (isTrial: boolean, settled: () => void): Admission => {
    const before = failures;
    return {
      trial: isTrial,
      succeeded() {
        failures = 0;
        settled();
      },
      failed(what) {
        if (failures === before) {
          fail(what);
        }
        settled();
      },
      abandoned: settled,
    };
  };

  return {
    async admit(signal) {
      while (failures >= FAILURES && !signal.aborted) {
        const wait = closedAgain - clock.now().getTime();
        // A clock that was set back must not keep us away for longer.
        if (wait > 0 && wait <= longestPauseMs) {
          return { failures, problem, retryAfterMs: wait };
        }
        if (trial === null) {
          let over: () => void = () => undefined;
          trial = new Promise((resolve) => {
            over = resolve;
          });
          return admission(true, () => {
            trial = null;
            over();
          });
        }
        await either(trial, signal);
      }
      return admission(false, () => undefined);
    },
  };
}

/** Resolves with `work`, or when `signal` aborts. */
async function either(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
