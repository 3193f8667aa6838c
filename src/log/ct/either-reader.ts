import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import type { EntryBatch, EntryEvidence, LogReader, ProvenFrontier } from '../log.ts';

/** Finds out which interface a log has. Throws LogUnavailable where it has none. */
export type FindReader = (fresh: boolean, signal: AbortSignal) => Promise<LogReader>;

/**
 * A log by whichever interface it was found to have. Nobody signed which that is: until a checkpoint was read by it that the
 * log signed, each failure makes it be looked for again, so that one false answer does not decide it for good.
 */
export class EitherReader implements LogReader {
  readonly type = 'ct';
  readonly origin: string;
  readonly inactive = false;
  readonly #find: FindReader;
  #found: LogReader | null;
  #isSure = false;
  #fresh = false;

  constructor(found: LogReader, find: FindReader) {
    this.origin = found.origin;
    this.#found = found;
    this.#find = find;
  }

  get fresh(): boolean {
    return this.#fresh;
  }

  set fresh(fresh: boolean) {
    this.#fresh = fresh;
    if (this.#found !== null) {
      this.#found.fresh = fresh;
    }
  }

  async fetchCheckpoint(signal: AbortSignal): Promise<SignedCheckpoint> {
    const reader = await this.#reader(signal);
    try {
      const checkpoint = await reader.fetchCheckpoint(signal);
      this.#isSure = true;
      return checkpoint;
    } catch (error) {
      this.#found = this.#isSure ? reader : null;
      throw error;
    }
  }

  async fetchFrontier(tree: SignedCheckpoint, size: number, signal: AbortSignal): Promise<ProvenFrontier> {
    return (await this.#reader(signal)).fetchFrontier(tree, size, signal);
  }

  async proveConsistency(small: SignedCheckpoint, large: SignedCheckpoint, signal: AbortSignal): Promise<boolean> {
    return (await this.#reader(signal)).proveConsistency(small, large, signal);
  }

  async *entries(tree: SignedCheckpoint, from: number, signal: AbortSignal, to?: number): AsyncGenerator<EntryBatch> {
    yield* (await this.#reader(signal)).entries(tree, from, signal, to);
  }

  async indexAt(tree: SignedCheckpoint, time: Date, signal: AbortSignal): Promise<number> {
    return (await this.#reader(signal)).indexAt(tree, time, signal);
  }

  async proveInclusion(tree: SignedCheckpoint, index: number, signal: AbortSignal): Promise<EntryEvidence> {
    return (await this.#reader(signal)).proveInclusion(tree, index, signal);
  }

  async stepOver(tree: SignedCheckpoint, from: number, signal: AbortSignal): Promise<ProvenFrontier | null> {
    return (await this.#reader(signal)).stepOver(tree, from, signal);
  }

  async confirmEnd(tree: SignedCheckpoint, signal: AbortSignal): Promise<boolean> {
    return (await this.#reader(signal)).confirmEnd(tree, signal);
  }

  async #reader(signal: AbortSignal): Promise<LogReader> {
    const reader = this.#found ?? (await this.#find(this.#fresh, signal));
    reader.fresh = this.#fresh;
    this.#found = reader;
    return reader;
  }
}
