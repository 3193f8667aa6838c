import { isCount } from './bits.ts';
import { HASH_SIZE, nodeHash, toHash, type Hash } from './hash.ts';

/** How many hashes a full tile holds, and entries a full bundle (c2sp.org/tlog-tiles). */
export const TILE_WIDTH = 256;

/** `width` (1 … 256) consecutive nodes of tree level 8 × `level`, the first of them with index 256 × `index`. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** Where a log serves a tile, below its base URL: `tile/0/x001/x234/067.p/8`. Throws RangeError for an impossible tile. */
export function tilePath(tile: Tile): string {
  // 63 is the highest level that c2sp.org/tlog-tiles names.
  if (!isCount(tile.level) || tile.level > 63) {
    throw new RangeError(`Cannot name a tile of level ${tile.level}: expected a level from 0 to 63`);
  }
  return `tile/${tile.level}/${numberedPath(tile.index, tile.width)}`;
}

/** Where a log serves a bundle of entries, below its base URL: `tile/entries/x001/x234/067.p/8`. Throws RangeError. */
export function bundlePath(index: number, width: number): string {
  return `tile/entries/${numberedPath(index, width)}`;
}

/** Where a static-ct log serves its entries, below its base URL: `tile/data/x001/x234/067.p/8`. Throws RangeError. */
export function dataTilePath(index: number, width: number): string {
  return `tile/data/${numberedPath(index, width)}`;
}

/** How much of a tile a tree of `size` has: 0 for none of it, 256 for all of it. */
export function widthAt(level: number, index: number, size: number): number {
  const nodes = Math.floor(size / TILE_WIDTH ** level);
  return Math.min(Math.max(nodes - index * TILE_WIDTH, 0), TILE_WIDTH);
}

/** The partial tiles of a tree of `size`, level 0 first: what its frontier, and so its root, can be computed from. */
export function rightEdge(size: number): readonly Tile[] {
  const tiles: Tile[] = [];
  for (let [level, nodes] = [0, size]; nodes > 0; [level, nodes] = [level + 1, Math.floor(nodes / TILE_WIDTH)]) {
    if (nodes % TILE_WIDTH !== 0) {
      tiles.push({ level, index: Math.floor(nodes / TILE_WIDTH), width: nodes % TILE_WIDTH });
    }
  }
  return tiles;
}

/** Reads the hashes of a tile. Throws SyntaxError unless the bytes are exactly `width` hashes. */
export function parseTile(bytes: Uint8Array, width: number): Hash[] {
  if (bytes.length !== width * HASH_SIZE) {
    throw new SyntaxError(
      `Cannot read a tile of width ${width} from ${bytes.length} bytes: expected ${width * HASH_SIZE}`,
    );
  }
  return Array.from({ length: width }, (_, slot) => toHash(bytes.subarray(slot * HASH_SIZE, (slot + 1) * HASH_SIZE)));
}

/** The root of a full tile's subtree, which is one hash in a tile one level up. Throws RangeError for a partial tile. */
export function tileRoot(hashes: readonly Hash[]): Hash {
  const root = tileNodes(hashes)[8]?.[0];
  if (root === undefined || hashes.length !== TILE_WIDTH) {
    throw new RangeError(`Cannot take the root of a tile of width ${hashes.length}: expected ${TILE_WIDTH}`);
  }
  return root;
}

/** All complete nodes of a tile by level within it: 0 are its own hashes, 8 (full tiles only) its root alone. */
export function tileNodes(hashes: readonly Hash[]): readonly (readonly Hash[])[] {
  const levels: (readonly Hash[])[] = [];
  for (let nodes = hashes; nodes.length > 0; nodes = parents(nodes)) {
    levels.push(nodes);
  }
  return levels;
}

function parents(nodes: readonly Hash[]): Hash[] {
  return Array.from({ length: Math.floor(nodes.length / 2) }, (_, index) =>
    // Never undefined: both children lie within the halved length.
    nodeHash(nodes[2 * index] as Hash, nodes[2 * index + 1] as Hash),
  );
}

function numberedPath(index: number, width: number): string {
  if (!isCount(index) || !isCount(width) || width < 1 || width > TILE_WIDTH) {
    throw new RangeError(`Cannot name tile ${index} of width ${width}: expected a width from 1 to ${TILE_WIDTH}`);
  }
  const digits = String(index);
  // Groups of three digits, an "x" before each but the last.
  const path = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').replace(/\d{3}(?=\d)/g, 'x$&/');
  return width < TILE_WIDTH ? `${path}.p/${width}` : path;
}
