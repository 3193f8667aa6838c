import { LogUnavailable, type EntryBatch } from '../log.ts';
import { prefetch, type ReadAhead } from '../prefetch.ts';
import { MAX_INDEXES } from './api.ts';
import { MAX_ENTRIES_BYTES } from './responses.ts';

/** Eight requests under way at once: a real server gives hardly more for more. What is parsed of an answer takes three times its bytes. */
const AHEAD: ReadAhead<LoadedRange> = {
  most: 8,
  budgetBytes: MAX_ENTRIES_BYTES,
  maxBytes: MAX_ENTRIES_BYTES,
  bytesOf: ({ bytes }) => bytes,
};

/** Entries from `start` ≤ index < `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What was served of a range: the entries from its start up to the first that is missing, and what is said of that one. */
export interface LoadedRange {
  readonly batch: EntryBatch | null;
  /** Size of the answer. */
  readonly bytes: number;
  readonly missing: LogUnavailable | null;
}

/**
 * The entries from index `from` to `to` in order, several requests at once. One that is not served ends it, once all before
 * it were yielded: with what `load` threw, or said of it.
 */
export async function* readRanges(
  from: number,
  to: number,
  load: (range: Range, signal: AbortSignal, maxBytes: number) => Promise<LoadedRange>,
  signal: AbortSignal,
): AsyncGenerator<EntryBatch> {
  let next = from;
  while (next < to) {
    try {
      for await (const { batch, missing } of prefetch(ranges(next, to, MAX_INDEXES), AHEAD, load, signal)) {
        if (batch !== null) {
          next += batch.leaves.length;
          yield batch;
        }
        if (missing !== null) {
          throw missing;
        }
      }
      return;
    } catch (error) {
      if (!(error instanceof LogUnavailable) || error.outOfOrder || error.retryAfterMs !== undefined) {
        throw error;
      }
    }
    // One entry can spoil the answer for all that were asked for with it: alone, the others are served.
    for (const range of ranges(next, Math.min(next + MAX_INDEXES, to), 1)) {
      const { batch, missing } = await load(range, signal, MAX_ENTRIES_BYTES);
      if (missing !== null) {
        throw missing;
      }
      if (batch !== null) {
        next = range.end;
        yield batch;
      }
    }
  }
}

function* ranges(from: number, to: number, length: number): Generator<Range> {
  for (let start = from; start < to; start += length) {
    yield { start, end: Math.min(start + length, to) };
  }
}
