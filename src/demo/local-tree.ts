import { Frontier } from '../tlog/frontier.ts';
import { leafHash, nodeHash, type Hash } from '../tlog/hash.ts';
import { TILE_WIDTH } from '../tlog/tile.ts';

/** Tree levels that one level of tiles spans: 256 = 2^8. */
const LEVELS_PER_TILE = Math.log2(TILE_WIDTH);

/** A Merkle tree with all its leaves and complete nodes in memory: what a log needs to serve. */
export class LocalTree {
  readonly #leaves: Buffer[] = [];
  readonly #frontier = Frontier.empty();
  /** By height: level 0 are the leaf hashes; each holds its complete nodes only. */
  readonly #levels: Hash[][] = [[]];

  get leaves(): readonly Buffer[] {
    return this.#leaves;
  }

  get root(): Hash {
    return this.#frontier.root();
  }

  append(leaf: Buffer): void {
    const hash = leafHash(leaf);
    this.#leaves.push(leaf);
    this.#frontier.append(hash);
    this.#push(0, hash);
  }

  /** The hashes [`start`, `end`) of a tile level. */
  tileHashes(level: number, start: number, end: number): readonly Hash[] {
    return (this.#levels[level * LEVELS_PER_TILE] ?? []).slice(start, end);
  }

  #push(height: number, node: Hash): void {
    const nodes = (this.#levels[height] ??= []);
    nodes.push(node);
    const left = nodes.at(-2);
    if (nodes.length % 2 === 0 && left !== undefined) {
      this.#push(height + 1, nodeHash(left, node));
    }
  }
}
