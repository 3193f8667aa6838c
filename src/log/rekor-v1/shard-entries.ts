import { LogUnavailable } from '../log.ts';
import { MAX_INDEXES, type Api, type RetrievedEntry } from './api.ts';
import { guessOffsets } from './guess-offsets.ts';
import { openListedHead } from './listed-head.ts';
import {
  isOfShard,
  misbehaved,
  proveEntry,
  requireIdentity,
  shardOf,
  type ProvenEntry,
  type Shard,
} from './proven-entry.ts';
import type { FetchLogInfo } from './shared-log-info.ts';

/** So many entries behind one that is missing are asked for one after the other; further ones at distances that double. */
const LOOKED_THROUGH = 100;

/**
 * The entries of one shard by their index in it. The server knows them by their index over all shards; how far the two
 * are apart is proven once, by a signed entry, and every entry proven later must agree.
 */
export class ShardEntries {
  readonly #shard: Shard;
  readonly #api: Api;
  readonly #logInfo: FetchLogInfo;
  /** The global index of the shard's first entry, once proven. */
  #offset: number | null = null;

  constructor(shard: Shard, api: Api, logInfo: FetchLogInfo) {
    this.#shard = shard;
    this.#api = api;
    this.#logInfo = logInfo;
  }

  /**
   * Asks for these entries, and gives a function that finds one by its index or throws LogUnavailable when it is missing.
   * Each has this shard's ID and the body that its ID names (else LogMisbehaved); that it is in the tree is not shown.
   * `maxBytes` bounds the answer.
   */
  async retrieve(
    indexes: readonly number[],
    fresh: boolean,
    signal: AbortSignal,
    maxBytes?: number,
  ): Promise<(index: number) => RetrievedEntry> {
    const find = await this.#retrieve(indexes, fresh, signal, maxBytes);
    return (index) => {
      const entry = find(index);
      if (entry === undefined) {
        throw new LogUnavailable(
          `Cannot read entry ${index} of "${this.#shard.origin}": the log left out global index ${(this.#offset ?? 0) + index}`,
        );
      }
      return entry;
    };
  }

  async #retrieve(
    indexes: readonly number[],
    fresh: boolean,
    signal: AbortSignal,
    maxBytes?: number,
  ): Promise<(index: number) => RetrievedEntry | undefined> {
    const offset = await this.findOffset(fresh, signal);
    const wanted = indexes.map((index) => offset + index);
    const found = new Map<number, RetrievedEntry>();
    // Answers leave out, repeat and reorder entries: what counts is which index an entry says it has.
    for (const entry of await this.#api.retrieve(wanted, fresh, signal, maxBytes)) {
      if (wanted.includes(entry.globalIndex)) {
        requireIdentity(entry, this.#shard);
        const other = found.get(entry.globalIndex);
        if (other !== undefined && other.uuid !== entry.uuid) {
          throw misbehaved('entry-mismatch', `"${other.uuid}" was served for the same index`, entry, this.#shard);
        }
        found.set(entry.globalIndex, entry);
      }
    }
    return (index) => found.get(offset + index);
  }

  /**
   * The first entry from index `from` on that the log serves; null when it serves none before `size`, nor, if it has grown,
   * the next one. Behind a hole that is longer than a hundred entries, one hole is looked for, not several. Throws LogUnavailable
   * when the log does not answer at all.
   */
  async findServed(from: number, size: number, fresh: boolean, signal: AbortSignal): Promise<RetrievedEntry | null> {
    const served = (indexes: readonly number[]) => this.#firstServed(indexes, fresh, signal);
    const near = Math.min(size, from + LOOKED_THROUGH);
    for (let start = from; start < near; start += MAX_INDEXES) {
      const entry = await served(range(start, Math.min(start + MAX_INDEXES, near)));
      if (entry !== null) {
        return entry;
      }
    }
    let [missing, found]: [number, RetrievedEntry | null] = [near - 1, null];
    let at = near;
    for (let distance = LOOKED_THROUGH; found === null && at < size; distance *= 2) {
      found = await served([at]);
      [missing, at] = found === null ? [at, Math.min(at + distance, Math.max(at + 1, size - 1))] : [missing, at];
    }
    // The hole ends between the last that is missing and the first that was found.
    while (found !== null && at - missing > 1) {
      const middle = missing + Math.floor((at - missing) / 2);
      const entry = await served([middle]);
      [missing, at, found] = entry === null ? [middle, at, found] : [missing, middle, entry];
    }
    return found ?? (await served([Math.max(from, size)]));
  }

  /** Proves that the entry is in the tree and where. Throws LogMisbehaved, or LogUnavailable when the log counts it elsewhere than before. */
  prove(entry: RetrievedEntry): ProvenEntry {
    const proven = proveEntry(entry, this.#shard);
    const offset = proven.globalIndex - proven.index;
    if (offset < 0 || (this.#offset !== null && this.#offset !== offset)) {
      throw new LogUnavailable(
        `Cannot place "${this.#shard.origin}" among the log's shards: its entry ${proven.index} is signed as global ` +
          `index ${proven.globalIndex}, expected ${this.#offset === null ? 'no less' : this.#offset + proven.index}`,
      );
    }
    this.#offset = offset;
    return proven;
  }

  /**
   * Whether the log signed the global index behind this shard's first `size` entries to the first entry of another one. Throws
   * LogUnavailable, or LogMisbehaved when it serves something else there than it signed.
   */
  async endAt(size: number, fresh: boolean, signal: AbortSignal): Promise<boolean> {
    const end = (await this.findOffset(fresh, signal)) + size;
    const entry = (await this.#api.retrieve([end], fresh, signal)).find((found) => found.globalIndex === end);
    if (entry === undefined || isOfShard(entry, this.#shard)) {
      return false;
    }
    const next = shardOf(entry, this.#shard);
    return proveEntry(entry, next).index === 0;
  }

  /** The global index of the shard's first entry, from its proven entries. Throws LogUnavailable when none is found. */
  async findOffset(fresh: boolean, signal: AbortSignal): Promise<number> {
    if (this.#offset !== null) {
      return this.#offset;
    }
    const { origin, treeId } = this.#shard;
    const { shards, url } = await this.#logInfo(this, fresh, signal);
    const tried: string[] = [];
    for (const guess of guessOffsets(shards, treeId, (listed) => openListedHead(listed, this.#shard)?.size ?? null)) {
      const entry = (await this.#at([guess], fresh, signal))[0] ?? (await this.#besides(guess, fresh, signal));
      if (entry !== undefined && isOfShard(entry, this.#shard)) {
        const { globalIndex, index } = this.prove(entry);
        return globalIndex - index;
      }
      tried.push(entry === undefined ? `no entry at ${guess}` : `an entry of another shard at ${guess}`);
    }
    const found = tried.length === 0 ? 'it is not listed' : tried.join(', ');
    throw new LogUnavailable(`Cannot find where "${origin}" begins among the entries of "${url}": ${found}`);
  }

  /** What is served at these global indexes, of whatever shard. */
  async #at(globalIndexes: readonly number[], fresh: boolean, signal: AbortSignal): Promise<readonly RetrievedEntry[]> {
    const entries = await this.#api.retrieve(globalIndexes, fresh, signal);
    return entries.filter(({ globalIndex }) => globalIndexes.includes(globalIndex));
  }

  /** An entry of this shard that follows the one at `guess`: a log must not hide where it begins by leaving out its first entry. */
  async #besides(guess: number, fresh: boolean, signal: AbortSignal): Promise<RetrievedEntry | undefined> {
    const entries = await this.#at(range(guess + 1, guess + 1 + MAX_INDEXES), fresh, signal);
    return entries.find((entry) => isOfShard(entry, this.#shard));
  }

  /** The first of these that is served, also where one of them spoils the answer for all. */
  async #firstServed(indexes: readonly number[], fresh: boolean, signal: AbortSignal): Promise<RetrievedEntry | null> {
    try {
      return indexes.map(await this.#retrieve(indexes, fresh, signal)).find((entry) => entry !== undefined) ?? null;
    } catch (error) {
      if (!(error instanceof LogUnavailable) || error.outOfOrder || error.retryAfterMs !== undefined) {
        throw error;
      }
    }
    for (const index of indexes.length === 1 ? [] : indexes) {
      const entry = await this.#firstServed([index], fresh, signal);
      if (entry !== null) {
        return entry;
      }
    }
    return null;
  }
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, place) => from + place);
}
