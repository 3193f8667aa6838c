import type { NonEmpty } from '../../lib/non-empty.ts';
import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import { leafHash } from '../../tlog/hash.ts';
import type { NoteKey } from '../../tlog/note.ts';
import { verifyInclusion } from '../../tlog/proof.ts';
import { TILE_WIDTH } from '../../tlog/tile.ts';
import { openServedCheckpoint } from '../checkpoint-evidence.ts';
import { servedEvidence } from '../excerpt.ts';
import type { HttpClient } from '../http.ts';
import { isFrozen } from '../is-frozen.ts';
import {
  LogMisbehaved,
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
import { createResources, type Resources, type ServedBundle } from './resources.ts';
import { MAX_BUNDLE_BYTES } from './responses.ts';
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

/** Bundles of 256 entries, of half a megabyte or so: enough of them under way to fill a link of 50 ms, few enough to hold in memory. */
const AHEAD: ReadAhead<Loaded> = {
  most: 24,
  budgetBytes: 64 * 1024 * 1024,
  maxBytes: MAX_BUNDLE_BYTES,
  bytesOf: ({ bundle }) => bundle.answer.body.length,
};
/** The tree that is being caught up to, and the one verified before. */
const TREES = 2;

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
    this.inactive = isFrozen(checkpoint);
    return checkpoint;
  }

  async fetchFrontier(tree: SignedCheckpoint, size: number, signal: AbortSignal): Promise<ProvenFrontier> {
    return await this.#signedTree(tree).prove(size, signal);
  }

  async proveConsistency(small: SignedCheckpoint, large: SignedCheckpoint, signal: AbortSignal): Promise<boolean> {
    const { frontier } = await this.#signedTree(large).frontierAt(small.size, signal);
    return frontier.root().equals(small.root);
  }

  async *entries(
    tree: SignedCheckpoint,
    from: number,
    signal: AbortSignal,
    to = tree.size,
  ): AsyncGenerator<EntryBatch> {
    const signedTree = this.#signedTree(tree);
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
      this.#signedTree(tree).inclusion(index, signal),
    ]);
    const [leaf] = leavesFrom(index, start, records);
    const { size, root, note } = tree;
    if (leaf === undefined || !verifyInclusion({ index, size, leaf: leaf.hash, proof: hashes, root })) {
      throw new LogMisbehaved(`Cannot prove entry ${index} of "${this.origin}": what is served is not in its tree`, {
        kind: 'entry-mismatch',
        log: this.origin,
        signed: false,
        notes: [note],
        served: servedEvidence(answer.url, answer.body),
      });
    }
    return {
      kind: 'inclusion',
      log: this.origin,
      type: this.type,
      leaf,
      timestamp: null,
      logId: null,
      proof: { size, root, hashes },
      checkpoint: note,
    };
  }

  /** To the end of the bundle, by the tiles: these are other files than the bundles. */
  async stepOver(tree: SignedCheckpoint, from: number, signal: AbortSignal): Promise<ProvenFrontier | null> {
    const end = Math.min((Math.floor(from / TILE_WIDTH) + 1) * TILE_WIDTH, tree.size);
    return await this.#signedTree(tree).frontierAt(end, signal);
  }

  /** By the signed checkpoint itself: there is nothing to ask. */
  async confirmEnd(tree: SignedCheckpoint): Promise<boolean> {
    return isFrozen(tree);
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
