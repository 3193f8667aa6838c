import { describe, expect, it } from 'vitest';
import { EMPTY_ROOT } from '../../src/tlog/hash.ts';
import { verifyConsistency } from '../../src/tlog/proof.ts';
import {
  CONSISTENCY_2_5,
  CONSISTENCY_6_8,
  extendsTo,
  flipped,
  INCLUSION_0_8,
  pairs,
  range,
  spoiled,
  vectorExtends,
} from './proof-claims.ts';
import { BIG_SIZES, bigTree, ReferenceTree } from './reference-tree.ts';

const tree = new ReferenceTree();
const big = bigTree();

describe('verifyConsistency()', () => {
  it('accepts the proof between every two trees of 1 to 300 leaves', () => {
    const all = pairs(range(1, 301));
    expect(all.filter(([oldSize, newSize]) => !extendsTo(tree, oldSize, newSize))).toEqual([]);
    expect(all).toHaveLength(44_850);
  });

  it('accepts proofs around 2^31, 2^32 and 2^52', () => {
    const all = pairs([1, 2, 3, 100, 256, 257, 65_536, ...BIG_SIZES]);
    expect(all.filter(([oldSize, newSize]) => !extendsTo(big, oldSize, newSize))).toEqual([]);
    expect(all).toHaveLength(378);
  });

  it('accepts the shared vectors', () => {
    expect(vectorExtends(1, 8, INCLUSION_0_8)).toBe(true);
    expect(vectorExtends(6, 8, CONSISTENCY_6_8)).toBe(true);
    expect(vectorExtends(2, 5, CONSISTENCY_2_5)).toBe(true);
  });

  it.each([
    [1, 8, INCLUSION_0_8],
    [6, 8, CONSISTENCY_6_8],
    [2, 5, CONSISTENCY_2_5],
  ])('refuses the shared vector of %d and %d at a neighbouring size', (oldSize, newSize, proof) => {
    expect(vectorExtends(oldSize + 1, newSize, proof)).toBe(false);
    expect(vectorExtends(oldSize - 1, newSize, proof)).toBe(false);
    expect(vectorExtends(oldSize, newSize + 1, proof)).toBe(false);
    expect(vectorExtends(oldSize, newSize - 1, proof)).toBe(false);
  });

  it('refuses every spoiled proof and root between trees up to 40 leaves', () => {
    const accepted = pairs(range(1, 41)).flatMap(([oldSize, newSize]) => {
      const [oldRoot, newRoot] = [tree.root(oldSize), tree.root(newSize)];
      const proof = tree.consistency(oldSize, newSize);
      const claim = { oldSize, newSize, oldRoot, newRoot, proof };
      return [
        ...spoiled(proof).map((bad) => ({ ...claim, proof: bad })),
        { ...claim, proof: [] },
        { ...claim, oldRoot: flipped(oldRoot) },
        { ...claim, newRoot: flipped(newRoot) },
        { ...claim, oldRoot: newRoot, newRoot: oldRoot },
        { ...claim, oldRoot: newRoot },
        { ...claim, newRoot: oldRoot },
        { ...claim, oldSize: newSize, newSize: oldSize },
      ].filter(verifyConsistency);
    });
    expect(accepted).toEqual([]);
  });

  it('refuses every spoiled proof between 2^31+1 and 2^32+3', () => {
    const [oldSize, newSize] = [2 ** 31 + 1, 2 ** 32 + 3];
    const [oldRoot, newRoot] = [big.root(oldSize), big.root(newSize)];
    const accepted = spoiled(big.consistency(oldSize, newSize)).filter((proof) =>
      verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof }),
    );
    expect(accepted).toEqual([]);
  });

  it('compares the roots of equal sizes', () => {
    const [oldRoot, other] = [tree.root(5), tree.root(6)];
    expect(verifyConsistency({ oldSize: 5, newSize: 5, oldRoot, newRoot: oldRoot, proof: [] })).toBe(true);
    expect(verifyConsistency({ oldSize: 5, newSize: 5, oldRoot, newRoot: other, proof: [] })).toBe(false);
    expect(verifyConsistency({ oldSize: 5, newSize: 5, oldRoot, newRoot: oldRoot, proof: [oldRoot] })).toBe(false);
  });

  it('refuses to say anything from size 0 on', () => {
    const [oldRoot, newRoot] = [EMPTY_ROOT, tree.root(4)];
    expect(verifyConsistency({ oldSize: 0, newSize: 4, oldRoot, newRoot, proof: [] })).toBe(false);
    expect(verifyConsistency({ oldSize: 0, newSize: 4, oldRoot, newRoot, proof: [newRoot] })).toBe(false);
  });

  it.each([
    [-1, 4],
    [1.5, 4],
    [1, 4.5],
    [NaN, 4],
    [1, NaN],
    [2 ** 53, 2 ** 53],
  ])('refuses the sizes %d and %d', (oldSize, newSize) => {
    const [oldRoot, newRoot] = [EMPTY_ROOT, EMPTY_ROOT];
    expect(verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof: [] })).toBe(false);
  });
});
