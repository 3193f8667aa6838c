import type { NonEmpty } from '../../lib/non-empty.ts';
import { openCheckpoint, type SignedCheckpoint } from '../../tlog/checkpoint.ts';
import type { NoteKey } from '../../tlog/note.ts';
import { TILE_WIDTH } from '../../tlog/tile.ts';
import { withoutForeignLines } from '../../tlog/tree-head.ts';
import { openServedCheckpoint } from '../checkpoint-evidence.ts';
import { servedEvidence } from '../excerpt.ts';
import { type EntryBatch, type EntryEvidence, type Leaf, type LogReader, type ProvenFrontier } from '../log.ts';
import { prefetch, type ReadAhead } from '../prefetch.ts';
import { SignedTrees } from '../rekor-v2/signed-trees.ts';
import { requireInclusion } from '../require-inclusion.ts';
import { MAX_DATA_TILE_BYTES } from './data-tile.ts';
import { firstLeafAt } from './first-leaf-at.ts';
import { ctLeaf } from './leaf.ts';
import type { ServedEntries, StaticResources } from './static-resources.ts';

/** Data tiles under way at once: enough to fill a link, few enough to hold in memory. */
const AHEAD: ReadAhead<Loaded> = {
  most: 16,
  budgetBytes: 64 * 1024 * 1024,
  maxBytes: MAX_DATA_TILE_BYTES,
  bytesOf: ({ served }) => served.answer.body.length,
};
/** A Certificate Transparency log that serves tiles (c2sp.org/static-ct-api). */
export class StaticCtReader implements LogReader {
  readonly type = 'ct';
  readonly origin: string;
  readonly inactive = false;
  fresh = false;
  readonly #keys: NonEmpty<NoteKey>;
  readonly #resources: StaticResources;
  readonly #trees: SignedTrees;

  constructor(log: { readonly origin: string; readonly keys: NonEmpty<NoteKey> }, resources: StaticResources) {
    this.origin = log.origin;
    this.#keys = log.keys;
    this.#resources = resources;
    this.#trees = new SignedTrees((tile, signal) => resources.tile(tile, this.fresh, signal));
  }

  async fetchCheckpoint(signal: AbortSignal): Promise<SignedCheckpoint> {
    const expected = { origin: this.origin, keys: this.#keys };
    const { note } = openServedCheckpoint(await this.#resources.checkpoint(this.fresh, signal), expected);
    // Opened as it was served first, for the evidence: what is left is signed all the same.
    return openCheckpoint(withoutForeignLines(note, this.#keys), expected);
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
    const load = async (tile: number, stop: AbortSignal, maxBytes: number): Promise<Loaded> => {
      const end = Math.min((tile + 1) * TILE_WIDTH, tree.size);
      const [served, after] = await Promise.all([
        this.#entriesOf(tile, tree, stop, maxBytes),
        signedTree.frontierAt(end, stop),
      ]);
      return { tile, served, after };
    };
    for await (const { tile, served, after } of prefetch(
      tilesFrom(from, Math.min(to, tree.size)),
      AHEAD,
      load,
      signal,
    )) {
      const start = tile * TILE_WIDTH;
      const skipped = Math.max(0, from - start);
      const leaves = served.entries
        .slice(skipped)
        .map(({ data, unhashed }, position) => ctLeaf(start + skipped + position, data, unhashed));
      yield { leaves, after, served: () => servedEvidence(served.answer.url, served.answer.body) };
    }
  }

  /** By the times of single leaves, each proven: one data tile for each halving of the tree. */
  async indexAt(tree: SignedCheckpoint, time: Date, signal: AbortSignal): Promise<number> {
    return await firstLeafAt(this, tree, time, signal);
  }

  async proveInclusion(tree: SignedCheckpoint, index: number, signal: AbortSignal): Promise<EntryEvidence> {
    const tile = Math.floor(index / TILE_WIDTH);
    const [{ answer, entries }, hashes] = await Promise.all([
      this.#entriesOf(tile, tree, signal),
      this.#trees.of(tree).inclusion(index, signal),
    ]);
    return requireInclusion(this, tree, leafOf(entries, index), hashes, answer);
  }

  /** To the end of the data tile: its entries come together or not at all. */
  async stepOver(tree: SignedCheckpoint, from: number, signal: AbortSignal): Promise<ProvenFrontier | null> {
    const end = (Math.floor(from / TILE_WIDTH) + 1) * TILE_WIDTH;
    return await this.#trees.of(tree).prove(Math.min(end, tree.size), signal);
  }

  /** No checkpoint of a CT log says that it is the last. */
  async confirmEnd(): Promise<boolean> {
    return false;
  }

  async #entriesOf(
    tile: number,
    tree: SignedCheckpoint,
    signal: AbortSignal,
    maxBytes?: number,
  ): Promise<ServedEntries> {
    const width = Math.min(TILE_WIDTH, tree.size - tile * TILE_WIDTH);
    return await this.#resources.entries(tile, width, this.fresh, signal, maxBytes);
  }
}

/** The entries of a data tile, and the log's frontier after them. */
interface Loaded {
  readonly tile: number;
  readonly served: ServedEntries;
  readonly after: ProvenFrontier;
}

function* tilesFrom(from: number, to: number): Generator<number> {
  for (let tile = Math.floor(from / TILE_WIDTH); from < to && tile * TILE_WIDTH < to; tile++) {
    yield tile;
  }
}

function leafOf(entries: ServedEntries['entries'], index: number): Leaf {
  const entry = entries[index % TILE_WIDTH];
  if (entry === undefined) {
    throw new RangeError(`Cannot find entry ${index}: expected one within the tree`);
  }
  return ctLeaf(index, entry.data, entry.unhashed);
}
