import { LogUnavailable } from './log.ts';

/** How far to read ahead. */
export interface ReadAhead<Output> {
  /** Most loads under way, or done and not taken yet. */
  readonly most: number;
  /** Bytes of all of them together. One answer that is larger than any before it may come on top, once it is its turn. */
  readonly budgetBytes: number;
  /** Bytes of the largest answer that is taken at all. */
  readonly maxBytes: number;
  /** Bytes that an output holds. */
  readonly bytesOf: (output: Output) => number;
}

/** From so many answers it is told how large the next ones will be. */
const REMEMBERED = 16;

/**
 * Loads `inputs` with several loads under way, and yields the results in order. Each load is told how large its answer may be
 * (`maxBytes`): as large as the answers of late suggest, so that all of them stay within the budget. One that fails because its
 * answer is larger (LogUnavailable, `tooLarge`) is loaded again in its turn, now with all that an answer may have. When the
 * consumer stops, a load fails or `signal` aborts, the outstanding loads are aborted and awaited.
 */
export async function* prefetch<Input, Output>(
  inputs: Iterable<Input>,
  ahead: ReadAhead<Output>,
  load: (input: Input, signal: AbortSignal, maxBytes: number) => Promise<Output>,
  signal: AbortSignal,
): AsyncGenerator<Output, void, undefined> {
  const stop = new AbortController();
  const abort = (): void => {
    stop.abort(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });

  const iterator = inputs[Symbol.iterator]();
  const underway: Load<Input, Output>[] = [];
  const sizes = createSizes(ahead);
  // What the consumer holds just now.
  let taken = 0;

  const begin = (input: Input, allowed: number): Load<Input, Output> => {
    const result = load(input, stop.signal, allowed);
    const started: Load<Input, Output> = { input, allowed, bytes: allowed, result };
    // It is looked at in its turn; until then its failure must not count as unhandled.
    result.then(
      (output) => {
        started.bytes = ahead.bytesOf(output);
        sizes.add(started.bytes);
        topUp();
      },
      () => undefined,
    );
    return started;
  };

  const topUp = (): void => {
    while (!stop.signal.aborted && underway.length < ahead.most) {
      const allowed = sizes.expected();
      const held = underway.reduce((sum, { bytes }) => sum + bytes, taken);
      if (underway.length > 0 && held + allowed > ahead.budgetBytes) {
        return;
      }
      const next = iterator.next();
      if (next.done === true) {
        return;
      }
      underway.push(begin(next.value, allowed));
    }
  };

  /** Again, if it was larger than it was expected to be. */
  const finish = async (head: Load<Input, Output>): Promise<Output> => {
    try {
      return await head.result;
    } catch (error) {
      if (!(error instanceof LogUnavailable && error.tooLarge) || head.allowed === ahead.maxBytes) {
        throw error;
      }
      sizes.add(ahead.maxBytes);
      head.bytes = ahead.maxBytes;
      return await load(head.input, stop.signal, ahead.maxBytes);
    }
  };

  try {
    signal.throwIfAborted();
    topUp();
    for (let [head] = underway; head !== undefined; [head] = underway) {
      const output = await finish(head);
      signal.throwIfAborted();
      underway.shift();
      taken = ahead.bytesOf(output);
      topUp();
      yield output;
      taken = 0;
      topUp();
    }
  } finally {
    signal.removeEventListener('abort', abort);
    stop.abort();
    await Promise.allSettled(underway.map(({ result }) => result));
  }
}

interface Load<Input, Output> {
  readonly input: Input;
  /** How large the answer may be. */
  readonly allowed: number;
  /** As much, until it is known. */
  bytes: number;
  readonly result: Promise<Output>;
}

/** How large answers were of late, and so how large the next one may be: twice the largest of them, but never less than its share. */
function createSizes({ most, budgetBytes, maxBytes }: Pick<ReadAhead<unknown>, 'most' | 'budgetBytes' | 'maxBytes'>) {
  const recent: number[] = [];
  const share = Math.floor(budgetBytes / most);
  return {
    add(bytes: number): void {
      recent.push(bytes);
      if (recent.length > REMEMBERED) {
        recent.shift();
      }
    },
    expected: () => Math.min(maxBytes, Math.max(share, 2 * Math.max(0, ...recent))),
  };
}
