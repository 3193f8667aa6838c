import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import type { Tile } from '../../tlog/tile.ts';
import type { ServedTile } from './resources.ts';
import { SignedTree } from './signed-tree.ts';

/** The tree that is being caught up to, and the one verified before. */
const TREES = 2;

/** The last signed trees that were asked about, kept so that proven tiles are fetched once. */
export class SignedTrees {
  readonly #fetchTile: (tile: Tile, signal: AbortSignal) => Promise<ServedTile>;
  /** Latest last. */
  readonly #trees: SignedTree[] = [];

  constructor(fetchTile: (tile: Tile, signal: AbortSignal) => Promise<ServedTile>) {
    this.#fetchTile = fetchTile;
  }

  of(checkpoint: SignedCheckpoint): SignedTree {
    const known = this.#trees.find(
      (tree) => tree.checkpoint.size === checkpoint.size && tree.checkpoint.root.equals(checkpoint.root),
    );
    if (known !== undefined) {
      return known;
    }
    const tree = new SignedTree(checkpoint, this.#fetchTile);
    this.#trees.push(tree);
    if (this.#trees.length > TREES) {
      this.#trees.shift();
    }
    return tree;
  }
}
