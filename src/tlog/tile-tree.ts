import { SingleFlight } from '../lib/single-flight.ts';
import { Frontier } from './frontier.ts';
import { nodeHash, type Hash } from './hash.ts';
import { siblingRanges, type LeafRange } from './prefix.ts';
import { completionNodes, type TreeNode } from './proof.ts';
import { rightEdge, TILE_WIDTH, tileNodes, tilePath, widthAt, type Tile } from './tile.ts';

/** The tiles of a log do not make the root that it signed, or not each other's hashes. */
export class TileMismatch extends Error {
  override readonly name = 'TileMismatch';
  /** The tile that does not fit; the lowest one when only all partial tiles together can be checked. */
  readonly tile: Tile;

  constructor(message: string, tile: Tile) {
    super(message);
    this.tile = tile;
  }
}

/** Every complete node of a proven tile, by level within the tile. */
type ProvenTile = ReturnType<typeof tileNodes>;

/** Full tiles that are kept: 511 hashes each. */
const KEPT_TILES = 64;

/**
 * The tiles of one signed tree. The partial tiles on its right edge are believed once they make the signed root, a full
 * tile once it hashes to its place in its parent tile. Each method throws {@link TileMismatch} when they do not, and
 * rethrows what `fetchTile` throws; calls may overlap and share what they fetch.
 */
export class TileTree {
  readonly size: number;
  readonly root: Hash;
  readonly #fetchTile: (tile: Tile, signal: AbortSignal) => Promise<readonly Hash[]>;
  #edge: ReadonlyMap<string, ProvenTile> | null = null;
  readonly #edgeFlight = new SingleFlight<ReadonlyMap<string, ProvenTile>>();
  /** The most recently used last. */
  readonly #tiles = new Map<string, ProvenTile>();
  readonly #tileFlights = new SingleFlight<ProvenTile>();

  /** `fetchTile` is asked for exactly the width that a tree of `size` has of a tile. */
  constructor(size: number, root: Hash, fetchTile: (tile: Tile, signal: AbortSignal) => Promise<readonly Hash[]>) {
    this.size = size;
    this.root = root;
    this.#fetchTile = fetchTile;
  }

  /** The proven frontier of the first `size` leaves, at most the tree's own size (else RangeError). */
  async frontierAt(size: number, signal: AbortSignal): Promise<Frontier> {
    this.#checkSize(size);
    return Frontier.from(size, await this.#nodes(completionNodes(0, size), signal));
  }

  /** The proven siblings right of the first `size` leaves, at most the tree's own size (else RangeError): what `rootFromPrefix` needs. */
  async rightSiblings(size: number, signal: AbortSignal): Promise<Hash[]> {
    this.#checkSize(size);
    const ranges = size === 0 ? [] : siblingRanges(size - 1, this.size);
    return this.#subtrees(
      ranges.filter(({ from }) => from >= size),
      signal,
    );
  }

  /** The inclusion proof of leaf `index`, from proven nodes. Throws RangeError for an index that is not in the tree. */
  async inclusion(index: number, signal: AbortSignal): Promise<Hash[]> {
    return this.#subtrees(siblingRanges(index, this.size), signal);
  }

  #checkSize(size: number): void {
    if (size > this.size) {
      throw new RangeError(`Cannot look at the first ${size} leaves of a tree of size ${this.size}: expected no more`);
    }
  }

  /** The roots of the subtrees over these leaves: only one at the right edge is made of several complete nodes. */
  #subtrees(ranges: readonly LeafRange[], signal: AbortSignal): Promise<Hash[]> {
    return Promise.all(
      ranges.map(async ({ from, to }) =>
        (await this.#nodes(completionNodes(from, to), signal)).reduceRight((right, left) => nodeHash(left, right)),
      ),
    );
  }

  #nodes(places: readonly TreeNode[], signal: AbortSignal): Promise<Hash[]> {
    return Promise.all(places.map((place) => this.#node(place, signal)));
  }

  async #node(place: TreeNode, signal: AbortSignal): Promise<Hash> {
    const level = Math.floor(place.level / 8);
    const levelWithin = place.level % 8;
    const nodesPerTile = TILE_WIDTH / 2 ** levelWithin;
    const nodes = await this.#tile(level, Math.floor(place.index / nodesPerTile), signal);
    // Never undefined: a complete node of the tree lies within the width that the tree has of the tile.
    return nodes[levelWithin]?.[place.index % nodesPerTile] as Hash;
  }

  async #tile(level: number, index: number, signal: AbortSignal): Promise<ProvenTile> {
    const tile = { level, index, width: widthAt(level, index, this.size) };
    const key = tilePath(tile);
    if (tile.width < TILE_WIDTH) {
      const edge = this.#edge ?? (await this.#edgeFlight.run('', signal, () => this.#proveEdge(signal)));
      // Never undefined: the right edge holds every partial tile.
      return edge.get(key) as ProvenTile;
    }
    const known = this.#tiles.get(key);
    if (known === undefined) {
      return this.#tileFlights.run(key, signal, () => this.#proveTile(key, tile, signal));
    }
    this.#keep(key, known);
    return known;
  }

  async #proveEdge(signal: AbortSignal): Promise<ReadonlyMap<string, ProvenTile>> {
    const tiles = rightEdge(this.size);
    const edge = await Promise.all(
      tiles.map(async (tile) => ({ tile, nodes: tileNodes(await this.#fetch(tile, signal)) })),
    );
    const byPath = new Map(edge.map(({ tile, nodes }) => [tilePath(tile), nodes]));
    const root = edgeRoot(edge);
    if (!root.equals(this.root)) {
      const paths = [...byPath.keys()].map((path) => `"${path}"`).join(', ');
      throw new TileMismatch(
        `Cannot believe tiles ${paths}: they make the root ${root.toString('hex')}, ` +
          `expected the signed one of size ${this.size}, ${this.root.toString('hex')}`,
        // Never undefined: only a tree that has partial tiles is asked for one.
        tiles[0] as Tile,
      );
    }
    this.#edge = byPath;
    return byPath;
  }

  async #proveTile(key: string, tile: Tile, signal: AbortSignal): Promise<ProvenTile> {
    const [hashes, parent] = await Promise.all([
      this.#fetch(tile, signal),
      this.#tile(tile.level + 1, Math.floor(tile.index / TILE_WIDTH), signal),
    ]);
    const nodes = tileNodes(hashes);
    // Never undefined: the tile is full, and the parent of a full tile holds its root.
    const [root, expected] = [nodes[8]?.[0] as Hash, parent[0]?.[tile.index % TILE_WIDTH] as Hash];
    if (!root.equals(expected)) {
      throw new TileMismatch(
        `Cannot believe tile "${key}": it makes the node ${root.toString('hex')}, ` +
          `expected ${expected.toString('hex')} as in the tile above it`,
        tile,
      );
    }
    this.#keep(key, nodes);
    return nodes;
  }

  async #fetch(tile: Tile, signal: AbortSignal): Promise<readonly Hash[]> {
    const hashes = await this.#fetchTile(tile, signal);
    if (hashes.length !== tile.width) {
      const path = tilePath(tile);
      throw new TileMismatch(`Cannot use tile "${path}" of ${hashes.length} hashes: expected ${tile.width}`, tile);
    }
    return hashes;
  }

  #keep(key: string, nodes: ProvenTile): void {
    this.#tiles.delete(key);
    this.#tiles.set(key, nodes);
    for (const oldest of this.#tiles.keys()) {
      if (this.#tiles.size <= KEPT_TILES) {
        return;
      }
      this.#tiles.delete(oldest);
    }
  }
}

/** The root of the tree whose partial tiles, level 0 first, these are. */
function edgeRoot(edge: readonly { readonly tile: Tile; readonly nodes: ProvenTile }[]): Hash {
  const frontier = Frontier.empty();
  for (const { tile, nodes } of edge.toReversed()) {
    for (const place of completionNodes(0, tile.width)) {
      // Never undefined: these are nodes of a tile of this width.
      frontier.appendSubtree(8 * tile.level + place.level, nodes[place.level]?.[place.index] as Hash);
    }
  }
  return frontier.root();
}
