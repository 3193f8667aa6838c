import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frontier } from '../../src/tlog/frontier.ts';
import { EMPTY_ROOT, leafHash, type Hash } from '../../src/tlog/hash.ts';
import { BIG_SIZES, bigTree, ReferenceTree, VECTOR_LEAVES, VECTOR_ROOTS } from './reference-tree.ts';

const LEAF = leafHash(Buffer.from('leaf'));

function grow(leaves: readonly Hash[]): Frontier {
  const frontier = Frontier.empty();
  leaves.forEach((leaf) => {
    frontier.append(leaf);
  });
  return frontier;
}

describe('Frontier', () => {
  it('has the root and the hashes of the definition at every size from 0 to 300', () => {
    const tree = new ReferenceTree();
    const frontier = Frontier.empty();
    for (let size = 0; size <= 300; size++) {
      expect(frontier.size).toBe(size);
      expect(frontier.root()).toEqual(tree.root(size));
      expect(frontier.hashes).toEqual(tree.frontier(size));
      frontier.append(tree.leaf(size));
    }
  });

  it('makes the roots of the shared vectors', () => {
    const roots = VECTOR_ROOTS.map((_, size) => grow(VECTOR_LEAVES.slice(0, size)).root().toString('hex'));
    expect(roots).toEqual(VECTOR_ROOTS);
  });

  it('makes the compact range of the shared vectors', () => {
    expect(grow(VECTOR_LEAVES.slice(0, 7)).hashes.map((hash) => hash.toString('hex'))).toEqual([
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
    ]);
  });

  it.each([2 ** 31, 2 ** 32, 2 ** 52])('goes on across %d leaves', (size) => {
    const tree = bigTree();
    const frontier = Frontier.from(size - 3, tree.frontier(size - 3));
    for (let next = size - 3; next < size + 3; next++) {
      frontier.append(tree.leaf(next));
      expect(frontier.root()).toEqual(tree.root(next + 1));
      expect(frontier.hashes).toEqual(tree.frontier(next + 1));
    }
  });

  it.each(BIG_SIZES)('has the root of the definition at %d', (size) => {
    const tree = bigTree();
    expect(Frontier.from(size, tree.frontier(size)).root()).toEqual(tree.root(size));
  });

  it('agrees with the definition for random leaves, however it was stored in between', () => {
    const leaves = fc.array(fc.uint8Array({ maxLength: 40 }).map(leafHash), { maxLength: 600 });
    fc.assert(
      fc.property(leaves, fc.nat(), (hashes, cut) => {
        const first = grow(hashes.slice(0, cut % 600));
        const restored = Frontier.fromBytes(first.size, first.toBytes());
        expect(restored.equals(first)).toBe(true);
        hashes.slice(cut % 600).forEach((leaf) => {
          restored.append(leaf);
        });
        // Never asked for a leaf beyond those that there are.
        const tree = new ReferenceTree({ leaf: (index) => hashes[index] as Hash });
        expect(restored.root()).toEqual(tree.root(hashes.length));
      }),
    );
  });

  it('appendSubtree() appends all leaves of a subtree at once', () => {
    const tree = new ReferenceTree();
    const frontier = Frontier.empty();
    frontier.appendSubtree(3, tree.hash(0, 8));
    frontier.appendSubtree(2, tree.hash(8, 12));
    frontier.appendSubtree(2, tree.hash(12, 16));
    frontier.appendSubtree(0, tree.leaf(16));
    expect(frontier.size).toBe(17);
    expect(frontier.root()).toEqual(tree.root(17));
  });

  it('appendSubtree() refuses a subtree that cannot begin there', () => {
    const frontier = grow([LEAF]);
    expect(() => {
      frontier.appendSubtree(1, LEAF);
    }).toThrow(new RangeError('Cannot append a subtree of 2 leaves at 1: expected a multiple'));
    expect(frontier.equals(grow([LEAF]))).toBe(true);
  });

  it('append() refuses to count beyond 2^53−1', () => {
    const full = Frontier.from(2 ** 53 - 1, new Array<Hash>(53).fill(LEAF));
    expect(() => {
      full.append(LEAF);
    }).toThrow(RangeError);
    expect(full.size).toBe(2 ** 53 - 1);
  });

  it('clone() is independent in both directions', () => {
    const frontier = grow([LEAF, LEAF, LEAF]);
    const before = frontier.hashes;
    const copy = frontier.clone();
    copy.append(LEAF);
    expect(frontier.hashes).toEqual(before);
    frontier.append(EMPTY_ROOT);
    expect(copy.equals(grow([LEAF, LEAF, LEAF, LEAF]))).toBe(true);
  });

  it('from() and hashes share no array with the caller', () => {
    const hashes = [LEAF, EMPTY_ROOT];
    const frontier = Frontier.from(3, hashes);
    hashes.reverse();
    const seen = frontier.hashes;
    expect(seen).toEqual([LEAF, EMPTY_ROOT]);
    frontier.append(LEAF);
    expect(seen).toEqual([LEAF, EMPTY_ROOT]);
    expect(hashes).toEqual([EMPTY_ROOT, LEAF]);
  });

  it('equals() compares size and hashes', () => {
    expect(Frontier.from(1, [LEAF]).equals(Frontier.from(1, [LEAF]))).toBe(true);
    expect(Frontier.from(1, [LEAF]).equals(Frontier.from(2, [LEAF]))).toBe(false);
    expect(Frontier.from(1, [LEAF]).equals(Frontier.from(1, [EMPTY_ROOT]))).toBe(false);
    expect(Frontier.empty().equals(Frontier.from(0, []))).toBe(true);
  });

  it.each([
    [0, 1],
    [1, 0],
    [3, 1],
    [4, 2],
    [2 ** 32 + 1, 1],
    [2 ** 53 - 1, 52],
    [-1, 1],
    [1.5, 1],
    [NaN, 0],
    [2 ** 53, 1],
  ])('from() refuses size %d with %d hashes', (size, count) => {
    expect(() => Frontier.from(size, new Array<Hash>(count).fill(LEAF))).toThrow(SyntaxError);
  });

  it.each([
    [1, 31],
    [1, 33],
    [1, 64],
    [3, 63],
    [0, 1],
  ])('fromBytes() refuses size %d with %d bytes', (size, length) => {
    expect(() => Frontier.fromBytes(size, Buffer.alloc(length))).toThrow(SyntaxError);
  });
});
