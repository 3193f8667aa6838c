import type { NonEmpty } from '../../lib/non-empty.ts';
import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import { leafHash } from '../../tlog/hash.ts';
import type { NoteKey } from '../../tlog/note.ts';
import { TILE_WIDTH } from '../../tlog/tile.ts';
import { openServedCheckpoint } from '../checkpoint-evidence.ts';
import { servedEvidence } from '../excerpt.ts';
import type { HttpClient } from '../http.ts';
import {
  LogUnavailable,
  type EntryBatch,
  type Leaf,
  type LogReader,
  type LogSource,
  type ProvenFrontier,
  type Start,
} from '../log.ts';
import { prefetch } from '../prefetch.ts';
import { createResources, type Resources } from './resources.ts';
import { SignedTree } from './signed-tree.ts';

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

/** Bundles under way at once: enough to fill a link, few enough to hold in memory. */
const AHEAD = 8;
/** The tree that is being caught up to, and the one verified before. */
const TREES = 2;

/** A Rekor v2 log, read from its tiles: a source of exactly one tree. */
export function createRekorV2Source(options: RekorV2Options, http: HttpClient): LogSource {
  const { name, url, origin, start } = options;
  const reader = new RekorV2Reader(options, createResources(url, options.readPath, http));
  return { name, type: 'rekor-v2', url, origin, start, discover: async () => [reader] };
}

class RekorV2Reader implements LogReader {
  readonly type = 'rekor-v2';
  readonly origin: string;
  inactive = false;
  fresh = false;
  readonly #keys: NonEmpty<NoteKey>;
  readonly #resources: Resources;
  /** Latest last; kept between calls, so that proven tiles are fetched once. */
  readonly #trees: SignedTree[] = [];

  constructor(options: RekorV2Options, resources: Resources) {
    this.origin = options.origin;
    this.#keys = options.keys;
    this.#resources = resources;
  }

  async fetchCheckpoint(signal: AbortSignal): Promise<SignedCheckpoint> {
    const answer = await this.#resources.checkpoint(this.fresh, signal);
    const checkpoint = openServedCheckpoint(answer, { origin: this.origin, keys: this.#keys });
    // sigstore/rekor-tiles cmd/freeze-checkpoint marks the last checkpoint by an extension line, so the log signed it.
    this.inactive = checkpoint.extensions.some((line) => line.startsWith('Log frozen'));
    return checkpoint;
  }

  async fetchFrontier(tree: SignedCheckpoint, size: number, signal: AbortSignal): Promise<ProvenFrontier> {
    return await this.#signedTree(tree).prove(size, signal);
  }

  async proveConsistency(small: SignedCheckpoint, large: SignedCheckpoint, signal: AbortSignal): Promise<boolean> {
    const { frontier } = await this.#signedTree(large).frontierAt(small.size, signal);
    return frontier.root().equals(small.root);
  }

  async *entries(tree: SignedCheckpoint, from: number, signal: AbortSignal): AsyncGenerator<EntryBatch> {
    const signedTree = this.#signedTree(tree);
    const loadBundle = async (index: number, stop: AbortSignal) => {
      const start = index * TILE_WIDTH;
      const end = Math.min(start + TILE_WIDTH, tree.size);
      const [bundle, after] = await Promise.all([
        this.#resources.bundle(index, end - start, this.fresh, stop),
        signedTree.frontierAt(end, stop),
      ]);
      return { start, bundle, after };
    };
    for await (const { start, bundle, after } of prefetch(bundleIndexes(from, tree.size), AHEAD, loadBundle, signal)) {
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

  #signedTree(checkpoint: SignedCheckpoint): SignedTree {
    const known = this.#trees.find(
      (tree) => tree.checkpoint.size === checkpoint.size && tree.checkpoint.root.equals(checkpoint.root),
    );
    if (known !== undefined) {
      return known;
    }
    const tree = new SignedTree(checkpoint, (tile, signal) => this.#resources.tile(tile, this.fresh, signal));
    this.#trees.push(tree);
    if (this.#trees.length > TREES) {
      this.#trees.shift();
    }
    return tree;
  }
}

function* bundleIndexes(from: number, size: number): Generator<number> {
  if (from >= size) {
    return;
  }
  for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < size; index++) {
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
