import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frontier } from '../../src/tlog/frontier.ts';
import { EMPTY_ROOT } from '../../src/tlog/hash.ts';
import { rightSiblings, rightSiblingsBefore, rootFromPrefix, siblingRanges } from '../../src/tlog/prefix.ts';
import { flipped, pairs, range, spoiled } from './proof-claims.ts';
import { BIG_SIZES, bigTree, ReferenceTree } from './reference-tree.ts';

const tree = new ReferenceTree();
const big = bigTree();

const prefixOf = (source: ReferenceTree, size: number): Frontier => Frontier.from(size, source.frontier(size));

/** Whether the definition's siblings lead from the prefix to the root. */
function leads(source: ReferenceTree, prefix: number, size: number): boolean {
  return rootFromPrefix(prefixOf(source, prefix), size, source.rightOf(prefix - 1, size)).equals(source.root(size));
}

describe('rootFromPrefix()', () => {
  it('makes the root of every tree up to 140 leaves from each of its prefixes', () => {
    const all = range(1, 141).flatMap((size) => range(1, size + 1).map((prefix): [number, number] => [prefix, size]));
    expect(all.filter(([prefix, size]) => !leads(tree, prefix, size))).toEqual([]);
    expect(all).toHaveLength(9870);
  });

  it('makes the roots around 2^31, 2^32 and 2^52', () => {
    const all = pairs([1, 2, 100, 257, ...BIG_SIZES]);
    expect(all.filter(([prefix, size]) => !leads(big, prefix, size))).toEqual([]);
  });

  it('leaves the prefix as it was', () => {
    const prefix = prefixOf(tree, 3);
    rootFromPrefix(prefix, 4, [tree.leaf(3)]);
    expect(prefix.equals(prefixOf(tree, 3))).toBe(true);
  });

  it('makes the root from no other prefix and no other siblings', () => {
    const made = range(2, 41).flatMap((size) =>
      range(1, size + 1).flatMap((length) => {
        const [{ hashes }, right] = [prefixOf(tree, length), tree.rightOf(length - 1, size)];
        const prefixes = hashes.map((hash, at) => Frontier.from(length, hashes.with(at, flipped(hash))));
        return [
          ...prefixes.map((prefix) => () => rootFromPrefix(prefix, size, right)),
          ...spoiled(right).map((bad) => () => rootFromPrefix(prefixOf(tree, length), size, bad)),
        ].filter((make) => makesRoot(make, size));
      }),
    );
    expect(made).toEqual([]);
  });

  it('refuses no prefix, a prefix larger than the tree, and a number of siblings that does not fit', () => {
    const prefix = prefixOf(tree, 3);
    expect(() => rootFromPrefix(prefix, 4, [])).toThrow(
      new SyntaxError('Cannot use 0 hashes right of a prefix of size 3 in a tree of size 4: expected 1'),
    );
    expect(() => rootFromPrefix(prefix, 3, [EMPTY_ROOT])).toThrow(SyntaxError);
    for (const size of [2, 0, -1, 3.5, NaN, Infinity, 2 ** 53]) {
      expect(() => rootFromPrefix(prefix, size, [])).toThrow(SyntaxError);
    }
    expect(() => rootFromPrefix(Frontier.empty(), 0, [])).toThrow(
      new SyntaxError('Cannot use 0 leaves as prefix of a tree of size 0: expected from one to 0'),
    );
    expect(() => rootFromPrefix(Frontier.empty(), 1, [EMPTY_ROOT])).toThrow(SyntaxError);
  });

  it('cannot be made to give the root of a tree for a prefix that the tree does not have', () => {
    const trees = fc.integer({ min: 2, max: 130 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 2)));
    fc.assert(
      fc.property(trees, fc.infiniteStream(fc.nat(400)), ([size, nat], picks) => {
        const length = nat + 1;
        // Any nodes of the tree itself, in any order: what a liar who cannot break SHA-256 has.
        const pick = () => pool[(picks.next().value as number) % pool.length] ?? EMPTY_ROOT;
        const prefix = Frontier.from(
          length,
          tree.frontier(length).map((hash, at) => (at % 2 === 0 ? pick() : hash)),
        );
        const right = tree.rightOf(length - 1, size).map((hash, at) => (at % 2 === 1 ? pick() : hash));
        const isFramed =
          rootFromPrefix(prefix, size, right).equals(tree.root(size)) && !prefix.root().equals(tree.root(length));
        expect(isFramed).toBe(false);
      }),
    );
  });
});

describe('rightSiblings()', () => {
  it('takes from every inclusion proof up to 140 leaves what stands right of the leaf', () => {
    const wrong = range(1, 141).flatMap((size) =>
      range(0, size).filter((index) => {
        const found = rightSiblings(index, size, tree.inclusion(index, size));
        return !Buffer.concat(found).equals(Buffer.concat(tree.rightOf(index, size)));
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('does so around 2^31, 2^32 and 2^52', () => {
    const wrong = pairs([0, 1, 99, 255, ...BIG_SIZES]).filter(([index, size]) => {
      const found = rightSiblings(index, size, big.inclusion(index, size));
      return !Buffer.concat(found).equals(Buffer.concat(big.rightOf(index, size)));
    });
    expect(wrong).toEqual([]);
  });
});

describe('rightSiblingsBefore()', () => {
  const differs = (source: ReferenceTree, index: number, size: number): boolean => {
    const found = rightSiblingsBefore(index, size, source.leaf(index), source.inclusion(index, size));
    return !Buffer.concat(found).equals(Buffer.concat(source.rightOf(index - 1, size)));
  };

  it('takes from every inclusion proof up to 140 leaves what stands right of the leaf before', () => {
    const all = range(2, 141).flatMap((size) => range(1, size).map((index): [number, number] => [index, size]));
    expect(all.filter(([index, size]) => differs(tree, index, size))).toEqual([]);
    expect(all).toHaveLength(9730);
  });

  it('does so in trees around 2^31, 2^32 and 2^52', () => {
    const all = pairs([1, 2, 100, 257, ...BIG_SIZES]).filter(([index, size]) => index < size);
    expect(all.filter(([index, size]) => differs(big, index, size))).toEqual([]);
    expect(all.length).toBeGreaterThan(100);
  });
});

describe('siblingRanges()', () => {
  it('names the leaves under each hash of every inclusion proof up to 140 leaves', () => {
    const wrong = range(1, 141).flatMap((size) =>
      range(0, size).filter((index) => {
        const hashes = siblingRanges(index, size).map(({ from, to }) => tree.hash(from, to));
        return !Buffer.concat(hashes).equals(Buffer.concat(tree.inclusion(index, size)));
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('does so around 2^31, 2^32 and 2^52', () => {
    const wrong = pairs([0, 1, 99, 255, ...BIG_SIZES]).filter(([index, size]) => {
      const hashes = siblingRanges(index, size).map(({ from, to }) => big.hash(from, to));
      return !Buffer.concat(hashes).equals(Buffer.concat(big.inclusion(index, size)));
    });
    expect(wrong).toEqual([]);
  });

  it('reaches 2^53−1', () => {
    expect(siblingRanges(2 ** 53 - 2, 2 ** 53 - 1)).toHaveLength(52);
    expect(siblingRanges(0, 2 ** 53 - 1).at(-1)).toEqual({ from: 2 ** 52, to: 2 ** 53 - 1 });
  });

  it.each([
    [0, 0],
    [3, 3],
    [-1, 3],
    [0.5, 3],
    [0, NaN],
    [0, 2 ** 53],
  ])('refuses leaf %d of %d', (index, size) => {
    expect(() => siblingRanges(index, size)).toThrow(RangeError);
  });
});

/** Every hash that the tree of 130 leaves is made of. */
const pool = range(0, 130).flatMap((index) => [tree.leaf(index), ...tree.inclusion(index, 130)]);

function makesRoot(make: () => Buffer, size: number): boolean {
  try {
    return make().equals(tree.root(size));
  } catch (error) {
    if (error instanceof SyntaxError) {
      return false;
    }
    throw error;
  }
}
