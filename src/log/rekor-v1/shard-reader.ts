import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import { Frontier } from '../../tlog/frontier.ts';
import { verifyConsistency } from '../../tlog/proof.ts';
import { openServedCheckpoint } from '../checkpoint-evidence.ts';
import { servedEvidence } from '../excerpt.ts';
import {
  LogMisbehaved,
  LogUnavailable,
  type EntryBatch,
  type Leaf,
  type LogReader,
  type ProvenFrontier,
} from '../log.ts';
import { prefetch } from '../prefetch.ts';
import { MAX_INDEXES, type Api, type RetrievedEntry } from './api.ts';
import { frontierAfter, nodesAfter, requireTimestamp, type ProvenEntry, type Shard } from './proven-entry.ts';
import type { ListedShard } from './responses.ts';
import { ShardEntries } from './shard-entries.ts';
import type { FetchLogInfo } from './shared-log-info.ts';

/** Requests under way at once (more gain little, and each answer may be large). */
const AHEAD = 8;

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
      throw new LogUnavailable(`Cannot read checkpoint of "${this.origin}": the log no longer lists this shard`);
    }
    const served = { url: listed.url, body: Buffer.from(listed.signedTreeHead) };
    const checkpoint = openServedCheckpoint(served, this.#shard);
    this.inactive = listed.inactive;
    return checkpoint;
  }

  /** From the inclusion proof of the frontier's last entry. An empty frontier needs no proof, and has no nodes. */
  async fetchFrontier(tree: SignedCheckpoint, size: number, signal: AbortSignal): Promise<ProvenFrontier> {
    if (size === 0) {
      return { frontier: Frontier.empty(), provenBy: tree, nodes: [] };
    }
    const entry = await this.#prove(size - 1, signal);
    const nodes = await nodesAfter(entry, () => this.#frontierOf(entry.checkpoint, signal));
    return { frontier: frontierAfter(entry), provenBy: entry.checkpoint, nodes };
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
  async *entries(tree: SignedCheckpoint, from: number, signal: AbortSignal): AsyncGenerator<EntryBatch> {
    if (from >= tree.size) {
      return;
    }
    // Before several requests go out side by side, which would all look for it.
    await this.#entries.findOffset(this.fresh, signal);
    const load = (range: Range, stop: AbortSignal) => this.#batch(range, stop);
    yield* prefetch(ranges(from, tree.size), AHEAD, load, signal);
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

  async #findListed(signal: AbortSignal): Promise<(ListedShard & { readonly url: string }) | null> {
    const { url, shards } = await this.#logInfo(this, this.fresh, signal);
    const listed = shards.find(({ treeId }) => treeId === this.#shard.treeId);
    return listed === undefined ? null : { ...listed, url };
  }

  async #batch({ start, end }: Range, signal: AbortSignal): Promise<EntryBatch> {
    const indexes = Array.from({ length: end - start }, (_, place) => start + place);
    const entryAt = await this.#entries.retrieve(indexes, this.fresh, signal);
    const last = entryAt(end - 1);
    const proven = this.#entries.prove(last);
    return {
      leaves: indexes.map((index) => leafOf(index, entryAt(index))),
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

  /** The frontier of a whole signed tree, from the proof of its last entry. */
  async #frontierOf(tree: SignedCheckpoint, signal: AbortSignal): Promise<Frontier> {
    const last = await this.#prove(tree.size - 1, signal);
    const frontier = frontierAfter(last);
    if (!frontier.root().equals(tree.root)) {
      throw new LogMisbehaved(
        `Log "${this.origin}" signed a tree of size ${last.checkpoint.size} that contradicts the one of size ${tree.size}`,
        {
          kind: 'fork',
          log: this.origin,
          // At equal sizes the notes contradict each other by themselves.
          signed: last.checkpoint.size === tree.size,
          notes: [tree.note, last.checkpoint.note],
        },
      );
    }
    return frontier;
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function* ranges(from: number, size: number): Generator<Range> {
  for (let start = from; start < size; start += MAX_INDEXES) {
    yield { start, end: Math.min(start + MAX_INDEXES, size) };
  }
}

function leafOf(index: number, entry: RetrievedEntry): Leaf {
  const { body, hash, integratedTime, globalIndex, uuid } = entry;
  return { index, data: body, hash, integratedTime, globalIndex, uuid };
}
