import { hasBit, isCount, levelsApart, popcount, trailingZeros } from './bits.ts';
import { Frontier } from './frontier.ts';
import { nodeHash, type Hash } from './hash.ts';

/** A node of a tree: `level` 0 are the leaves, `index` counts from the left within the level. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/**
 * The root that an inclusion proof leads to from a leaf hash (RFC 6962 §2.1.1). Throws SyntaxError when `index` is not
 * in a tree of `size`, or when a proof of this length cannot belong there.
 */
export function rootFromInclusion(index: number, size: number, leaf: Hash, proof: readonly Hash[]): Hash {
  const inner = innerLength(index, size, proof);
  return proof.reduce(
    // Above the inner part, the path runs along the right edge of the tree, and every sibling stands to the left.
    (node, sibling, level) =>
      level >= inner || hasBit(index, level) ? nodeHash(sibling, node) : nodeHash(node, sibling),
    leaf,
  );
}

/**
 * True when the proof shows the leaf hash at `index` of the tree of `size` with this root; false for any other input.
 * Sizes that give the leaf the same path cannot be told apart, so take size and root from one signed checkpoint.
 */
export function verifyInclusion(claim: {
  readonly index: number;
  readonly size: number;
  readonly leaf: Hash;
  readonly proof: readonly Hash[];
  readonly root: Hash;
}): boolean {
  const { index, size, leaf, proof, root } = claim;
  return inclusionFault(index, size, proof.length) === null && rootFromInclusion(index, size, leaf, proof).equals(root);
}

/**
 * The frontier of the leaves before `index`, which every inclusion proof of `index` contains: its left siblings.
 * Only the shape is checked (SyntaxError as in {@link rootFromInclusion}), so verify the proof first.
 */
export function frontierFromInclusion(index: number, size: number, proof: readonly Hash[]): Frontier {
  const inner = innerLength(index, size, proof);
  const left = proof.filter((_, level) => level >= inner || hasBit(index, level));
  return Frontier.from(index, left.reverse());
}

/**
 * True when the proof shows that the first `oldSize` leaves of the new tree make the old root (RFC 6962 §2.1.2).
 * False for any other input, and from size 0 to a larger one, where there is nothing to prove.
 */
export function verifyConsistency(claim: {
  readonly oldSize: number;
  readonly newSize: number;
  readonly oldRoot: Hash;
  readonly newRoot: Hash;
  readonly proof: readonly Hash[];
}): boolean {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim;
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) {
    return false;
  }
  if (oldSize === newSize) {
    return proof.length === 0 && oldRoot.equals(newRoot);
  }
  if (oldSize === 0) {
    return false;
  }
  // The path starts at the last perfect subtree of the old tree. Where that is the whole old tree, the proof leaves it
  // out, since the verifier has the old root.
  const start = trailingZeros(oldSize);
  const isPerfect = oldSize === 2 ** start;
  const [seed, ...path] = isPerfect ? [oldRoot, ...proof] : proof;
  const last = (oldSize - 2 ** start) / 2 ** start;
  const inner = levelsApart(oldSize - 1, newSize - 1) - start;
  const border = popcount(Math.floor((oldSize - 1) / 2 ** (inner + start)));
  if (seed === undefined || path.length !== inner + border) {
    return false;
  }
  let [before, after] = [seed, seed];
  for (const [level, sibling] of path.entries()) {
    if (level >= inner || hasBit(last, level)) {
      before = nodeHash(sibling, before);
      after = nodeHash(sibling, after);
    } else {
      after = nodeHash(after, sibling);
    }
  }
  return before.equals(oldRoot) && after.equals(newRoot);
}

/**
 * The fewest perfect subtrees that make up the leaves [from, to), left to right; from 0, those of the frontier at `to`.
 * Throws RangeError unless 0 ≤ from ≤ to.
 */
export function completionNodes(from: number, to: number): readonly TreeNode[] {
  if (!isCount(from) || !isCount(to) || from > to) {
    throw new RangeError(`Cannot divide the leaves from ${from} to ${to}: expected a range of whole numbers`);
  }
  const nodes: TreeNode[] = [];
  for (let position = from; position < to;) {
    let [level, width] = [0, 1];
    while (position % (width * 2) === 0 && position + width * 2 <= to) {
      level += 1;
      width *= 2;
    }
    nodes.push({ level, index: position / width });
    position += width;
  }
  return nodes;
}

/** How many hashes of the proof lie below the right edge of the tree. Throws SyntaxError when the proof cannot fit. */
function innerLength(index: number, size: number, proof: readonly Hash[]): number {
  const fault = inclusionFault(index, size, proof.length);
  if (fault !== null) {
    throw new SyntaxError(`Cannot use an inclusion proof of leaf ${index} in a tree of size ${size}: ${fault}`);
  }
  return levelsApart(index, size - 1);
}

function inclusionFault(index: number, size: number, length: number): string | null {
  if (!isCount(index) || !isCount(size) || index >= size) {
    return 'expected an index within the tree';
  }
  const inner = levelsApart(index, size - 1);
  const expected = inner + popcount(Math.floor(index / 2 ** inner));
  return length === expected ? null : `it has ${length} hashes, expected ${expected}`;
}
