import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import { Frontier } from '../../tlog/frontier.ts';
import { verifyConsistency } from '../../tlog/proof.ts';
import { openServedCheckpoint } from '../checkpoint-evidence.ts';
import { servedEvidence } from '../excerpt.ts';
import {
  LogMisbehaved,
  LogUnavailable,
  type EntryBatch,
  type EntryEvidence,
  type Leaf,
  type LogReader,
  type ProvenFrontier,
} from '../log.ts';
import type { Api, RetrievedEntry } from './api.ts';
import { verifyEntryTimestamp } from './entry-timestamp.ts';
import {
  frontierAfter,
  frontierBefore,
  nodesAfter,
  nodesBefore,
  requireTimestamp,
  type ProvenEntry,
  type Shard,
} from './proven-entry.ts';
import { readRanges, type LoadedRange, type Range } from './read-ranges.ts';
import type { ListedShard } from './responses.ts';
import { ShardEntries } from './shard-entries.ts';
import type { FetchLogInfo } from './shared-log-info.ts';

/** One shard of a Rekor v1 log. */
export class ShardReader implements LogReader {
  readonly type = 'rekor-v1';
  readonly origin: string;
  inactive = false;
  fresh = false;
  readonly #shard: Shard;
  readonly #api: Api;
  readonly #logInfo: FetchLogInfo;
  readonly #entries: ShardEntries;
  /** The checkpoint that the shard was shown to end with. */
  #end: SignedCheckpoint | null = null;

  constructor(shard: Shard, api: Api, logInfo: FetchLogInfo) {
    this.origin = shard.origin;
    this.#shard = shard;
    this.#api = api;
    this.#logInfo = logInfo;
    this.#entries = new ShardEntries(shard, api, logInfo);
  }

  async fetchCheckpoint(signal: AbortSignal): Promise<SignedCheckpoint> {
    // What another reader was told may be older than this shard: only our own question counts against it.
    const listed = (await this.#findListed(signal)) ?? (await this.#findListed(signal));
    if (listed === null) {
      throw new LogUnavailable(`Cannot read checkpoint of "${this.origin}": the log no longer lists this shard`, {
        unlisted: true,
      });
    }
    const served = { url: listed.url, body: Buffer.from(listed.signedTreeHead) };
    const checkpoint = openServedCheckpoint(served, this.#shard);
    this.inactive = listed.inactive;
    return checkpoint;
  }

  /** From the inclusion proof of the frontier's last entry, or of the next one. An empty frontier needs no proof, and has no nodes. */
  async fetchFrontier(tree: SignedCheckpoint, size: number, signal: AbortSignal): Promise<ProvenFrontier> {
    if (size === 0) {
      return { frontier: Frontier.empty(), provenBy: tree, nodes: [] };
    }
    try {
      const entry = await this.#prove(size - 1, signal);
      return { frontier: frontierAfter(entry), provenBy: entry.checkpoint, nodes: nodesAfter(entry) };
    } catch (error) {
      if (!(error instanceof LogUnavailable) || error.outOfOrder || size === tree.size) {
        throw error;
      }
      // Whoever withholds one entry must not hide what lies before the next.
      return shownBefore(await this.#prove(size, signal));
    }
  }

  async proveConsistency(small: SignedCheckpoint, large: SignedCheckpoint, signal: AbortSignal): Promise<boolean> {
    if (small.size === large.size) {
      return small.root.equals(large.root);
    }
    if (small.size === 0) {
      return true;
    }
    const sizes = { small: small.size, large: large.size };
    const proof = await this.#api.consistencyProof(this.#shard.treeId, sizes, this.fresh, signal);
    const claim = { oldSize: small.size, newSize: large.size, oldRoot: small.root, newRoot: large.root };
    return (
      (proof !== null && verifyConsistency({ ...claim, proof })) || (await this.#haveOneTree(small, large, signal))
    );
  }

  /** The frontier after each batch comes without nodes: {@link fetchFrontier} has them. */
  async *entries(
    tree: SignedCheckpoint,
    from: number,
    signal: AbortSignal,
    to = tree.size,
  ): AsyncGenerator<EntryBatch> {
    if (from >= to) {
      return;
    }
    // Before several requests go out side by side, which would all look for it.
    await this.#entries.findOffset(this.fresh, signal);
    yield* readRanges(from, to, (range, stop, maxBytes) => this.#load(range, stop, maxBytes), signal);
  }

  /** By the times that the log signed for single entries: one request for each halving of the tree. */
  async indexAt(tree: SignedCheckpoint, time: Date, signal: AbortSignal): Promise<number> {
    let [low, high] = [0, tree.size];
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      const entry = (await this.#entries.retrieve([middle], this.fresh, signal))(middle);
      requireTimestamp(entry, this.#shard);
      if (entry.integratedTime * 1000 >= time.getTime()) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** By the proof that the entry comes with, under the checkpoint that the log signed last. */
  async proveInclusion(_tree: SignedCheckpoint, index: number, signal: AbortSignal): Promise<EntryEvidence> {
    const entry = (await this.#entries.retrieve([index], this.fresh, signal))(index);
    const { proof, checkpoint } = this.#entries.prove(entry);
    return {
      kind: 'inclusion',
      log: this.origin,
      type: this.type,
      leaf: leafOf(index, entry, this.#shard),
      timestamp: entry.timestamp,
      logId: entry.logId,
      proof: { size: checkpoint.size, root: checkpoint.root, hashes: proof },
      checkpoint: checkpoint.note,
    };
  }

  /** By the inclusion proof of the next entry that is served, which may lie behind `tree` if the log has grown. */
  async stepOver(tree: SignedCheckpoint, from: number, signal: AbortSignal): Promise<ProvenFrontier | null> {
    const next = await this.#entries.findServed(from + 1, tree.size, this.fresh, signal);
    return next === null ? null : shownBefore(this.#entries.prove(next));
  }

  /** Nobody signed the list of shards: what counts is that the log signed the global index behind `tree` to another one. */
  async confirmEnd(tree: SignedCheckpoint, signal: AbortSignal): Promise<boolean> {
    if (this.#end?.size === tree.size && this.#end.root.equals(tree.root)) {
      return true;
    }
    try {
      const ends = await this.#entries.endAt(tree.size, this.fresh, signal);
      this.#end = ends ? tree : null;
      return ends;
    } catch (error) {
      // What another shard does wrong, or does not serve, is told of that shard.
      if (error instanceof LogUnavailable || error instanceof LogMisbehaved) {
        return false;
      }
      throw error;
    }
  }

  async #findListed(signal: AbortSignal): Promise<(ListedShard & { readonly url: string }) | null> {
    const { url, shards } = await this.#logInfo(this, this.fresh, signal);
    const listed = shards.find(({ treeId }) => treeId === this.#shard.treeId);
    return listed === undefined ? null : { ...listed, url };
  }

  async #load({ start, end }: Range, signal: AbortSignal, maxBytes: number): Promise<LoadedRange> {
    const indexes = Array.from({ length: end - start }, (_, place) => start + place);
    const entryAt = await this.#entries.retrieve(indexes, this.fresh, signal, maxBytes);
    const { leading, missing } = takeLeading(indexes, entryAt);
    // Every entry of an answer holds on to all of it.
    return { batch: this.#batch(start, leading), bytes: leading[0]?.answer.body.length ?? 0, missing };
  }

  /** Consecutive entries from index `start` on, with what their last one proves; null for none. */
  #batch(start: number, entries: readonly RetrievedEntry[]): EntryBatch | null {
    const last = entries.at(-1);
    if (last === undefined) {
      return null;
    }
    const proven = this.#entries.prove(last);
    return {
      leaves: entries.map((entry, place) => leafOf(start + place, entry, this.#shard)),
      after: { frontier: frontierAfter(proven), provenBy: proven.checkpoint, nodes: [] },
      served: () => servedEvidence(last.answer.url, last.answer.body),
    };
  }

  async #prove(index: number, signal: AbortSignal): Promise<ProvenEntry> {
    const entryAt = await this.#entries.retrieve([index], this.fresh, signal);
    return this.#entries.prove(entryAt(index));
  }

  /** Whether the entries that end both trees are proven under one and the same tree, with the frontiers of both. */
  async #haveOneTree(small: SignedCheckpoint, large: SignedCheckpoint, signal: AbortSignal): Promise<boolean> {
    const entryAt = await this.#entries.retrieve([small.size - 1, large.size - 1], this.fresh, signal);
    const before = this.#entries.prove(entryAt(small.size - 1));
    const after = this.#entries.prove(entryAt(large.size - 1));
    return (
      before.checkpoint.root.equals(after.checkpoint.root) &&
      frontierAfter(before).root().equals(small.root) &&
      frontierAfter(after).root().equals(large.root)
    );
  }
}

/** The entries from the first of `indexes` on, up to one that is missing. */
function takeLeading(indexes: readonly number[], entryAt: (index: number) => RetrievedEntry) {
  const leading: RetrievedEntry[] = [];
  try {
    for (const index of indexes) {
      leading.push(entryAt(index));
    }
    return { leading, missing: null };
  } catch (error) {
    if (!(error instanceof LogUnavailable)) {
      throw error;
    }
    return { leading, missing: error };
  }
}

/** What an entry's proof shows of all before it. */
function shownBefore(entry: ProvenEntry): ProvenFrontier {
  return { frontier: frontierBefore(entry), provenBy: entry.checkpoint, nodes: nodesBefore(entry) };
}

function leafOf(index: number, entry: RetrievedEntry, { keys }: Shard): Leaf {
  const { body, hash, integratedTime, globalIndex, uuid, attestation } = entry;
  let signed: boolean | undefined;
  const isTimeSigned = (): boolean => (signed ??= verifyEntryTimestamp(entry, keys));
  const leaf = { index, data: body, hash, integratedTime, globalIndex, uuid, isTimeSigned };
  return attestation === undefined ? leaf : { ...leaf, extra: attestation };
}
