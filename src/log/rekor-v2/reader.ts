import type { NonEmpty } from '../../lib/non-empty.ts';
import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import { leafHash } from '../../tlog/hash.ts';
import type { NoteKey } from '../../tlog/note.ts';
import { TILE_WIDTH } from '../../tlog/tile.ts';
import { openServedCheckpoint } from '../checkpoint-evidence.ts';
import { servedEvidence } from '../excerpt.ts';
import type { HttpClient } from '../http.ts';
import { isFrozen } from '../is-frozen.ts';
import {
  LogUnavailable,
  type EntryBatch,
  type EntryEvidence,
  type Leaf,
  type LogReader,
  type LogSource,
  type ProvenFrontier,
  type Start,
} from '../log.ts';
import { prefetch, type ReadAhead } from '../prefetch.ts';
import { requireInclusion } from '../require-inclusion.ts';
import { createResources, type Resources, type ServedBundle } from './resources.ts';
import { MAX_BUNDLE_BYTES } from './responses.ts';
import { SignedTrees } from './signed-trees.ts';

export interface RekorV2Options {
  readonly name: string;
  /** Base URL of the log. */
  readonly url: string;
  /** Path below `url` under which `checkpoint` and `tile/` lie; "" when they lie at its root. */
  readonly readPath: string;
  readonly origin: string;
  readonly keys: NonEmpty<NoteKey>;
  readonly start: Start;
}

/** Bundles of 256 entries, of half a megabyte or so: enough of them under way to fill a link of 50 ms, few enough to hold in memory. */
const AHEAD: ReadAhead<Loaded> = {
  most: 24,
  budgetBytes: 64 * 1024 * 1024,
  maxBytes: MAX_BUNDLE_BYTES,
  bytesOf: ({ bundle }) => bundle.answer.body.length,
};
/** A Rekor v2 log, read from its tiles: a source of exactly one tree. */
export function createRekorV2Source(options: RekorV2Options, http: HttpClient): LogSource {
  const { name, url, origin, start } = options;
  const reader = new RekorV2Reader(options, createResources(url, options.readPath, http));
  return { name, type: 'rekor-v2', url, origin, start, discover: async () => [reader] };
}

/** A bundle, and the log's frontier after it. */
interface Loaded {
  readonly start: number;
  readonly bundle: ServedBundle;
  readonly after: ProvenFrontier;
}

class RekorV2Reader implements LogReader {
  readonly type = 'rekor-v2';
  readonly origin: string;
  inactive = false;
  fresh = false;
  readonly #keys: NonEmpty<NoteKey>;
  readonly #resources: Resources;
  readonly #trees: SignedTrees;

  constructor(options: RekorV2Options, resources: Resources) {
    this.origin = options.origin;
    this.#keys = options.keys;
    this.#resources = resources;
    this.#trees = new SignedTrees((tile, signal) => resources.tile(tile, this.fresh, signal));
  }

  async fetchCheckpoint(signal: AbortSignal): Promise<SignedCheckpoint> {
    const answer = await this.#resources.checkpoint(this.fresh, signal);
    const checkpoint = openServedCheckpoint(answer, { origin: this.origin, keys: this.#keys });
    this.inactive = isFrozen(checkpoint);
    return checkpoint;
  }

  async fetchFrontier(tree: SignedCheckpoint, size: number, signal: AbortSignal): Promise<ProvenFrontier> {
    return await this.#trees.of(tree).prove(size, signal);
  }

  async proveConsistency(small: SignedCheckpoint, large: SignedCheckpoint, signal: AbortSignal): Promise<boolean> {
    const { frontier } = await this.#trees.of(large).frontierAt(small.size, signal);
    return frontier.root().equals(small.root);
  }

  async *entries(
    tree: SignedCheckpoint,
    from: number,
    signal: AbortSignal,
    to = tree.size,
  ): AsyncGenerator<EntryBatch> {
    const signedTree = this.#trees.of(tree);
    const loadBundle = async (index: number, stop: AbortSignal, maxBytes: number): Promise<Loaded> => {
      const start = index * TILE_WIDTH;
      const end = Math.min(start + TILE_WIDTH, tree.size);
      const [bundle, after] = await Promise.all([
        this.#resources.bundle(index, end - start, this.fresh, stop, maxBytes),
        signedTree.frontierAt(end, stop),
      ]);
      return { start, bundle, after };
    };
    for await (const { start, bundle, after } of prefetch(bundleIndexes(from, to), AHEAD, loadBundle, signal)) {
      const { answer, records } = bundle;
      yield {
        leaves: leavesFrom(from, start, records),
        after,
        served: () => servedEvidence(answer.url, answer.body),
      };
    }
  }

  async indexAt(): Promise<number> {
    throw new LogUnavailable(`Cannot find a time in "${this.origin}": entries of a Rekor v2 log carry no time`);
  }

  async proveInclusion(tree: SignedCheckpoint, index: number, signal: AbortSignal): Promise<EntryEvidence> {
    const bundle = Math.floor(index / TILE_WIDTH);
    const start = bundle * TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, tree.size - start);
    const [{ answer, records }, hashes] = await Promise.all([
      this.#resources.bundle(bundle, width, this.fresh, signal),
      this.#trees.of(tree).inclusion(index, signal),
    ]);
    const [leaf] = leavesFrom(index, start, records);
    if (leaf === undefined) {
      throw new RangeError(`Cannot find entry ${index}: expected one within the tree`);
    }
    return requireInclusion(this, tree, leaf, hashes, answer);
  }

  /** To the end of the bundle, by the tiles: these are other files than the bundles. */
  async stepOver(tree: SignedCheckpoint, from: number, signal: AbortSignal): Promise<ProvenFrontier | null> {
    const end = Math.min((Math.floor(from / TILE_WIDTH) + 1) * TILE_WIDTH, tree.size);
    return await this.#trees.of(tree).frontierAt(end, signal);
  }

  /** By the signed checkpoint itself: there is nothing to ask. */
  async confirmEnd(tree: SignedCheckpoint): Promise<boolean> {
    return isFrozen(tree);
  }
}

function* bundleIndexes(from: number, to: number): Generator<number> {
  if (from >= to) {
    return;
  }
  for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index++) {
    yield index;
  }
}

/** The leaves of one bundle from index `from` on: the first bundle may be entered in its middle. */
function leavesFrom(from: number, start: number, records: readonly Buffer[]): readonly Leaf[] {
  const skipped = Math.max(0, from - start);
  return records.slice(skipped).map((data, position) => ({
    index: start + skipped + position,
    data,
    hash: leafHash(data),
    integratedTime: null,
    globalIndex: null,
    uuid: null,
  }));
}
