/** Work that goes on until it is stopped. */
export interface Loop {
  /** Has it end, and waits until it has. Throws nothing: a fault of it ends them all. */
  readonly stop: () => Promise<void>;
}

/** Loops that run beside each other. One's fault ends them all. */
export interface Loops {
  /** Aborts when they are to end, or one failed. */
  readonly signal: AbortSignal;
  /** Runs `work` until its signal aborts. */
  start(work: (until: AbortSignal) => Promise<void>): Loop;
  /** Ends all of them, and waits until they have. Throws the first fault of any. */
  end(): Promise<void>;
}

/** Loops that end when `signal` aborts. */
export function createLoops(signal: AbortSignal): Loops {
  const running = new Map<Loop, Promise<void>>();
  const ending = new AbortController();
  const all = AbortSignal.any([signal, ending.signal]);
  const faults: unknown[] = [];

  return {
    signal: all,
    start(work) {
      const own = new AbortController();
      const ended = settle(work, AbortSignal.any([all, own.signal]));
      const loop: Loop = {
        stop: async () => {
          own.abort();
          await ended;
          running.delete(loop);
        },
      };
      running.set(loop, ended);
      return loop;
    },
    async end() {
      ending.abort();
      await Promise.all(running.values());
      if (faults.length > 0) {
        throw faults[0];
      }
    },
  };

  async function settle(work: (until: AbortSignal) => Promise<void>, until: AbortSignal): Promise<void> {
    try {
      await work(until);
    } catch (error) {
      faults.push(error);
      ending.abort();
    }
  }
}
