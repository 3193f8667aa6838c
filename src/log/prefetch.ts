/**
 * Loads `inputs` with up to `ahead` loads under way, and yields the results in order. Memory is bounded by `ahead` + 1 results.
 * When the consumer stops, a load fails or `signal` aborts, the outstanding loads are aborted and awaited.
 */
export async function* prefetch<Input, Output>(
  inputs: Iterable<Input>,
  ahead: number,
  load: (input: Input, signal: AbortSignal) => Promise<Output>,
  signal: AbortSignal,
): AsyncGenerator<Output, void, undefined> {
  const stop = new AbortController();
  const abort = (): void => {
    stop.abort(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });

  const iterator = inputs[Symbol.iterator]();
  const underway: Promise<Output>[] = [];
  const topUp = (): void => {
    while (underway.length < ahead) {
      const next = iterator.next();
      if (next.done === true) {
        return;
      }
      const loading = load(next.value, stop.signal);
      // It is looked at in its turn; until then its failure must not count as unhandled.
      loading.catch(() => undefined);
      underway.push(loading);
    }
  };

  try {
    signal.throwIfAborted();
    topUp();
    for (let head = underway.shift(); head !== undefined; head = underway.shift()) {
      const output = await head;
      signal.throwIfAborted();
      topUp();
      yield output;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    stop.abort();
    await Promise.allSettled(underway);
  }
}
