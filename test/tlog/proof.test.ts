import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frontier } from '../../src/tlog/frontier.ts';
import { EMPTY_ROOT, leafHash, type Hash } from '../../src/tlog/hash.ts';
import { rightSiblings, rootFromPrefix } from '../../src/tlog/prefix.ts';
import { frontierFromInclusion, rootFromInclusion, verifyInclusion } from '../../src/tlog/proof.ts';
import {
  extendsTo,
  flipped,
  holds,
  INCLUSION_0_8,
  INCLUSION_2_3,
  INCLUSION_5_8,
  pairs,
  range,
  spoiled,
  vectorHolds,
} from './proof-claims.ts';
import { BIG_SIZES, bigTree, ReferenceTree } from './reference-tree.ts';

const tree = new ReferenceTree();
const big = bigTree();

describe('verifyInclusion()', () => {
  it('accepts the proof of every index in every tree of 1 to 300 leaves', () => {
    const all = range(1, 301).flatMap((size) => range(0, size).map((index): [number, number] => [index, size]));
    expect(all.filter(([index, size]) => !holds(tree, index, size))).toEqual([]);
    expect(all).toHaveLength(45_150);
  });

  it('accepts proofs around 2^31, 2^32 and 2^52', () => {
    const all = pairs([0, 1, 2, 99, 255, 65_535, ...BIG_SIZES]);
    expect(all.filter(([index, size]) => !holds(big, index, size))).toEqual([]);
    expect(all).toHaveLength(351);
  });

  it('accepts the shared vectors', () => {
    expect(vectorHolds(0, 8, INCLUSION_0_8)).toBe(true);
    expect(vectorHolds(5, 8, INCLUSION_5_8)).toBe(true);
    expect(vectorHolds(2, 3, INCLUSION_2_3)).toBe(true);
  });

  it.each([
    [0, 8, INCLUSION_0_8],
    [5, 8, INCLUSION_5_8],
    [2, 3, INCLUSION_2_3],
  ])('refuses the shared vector of %d in %d at a neighbouring index or size', (index, size, proof) => {
    expect(vectorHolds(index + 1, size, proof, index)).toBe(false);
    expect(vectorHolds(index - 1, size, proof, index)).toBe(false);
    expect(vectorHolds(index, size + 1, proof)).toBe(false);
    expect(vectorHolds(index, size - 1, proof)).toBe(false);
  });

  it('says nothing about the size beyond the path of the leaf, so that size and root must be signed together', () => {
    const [leaf, proof, root] = [tree.leaf(0), tree.inclusion(0, 8), tree.root(8)];
    expect(verifyInclusion({ index: 0, size: 7, leaf, proof, root })).toBe(true);
    expect(verifyInclusion({ index: 0, size: 9, leaf, proof, root })).toBe(false);
  });

  it('refuses every spoiled proof, index, leaf and root of every tree of 2 to 40 leaves', () => {
    const accepted = range(2, 41).flatMap((size) =>
      range(0, size).flatMap((index) => {
        const [leaf, proof, root] = [tree.leaf(index), tree.inclusion(index, size), tree.root(size)];
        return [
          ...spoiled(proof).map((bad) => ({ index, size, leaf, proof: bad, root })),
          { index: index + 1, size, leaf, proof, root },
          { index: index - 1, size, leaf, proof, root },
          { index, size, leaf: flipped(leaf), proof, root },
          { index, size, leaf: root, proof, root },
          { index, size, leaf, proof, root: flipped(root) },
          { index, size: size + 1, leaf, proof, root: tree.root(size + 1) },
          { index, size: size - 1, leaf, proof, root: tree.root(size - 1) },
        ].filter(verifyInclusion);
      }),
    );
    expect(accepted).toEqual([]);
  });

  it('refuses every spoiled proof at 2^32+3', () => {
    const [index, size] = [2 ** 31, 2 ** 32 + 3];
    const [leaf, root] = [big.leaf(index), big.root(size)];
    const accepted = spoiled(big.inclusion(index, size)).filter((proof) =>
      verifyInclusion({ index, size, leaf, proof, root }),
    );
    expect(accepted).toEqual([]);
    // What 32-bit arithmetic would take for the same index and size.
    expect(verifyInclusion({ index: 0, size, leaf, proof: big.inclusion(index, size), root })).toBe(false);
    expect(verifyInclusion({ index, size: 3, leaf, proof: big.inclusion(index, size), root })).toBe(false);
  });

  it('accepts nothing but the leaf itself as the root of a tree of one', () => {
    const leaf = tree.leaf(0);
    const claim = { index: 0, size: 1, leaf, proof: [], root: leaf };
    expect(verifyInclusion(claim)).toBe(true);
    expect(verifyInclusion({ ...claim, root: flipped(leaf) })).toBe(false);
    expect(verifyInclusion({ ...claim, proof: [leaf] })).toBe(false);
  });

  it.each([
    [0, 0],
    [1, 1],
    [-1, 1],
    [0.5, 1],
    [0, 1.5],
    [NaN, 1],
    [0, NaN],
    [0, Infinity],
    [0, 2 ** 53],
  ])('refuses index %d in a tree of size %d', (index, size) => {
    const [leaf, root] = [EMPTY_ROOT, EMPTY_ROOT];
    expect(verifyInclusion({ index, size, leaf, proof: [], root })).toBe(false);
    expect(() => rootFromInclusion(index, size, leaf, [])).toThrow(SyntaxError);
    expect(() => frontierFromInclusion(index, size, [])).toThrow(SyntaxError);
  });
});

describe('rootFromInclusion()', () => {
  it('gives the root that the proof leads to, whatever it is', () => {
    expect(rootFromInclusion(5, 8, tree.leaf(5), tree.inclusion(5, 8))).toEqual(tree.root(8));
    expect(rootFromInclusion(0, 1, EMPTY_ROOT, [])).toEqual(EMPTY_ROOT);
  });

  it('names what does not fit', () => {
    expect(() => rootFromInclusion(5, 8, EMPTY_ROOT, [])).toThrow(
      new SyntaxError('Cannot use an inclusion proof of leaf 5 in a tree of size 8: it has 0 hashes, expected 3'),
    );
  });
});

describe('frontierFromInclusion()', () => {
  it('finds the frontier before every index in every tree of 1 to 300 leaves', () => {
    const frontiers = range(0, 300).map((size) => Frontier.from(size, tree.frontier(size)));
    const wrong = range(1, 301).flatMap((size) =>
      frontiers.slice(0, size).filter((expected) => {
        const found = frontierFromInclusion(expected.size, size, tree.inclusion(expected.size, size));
        return !found.equals(expected);
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('finds it around 2^31, 2^32 and 2^52', () => {
    const wrong = pairs([0, 1, 2, 99, 255, ...BIG_SIZES]).filter(([index, size]) => {
      const expected = Frontier.from(index, big.frontier(index));
      return !frontierFromInclusion(index, size, big.inclusion(index, size)).equals(expected);
    });
    expect(wrong).toEqual([]);
  });

  it('refuses a proof of the wrong length', () => {
    expect(() => frontierFromInclusion(5, 8, tree.inclusion(5, 8).slice(1))).toThrow(SyntaxError);
    expect(() => frontierFromInclusion(5, 8, [...tree.inclusion(5, 8), EMPTY_ROOT])).toThrow(SyntaxError);
  });
});

describe('random trees', () => {
  it('keep every promise at once', () => {
    const leaves = fc.array(fc.uint8Array({ maxLength: 20 }).map(leafHash), { minLength: 2, maxLength: 500 });
    fc.assert(
      fc.property(leaves, fc.nat(), fc.nat(), (hashes, a, b) => {
        const size = hashes.length;
        const index = a % size;
        const oldSize = 1 + (b % (size - 1));
        // Never asked for a leaf beyond those that there are.
        const random = new ReferenceTree({ leaf: (at) => hashes[at] as Hash });
        expect(holds(random, index, size)).toBe(true);
        expect(extendsTo(random, oldSize, size)).toBe(true);
        const frontier = frontierFromInclusion(index, size, random.inclusion(index, size));
        hashes.slice(index).forEach((leaf) => {
          frontier.append(leaf);
        });
        expect(frontier.root()).toEqual(random.root(size));
        const right = rightSiblings(index, size, random.inclusion(index, size));
        const old = Frontier.from(index + 1, random.frontier(index + 1));
        expect(rootFromPrefix(old, size, right)).toEqual(random.root(size));
      }),
    );
  });
});
