import { describe, expect, it } from 'vitest';
import { Frontier } from '../../src/tlog/frontier.ts';
import { EMPTY_ROOT, toHash, type Hash } from '../../src/tlog/hash.ts';
import { rootFromPrefix } from '../../src/tlog/prefix.ts';
import { TileMismatch, TileTree } from '../../src/tlog/tile-tree.ts';
import { rightEdge, tilePath, type Tile } from '../../src/tlog/tile.ts';
import { BIG_SIZES, bigTree, ReferenceTree } from './reference-tree.ts';

const tree = new ReferenceTree();
const big = bigTree();
const { signal } = new AbortController();
const range = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

/** A tile tree over a reference tree that notes which tiles it was asked for. */
function served(source: ReferenceTree, size: number, tamper: (tile: Tile, hashes: Hash[]) => Hash[] = (_, h) => h) {
  const asked: string[] = [];
  const tiles = new TileTree(size, source.root(size), async (tile) => {
    asked.push(tilePath(tile));
    return tamper(tile, source.tile(tile.level, tile.index, tile.width));
  });
  return { tiles, asked };
}

/** Indexes whose proof is not the definition's. */
async function misproven(source: ReferenceTree, tiles: TileTree, indexes: readonly number[]): Promise<number[]> {
  const proofs = await Promise.all(indexes.map((index) => tiles.inclusion(index, signal)));
  return indexes.filter(
    (index, place) => !Buffer.concat(proofs[place] ?? []).equals(Buffer.concat(source.inclusion(index, tiles.size))),
  );
}

/** What is wrong with the answers for the first `size` leaves, or nothing. */
async function faults(source: ReferenceTree, tiles: TileTree, size: number): Promise<string[]> {
  const [frontier, nodes] = await Promise.all([tiles.frontierAt(size, signal), tiles.rightSiblings(size, signal)]);
  const isRight = frontier.equals(Frontier.from(size, source.frontier(size)));
  const leads = size === 0 ? nodes.length === 0 : rootFromPrefix(frontier, tiles.size, nodes).equals(tiles.root);
  return isRight && leads ? [] : [`${size} of ${tiles.size}`];
}

describe('TileTree', () => {
  it('has the frontier of every size in every tree up to 300 leaves, and what stands right of it', async () => {
    const wrong: string[] = [];
    for (const treeSize of range(0, 301)) {
      const { tiles } = served(tree, treeSize);
      wrong.push(...(await Promise.all(range(0, treeSize + 1).map((size) => faults(tree, tiles, size)))).flat());
    }
    expect(wrong).toEqual([]);
  });

  it.each([65_535, 65_536, 65_537, 70_000, 131_072])('has them all over a tree of %d leaves', async (treeSize) => {
    const { tiles } = served(tree, treeSize);
    const sizes = [...range(0, treeSize, 997), ...range(0, treeSize, 4096), treeSize - 1, treeSize];
    expect((await Promise.all(sizes.map((size) => faults(tree, tiles, size)))).flat()).toEqual([]);
  });

  it('has them around 2^31, 2^32 and 2^52', async () => {
    const wrong: string[] = [];
    for (const treeSize of BIG_SIZES) {
      const { tiles } = served(big, treeSize);
      const sizes = [0, 1, 100, 256, 65_536, ...BIG_SIZES].filter((size) => size <= treeSize);
      wrong.push(...(await Promise.all(sizes.map((size) => faults(big, tiles, size)))).flat());
    }
    expect(wrong).toEqual([]);
  });

  it('has the inclusion proof of every leaf in every tree up to 300 leaves', async () => {
    const wrong: number[] = [];
    for (const treeSize of range(1, 301)) {
      wrong.push(...(await misproven(tree, served(tree, treeSize).tiles, range(0, treeSize))));
    }
    expect(wrong).toEqual([]);
  });

  it('has inclusion proofs over large trees, and around 2^31, 2^32 and 2^52', async () => {
    expect(await misproven(tree, served(tree, 70_000).tiles, [...range(0, 70_000, 4999), 65_535, 65_536])).toEqual([]);
    for (const treeSize of BIG_SIZES) {
      const indexes = [0, 1, 100, 256, 65_536, ...BIG_SIZES].filter((index) => index < treeSize);
      expect(await misproven(big, served(big, treeSize).tiles, indexes)).toEqual([]);
    }
  });

  it.each([300, -1, 0.5, NaN])('refuses to prove leaf %d of 300', async (index) => {
    await expect(served(tree, 300).tiles.inclusion(index, signal)).rejects.toThrow(RangeError);
  });

  it('asks for nothing where there is nothing to prove', async () => {
    const { tiles, asked } = served(tree, 300);
    expect((await tiles.frontierAt(0, signal)).equals(Frontier.empty())).toBe(true);
    expect(await tiles.rightSiblings(300, signal)).toEqual([]);
    const empty = new TileTree(0, EMPTY_ROOT, () => Promise.reject(new Error('asked')));
    expect((await empty.frontierAt(0, signal)).equals(Frontier.empty())).toBe(true);
    expect(await empty.rightSiblings(0, signal)).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('asks for the right edge at the width of the tree, and for each tile above once', async () => {
    const { tiles, asked } = served(tree, 70_000);
    await tiles.frontierAt(70_000, signal);
    expect(asked).toEqual(['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1']);
    await tiles.frontierAt(1000, signal);
    expect(asked.slice(3)).toEqual(['tile/1/000', 'tile/0/003']);
  });

  it('asks for each tile once while its size is followed from bundle to bundle', async () => {
    const { tiles, asked } = served(tree, 70_000);
    for (const size of range(256, 70_000, 256)) {
      await tiles.frontierAt(size, signal);
    }
    expect(asked.toSorted()).toEqual(['tile/0/273.p/112', 'tile/1/000', 'tile/1/001.p/17', 'tile/2/000.p/1']);
  });

  it('lets callers at the same time share what is fetched', async () => {
    const { tiles, asked } = served(tree, 70_000);
    await Promise.all(range(0, 70_000, 256).map((size) => tiles.frontierAt(size, signal)));
    await Promise.all([
      tiles.frontierAt(1000, signal),
      tiles.frontierAt(999, signal),
      tiles.rightSiblings(998, signal),
    ]);
    expect(asked.toSorted()).toEqual([
      'tile/0/003',
      'tile/0/273.p/112',
      'tile/1/000',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
  });

  it('keeps 64 full tiles, those used last', async () => {
    const { tiles, asked } = served(tree, 70_000);
    const visit = (tile: number): Promise<Frontier> => tiles.frontierAt(256 * tile + 1, signal);
    for (const tile of range(0, 63)) {
      await visit(tile);
    }
    await visit(0);
    await visit(63);
    await visit(64);
    asked.length = 0;
    await visit(0);
    expect(asked).toEqual([]);
    await visit(1);
    expect(asked).toEqual(['tile/0/001']);
  });

  it.each([
    ['tile/0/003', 'node'],
    ['tile/1/000', 'node'],
    ['tile/0/273.p/112', 'root'],
    ['tile/1/001.p/17', 'root'],
    ['tile/2/000.p/1', 'root'],
  ])('does not believe a changed "%s"', async (path, what) => {
    const { tiles } = served(tree, 70_000, (tile, hashes) =>
      tilePath(tile) === path ? hashes.with(0, EMPTY_ROOT) : hashes,
    );
    const refused = tiles.frontierAt(1000, signal);
    await expect(refused).rejects.toThrow(TileMismatch);
    await expect(refused).rejects.toThrow(new RegExp(`^Cannot believe tiles? .*"${path}".* make.? the ${what} `));
    await expect(tiles.rightSiblings(1000, signal)).rejects.toThrow(TileMismatch);
  });

  it('does not believe any hash of a tile that differs in a bit', async () => {
    const believed: string[] = [];
    for (const slot of range(0, 256)) {
      const { tiles } = served(tree, 600, (tile, hashes) =>
        tilePath(tile) === 'tile/0/001' ? hashes.map((hash, at) => (at === slot ? flipped(hash) : hash)) : hashes,
      );
      const name = await tiles.frontierAt(300, signal).then(String, (error: unknown) => (error as Error).name);
      believed.push(...[name].filter((outcome) => outcome !== 'TileMismatch'));
    }
    expect(believed).toEqual([]);
  });

  it('does not believe two tiles that changed places', async () => {
    const { tiles } = served(tree, 1000, ({ level, index, width }) =>
      tree.tile(level, level === 0 && index < 2 ? 1 - index : index, width),
    );
    await expect(tiles.frontierAt(100, signal)).rejects.toThrow(TileMismatch);
  });

  it('names the tile that does not fit', async () => {
    const { tiles } = served(tree, 70_000, (tile, hashes) =>
      tilePath(tile) === 'tile/0/003' ? hashes.with(255, EMPTY_ROOT) : hashes,
    );
    await expect(tiles.frontierAt(1000, signal)).rejects.toMatchObject({
      name: 'TileMismatch',
      tile: { level: 0, index: 3, width: 256 },
    });
  });

  it('does not believe the tiles of a tree with another root', async () => {
    const tiles = new TileTree(300, tree.root(299), async ({ level, index, width }) => tree.tile(level, index, width));
    await expect(tiles.frontierAt(256, signal)).rejects.toMatchObject({
      name: 'TileMismatch',
      tile: rightEdge(300)[0],
    });
    await expect(tiles.frontierAt(300, signal)).rejects.toThrow(
      `Cannot believe tiles "tile/0/001.p/44", "tile/1/000.p/1": they make the root ${tree.root(300).toString('hex')}, ` +
        `expected the signed one of size 300, ${tree.root(299).toString('hex')}`,
    );
  });

  it.each([0, 43, 45, 256])('refuses %d hashes for a tile of 44', async (count) => {
    const { tiles } = served(tree, 300, (tile, hashes) =>
      tile.width === 44 ? new Array<Hash>(count).fill(EMPTY_ROOT) : hashes,
    );
    await expect(tiles.frontierAt(300, signal)).rejects.toThrow(
      new TileMismatch(`Cannot use tile "tile/0/001.p/44" of ${count} hashes: expected 44`, {
        level: 0,
        index: 1,
        width: 44,
      }),
    );
  });

  it.each([301, 2 ** 53, Infinity, -1, 0.5, NaN])('refuses to look at %d leaves of 300', async (size) => {
    const { tiles } = served(tree, 300);
    await expect(tiles.frontierAt(size, signal)).rejects.toThrow(RangeError);
    await expect(tiles.rightSiblings(size, signal)).rejects.toThrow(RangeError);
  });

  it('rethrows what fetching throws, forgets it, and asks again', async () => {
    const failures = [new Error('first'), new Error('second')];
    const tiles = new TileTree(300, tree.root(300), async ({ level, index, width }) => {
      const failure = level === 0 ? failures.shift() : undefined;
      return failure === undefined ? tree.tile(level, index, width) : Promise.reject(failure);
    });
    await expect(tiles.frontierAt(300, signal)).rejects.toThrow('first');
    await expect(tiles.frontierAt(300, signal)).rejects.toThrow('second');
    expect(await faults(tree, tiles, 300)).toEqual([]);
  });

  it('does not keep a tile that did not fit', async () => {
    let isTampered = true;
    const { tiles } = served(tree, 600, (tile, hashes) =>
      isTampered && tilePath(tile) === 'tile/0/001' ? hashes.with(7, EMPTY_ROOT) : hashes,
    );
    await expect(tiles.frontierAt(300, signal)).rejects.toThrow(TileMismatch);
    isTampered = false;
    expect(await faults(tree, tiles, 300)).toEqual([]);
  });

  it('goes on for one caller when another who began the fetch gives up', async () => {
    const first = new AbortController();
    const tiles = new TileTree(300, tree.root(300), ({ level, index, width }, own) =>
      own === first.signal
        ? new Promise((_, reject) => {
            own.addEventListener('abort', () => {
              reject(new Error('aborted'));
            });
          })
        : Promise.resolve(tree.tile(level, index, width)),
    );
    const left = tiles.frontierAt(300, first.signal);
    const stays = tiles.frontierAt(300, signal);
    first.abort();
    await expect(left).rejects.toThrow('aborted');
    expect((await stays).root()).toEqual(tree.root(300));
  });
});

function flipped(hash: Hash): Hash {
  const copy = Buffer.from(hash);
  copy[31] = (copy[31] ?? 0) ^ 1;
  return toHash(copy);
}
