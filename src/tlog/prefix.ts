import { hasBit, isCount, levelsApart, popcount, trailingZeros } from './bits.ts';
import type { Frontier } from './frontier.ts';
import { nodeHash, type Hash } from './hash.ts';

/** Consecutive leaves, from ≤ index < to. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The root of the tree of `size` whose first leaves are `prefix` and whose remainder hangs from `right`: the siblings right
 * of the prefix's last leaf on its way to the root, bottom up, as its inclusion proof has them (RFC 6962 §2.1.1). Only
 * the nodes of the true tree of `size` make its root, so whoever gives nodes that do has given its true prefix. Throws
 * SyntaxError for an empty prefix, a smaller tree, and another number of hashes than belongs there.
 */
export function rootFromPrefix(prefix: Frontier, size: number, right: readonly Hash[]): Hash {
  if (prefix.size === 0 || !isCount(size) || size < prefix.size) {
    throw new SyntaxError(
      `Cannot use ${prefix.size} leaves as prefix of a tree of size ${size}: expected from one to ${size}`,
    );
  }
  const last = prefix.size - 1;
  const inner = levelsApart(last, size - 1);
  const expected = inner - popcount(last % 2 ** inner);
  if (right.length !== expected) {
    const sizes = `of size ${prefix.size} in a tree of size ${size}`;
    throw new SyntaxError(`Cannot use ${right.length} hashes right of a prefix ${sizes}: expected ${expected}`);
  }
  // Lowest first. Below its last subtree, the leaf has only left siblings, which are in it.
  const [lowest, ...left] = prefix.hashes.toReversed();
  const siblings = [...right];
  // Never undefined: the prefix is not empty.
  let node = lowest as Hash;
  for (let level = trailingZeros(prefix.size); level < inner; level++) {
    // Neither list ends early: each bit of `last` has its sibling on one side, and both lengths are right.
    node = hasBit(last, level) ? nodeHash(left.shift() as Hash, node) : nodeHash(node, siblings.shift() as Hash);
  }
  return left.reduce((above, sibling) => nodeHash(sibling, above), node);
}

/**
 * Of an inclusion proof of `index` in a tree of `size`, the siblings on the right: what {@link rootFromPrefix} takes with
 * the frontier after that leaf. Verify the proof first: nothing is checked here.
 */
export function rightSiblings(index: number, size: number, proof: readonly Hash[]): readonly Hash[] {
  const inner = levelsApart(index, size - 1);
  return proof.filter((_, level) => level < inner && !hasBit(index, level));
}

/**
 * What {@link rootFromPrefix} takes with the frontier of the leaves before `index` ≥ 1: the siblings right of leaf
 * `index` − 1, from the leaf hash at `index` and its inclusion proof. Verify the proof first: nothing is checked here.
 */
export function rightSiblingsBefore(index: number, size: number, leaf: Hash, proof: readonly Hash[]): readonly Hash[] {
  // The paths of both leaves meet above the largest subtree that begins at `index`; it may be cut off by the tree's edge.
  const within = Math.min(trailingZeros(index), levelsApart(index, size - 1));
  const right = rightSiblings(index, size, proof);
  const subtree = right.slice(0, within).reduce((node, sibling) => nodeHash(node, sibling), leaf);
  return [subtree, ...right.slice(within)];
}

/**
 * The leaves under each sibling of leaf `index` on its way to the root of a tree of `size`, bottom up: one range for each
 * hash of its inclusion proof (RFC 6962 §2.1.1). Throws RangeError for an index that is not in the tree.
 */
export function siblingRanges(index: number, size: number): readonly LeafRange[] {
  if (!isCount(index) || !isCount(size) || index >= size) {
    throw new RangeError(`Cannot find leaf ${index} in a tree of size ${size}: expected an index within it`);
  }
  const ranges: LeafRange[] = [];
  for (let [level, width, node] = [0, 1, index]; width < size; [level, width] = [level + 1, width * 2]) {
    const sibling = node % 2 === 0 ? node + 1 : node - 1;
    const from = sibling * width;
    // Along the right edge of the tree there are levels without a sibling.
    if (from < size) {
      ranges.push({ from, to: Math.min(from + width, size) });
    }
    node = Math.floor(node / 2);
  }
  return ranges;
}
