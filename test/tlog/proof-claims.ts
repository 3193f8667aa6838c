import { EMPTY_ROOT, parseHash, toHash, type Hash } from '../../src/tlog/hash.ts';
import { verifyConsistency, verifyInclusion } from '../../src/tlog/proof.ts';
import { ReferenceTree, VECTOR_LEAVES, VECTOR_ROOTS } from './reference-tree.ts';

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
export const pairs = (sizes: readonly number[]): [number, number][] =>
  sizes.flatMap((a) => sizes.filter((b) => b > a).map((b): [number, number] => [a, b]));

/** Whether the definition's proof of `index` is accepted. */
export function holds(source: ReferenceTree, index: number, size: number): boolean {
  const [leaf, proof, root] = [source.leaf(index), source.inclusion(index, size), source.root(size)];
  return verifyInclusion({ index, size, leaf, proof, root });
}

/** Whether the definition's proof between two sizes is accepted. */
export function extendsTo(source: ReferenceTree, oldSize: number, newSize: number): boolean {
  const [oldRoot, newRoot] = [source.root(oldSize), source.root(newSize)];
  return verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof: source.consistency(oldSize, newSize) });
}

/** The hash with one bit changed. */
export function flipped(hash: Hash): Hash {
  const copy = Buffer.from(hash);
  copy[17] = (copy[17] ?? 0) ^ 0x10;
  return toHash(copy);
}

/** Every proof that differs by one hash: extra, missing, swapped with its neighbour, or with a flipped bit. */
export function spoiled(proof: readonly Hash[]): Hash[][] {
  return [
    ...range(0, proof.length + 1).map((at) => proof.toSpliced(at, 0, EMPTY_ROOT)),
    ...range(0, proof.length).map((at) => proof.toSpliced(at, 1)),
    ...range(1, proof.length).map((at) => proof.toSpliced(at - 1, 2, ...proof.slice(at - 1, at + 1).reverse())),
    ...proof.map((hash, at) => proof.with(at, flipped(hash))),
  ];
}

const vector = new ReferenceTree({ leaf: (index) => VECTOR_LEAVES[index] ?? EMPTY_ROOT });
const hex = (hashes: readonly string[]): Hash[] => hashes.map((hash) => parseHash(hash, 'hex'));

export const INCLUSION_0_8 = hex([
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
]);
export const INCLUSION_5_8 = hex([
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
]);
export const INCLUSION_2_3 = hex(['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']);
export const CONSISTENCY_6_8 = hex([
  '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
]);
export const CONSISTENCY_2_5 = hex([
  '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
]);

/** Whether a shared vector is accepted, under the root that the tree of that size really has. */
export function vectorHolds(index: number, size: number, proof: readonly Hash[], leafIndex = index): boolean {
  return verifyInclusion({ index, size, leaf: vector.leaf(leafIndex), proof, root: vectorRoot(size) });
}

/** The same for a proof between two sizes. */
export function vectorExtends(oldSize: number, newSize: number, proof: readonly Hash[]): boolean {
  return verifyConsistency({ oldSize, newSize, oldRoot: vectorRoot(oldSize), newRoot: vectorRoot(newSize), proof });
}

function vectorRoot(size: number): Hash {
  const root = VECTOR_ROOTS[size];
  return root === undefined ? vector.root(size) : parseHash(root, 'hex');
}
