import { LogUnavailable } from '../log.ts';
import type { Api, RetrievedEntry } from './api.ts';
import { guessOffsets } from './guess-offsets.ts';
import { openListedHead } from './listed-head.ts';
import { isOfShard, misbehaved, proveEntry, requireIdentity, type ProvenEntry, type Shard } from './proven-entry.ts';
import type { FetchLogInfo } from './shared-log-info.ts';

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
   */
  async retrieve(
    indexes: readonly number[],
    fresh: boolean,
    signal: AbortSignal,
  ): Promise<(index: number) => RetrievedEntry> {
    const offset = await this.findOffset(fresh, signal);
    const wanted = indexes.map((index) => offset + index);
    const found = new Map<number, RetrievedEntry>();
    // Answers leave out, repeat and reorder entries: what counts is which index an entry says it has.
    for (const entry of await this.#api.retrieve(wanted, fresh, signal)) {
      if (wanted.includes(entry.globalIndex)) {
        requireIdentity(entry, this.#shard);
        const other = found.get(entry.globalIndex);
        if (other !== undefined && other.uuid !== entry.uuid) {
          throw misbehaved('entry-mismatch', `"${other.uuid}" was served for the same index`, entry, this.#shard);
        }
        found.set(entry.globalIndex, entry);
      }
    }
    return (index) => {
      const entry = found.get(offset + index);
      if (entry === undefined) {
        throw new LogUnavailable(
          `Cannot read entry ${index} of "${this.#shard.origin}": the log left out global index ${offset + index}`,
        );
      }
      return entry;
    };
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

  /** The global index of the shard's first entry, from its proven entries. Throws LogUnavailable when none is found. */
  async findOffset(fresh: boolean, signal: AbortSignal): Promise<number> {
    if (this.#offset !== null) {
      return this.#offset;
    }
    const { origin, treeId } = this.#shard;
    const { shards, url } = await this.#logInfo(this, fresh, signal);
    const tried: string[] = [];
    for (const guess of guessOffsets(shards, treeId, (listed) => openListedHead(listed, this.#shard)?.size ?? null)) {
      const entry = (await this.#api.retrieve([guess], fresh, signal)).find((found) => found.globalIndex === guess);
      if (entry !== undefined && isOfShard(entry, this.#shard)) {
        const { globalIndex, index } = this.prove(entry);
        return globalIndex - index;
      }
      tried.push(entry === undefined ? `no entry at ${guess}` : `an entry of another shard at ${guess}`);
    }
    const found = tried.length === 0 ? 'it is not listed' : tried.join(', ');
    throw new LogUnavailable(`Cannot find where "${origin}" begins among the entries of "${url}": ${found}`);
  }
}
