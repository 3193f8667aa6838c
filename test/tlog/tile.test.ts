import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_ROOT, type Hash } from '../../src/tlog/hash.ts';
import {
  bundlePath,
  parseTile,
  rightEdge,
  TILE_WIDTH,
  tileNodes,
  tilePath,
  tileRoot,
  widthAt,
} from '../../src/tlog/tile.ts';
import { outcome } from './outcome.ts';
import { ReferenceTree } from './reference-tree.ts';

describe('tilePath()', () => {
  it.each([
    [0, 0, 256, 'tile/0/000'],
    [1, 5, 256, 'tile/1/005'],
    [0, 999, 256, 'tile/0/999'],
    [0, 1000, 256, 'tile/0/x001/000'],
    [0, 1_234_067, 256, 'tile/0/x001/x234/067'],
    [0, 1_234_067, 8, 'tile/0/x001/x234/067.p/8'],
    [0, 18_965, 75, 'tile/0/x018/965.p/75'],
    [1, 74, 21, 'tile/1/074.p/21'],
    [2, 0, 74, 'tile/2/000.p/74'],
    [63, 1_000_000, 255, 'tile/63/x001/x000/000.p/255'],
    [0, 2 ** 45 - 1, 256, 'tile/0/x035/x184/x372/x088/831'],
  ])('names level %d, index %d, width %d', (level, index, width, path) => {
    expect(tilePath({ level, index, width })).toBe(path);
  });

  it('names every index so that its digits can be read back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 255 }), (index, width) => {
        const path = tilePath({ level: 0, index, width });
        expect(path).toMatch(/^tile\/0\/(x\d{3}\/)*\d{3}\.p\/\d+$/);
        expect(Number(path.slice('tile/0/'.length, path.indexOf('.p/')).replace(/[x/]/g, ''))).toBe(index);
      }),
    );
  });

  it.each([
    [-1, 0, 1],
    [64, 0, 1],
    [0.5, 0, 1],
    [0, -1, 1],
    [0, 1.5, 1],
    [0, 2 ** 53, 1],
    [0, 0, 0],
    [0, 0, 257],
    [0, 0, 1.5],
    [0, 0, NaN],
  ])('refuses level %d, index %d, width %d', (level, index, width) => {
    expect(() => tilePath({ level, index, width })).toThrow(RangeError);
  });
});

describe('bundlePath()', () => {
  it('names full and partial bundles', () => {
    expect(bundlePath(0, 256)).toBe('tile/entries/000');
    expect(bundlePath(18_965, 75)).toBe('tile/entries/x018/965.p/75');
    expect(() => bundlePath(0, 0)).toThrow(RangeError);
  });
});

describe('rightEdge()', () => {
  it.each([
    [0, []],
    [1, [[0, 0, 1]]],
    [255, [[0, 0, 255]]],
    [256, [[1, 0, 1]]],
    [
      70_000,
      [
        [0, 273, 112],
        [1, 1, 17],
        [2, 0, 1],
      ],
    ],
    [
      4_855_115,
      [
        [0, 18_965, 75],
        [1, 74, 21],
        [2, 0, 74],
      ],
    ],
    [2 ** 31, [[3, 0, 128]]],
    [
      2 ** 32 + 3,
      [
        [0, 2 ** 24, 3],
        [4, 0, 1],
      ],
    ],
  ])('lists the partial tiles of a tree of %d', (size, tiles) => {
    expect(rightEdge(size)).toEqual(tiles.map(([level, index, width]) => ({ level, index, width })));
  });

  it('covers each leaf once, and is what widthAt() says', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        const tiles = rightEdge(size);
        const leaves = tiles.map(({ level, width }) => BigInt(width) * 256n ** BigInt(level));
        expect(leaves.reduce((sum, count) => sum + count, 0n)).toBe(BigInt(size));
        expect(tiles.map(({ level, index }) => widthAt(level, index, size))).toEqual(tiles.map(({ width }) => width));
      }),
    );
  });
});

describe('widthAt()', () => {
  it.each([
    [0, 272, 70_000, 256],
    [0, 273, 70_000, 112],
    [0, 274, 70_000, 0],
    [1, 0, 70_000, 256],
    [1, 1, 70_000, 17],
    [2, 0, 70_000, 1],
    [3, 0, 70_000, 0],
    [0, 0, 0, 0],
    [0, 0, 256, 256],
    [0, 1, 256, 0],
    [1, 0, 256, 1],
    [0, 2 ** 24, 2 ** 32 + 3, 3],
    [0, 2 ** 44, 2 ** 52 + 1, 1],
    [6, 0, 2 ** 53 - 1, 31],
    [7, 0, 2 ** 53 - 1, 0],
  ])('level %d, index %d of a tree of %d has %d', (level, index, size, width) => {
    expect(widthAt(level, index, size)).toBe(width);
  });
});

describe('parseTile()', () => {
  it('reads what the hashes are written as', () => {
    const hashes = new ReferenceTree().tile(0, 0, 256);
    expect(parseTile(Buffer.concat(hashes), 256)).toEqual(hashes);
    expect(parseTile(Buffer.concat(hashes.slice(0, 3)), 3)).toEqual(hashes.slice(0, 3));
  });

  it.each([
    [0, 1],
    [31, 1],
    [33, 1],
    [64, 1],
    [8191, 256],
    [8193, 256],
    [8192, 255],
  ])('refuses %d bytes for a width of %d', (length, width) => {
    expect(() => parseTile(Buffer.alloc(length), width)).toThrow(SyntaxError);
  });

  it('never throws anything but SyntaxError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), fc.integer({ min: 1, max: 256 }), (bytes, width) => {
        expect(outcome(() => parseTile(bytes, width))).toBe(bytes.length === width * 32 ? 'ok' : 'SyntaxError');
      }),
    );
  });
});

describe('tileRoot()', () => {
  it('is the root of the subtree of a full tile', () => {
    const tree = new ReferenceTree();
    expect(tileRoot(tree.tile(0, 3, 256))).toEqual(tree.hash(768, 1024));
  });

  it.each([0, 1, 255, 257, 512])('refuses a tile of %d', (width) => {
    expect(() => tileRoot(new Array<Hash>(width).fill(EMPTY_ROOT))).toThrow(RangeError);
  });
});

describe('tileNodes()', () => {
  it('has every complete node, and no other', () => {
    const tree = new ReferenceTree();
    expect(tileNodes(tree.tile(0, 0, 11))).toEqual([
      tree.tile(0, 0, 11),
      [0, 1, 2, 3, 4].map((i) => tree.hash(2 * i, 2 * i + 2)),
      [tree.hash(0, 4), tree.hash(4, 8)],
      [tree.hash(0, 8)],
    ]);
    expect(tileNodes([])).toEqual([]);
    expect(tileNodes(tree.tile(0, 0, TILE_WIDTH)).map((level) => level.length)).toEqual([
      256, 128, 64, 32, 16, 8, 4, 2, 1,
    ]);
  });
});
