import { describe, expect, it } from 'vitest';
import { frontierAfter, nodesAfter, type ProvenEntry } from '../../../src/log/rekor-v1/proven-entry.ts';
import { restoreCheckpoint } from '../../../src/tlog/checkpoint.ts';
import { rootFromPrefix } from '../../../src/tlog/prefix.ts';
import { BIG_SIZES, bigTree, ReferenceTree } from '../../tlog/reference-tree.ts';

/** Entry `index` as a tree of `size` proves it. */
function provenEntry(tree: ReferenceTree, index: number, size: number): ProvenEntry {
  const note = `log\n${size}\n${tree.root(size).toString('base64')}\n\n— log AAAAAAA=\n`;
  return {
    index,
    globalIndex: index,
    hash: tree.leaf(index),
    proof: tree.inclusion(index, size),
    checkpoint: restoreCheckpoint(note),
  };
}

function expectProven(tree: ReferenceTree, index: number, size: number): void {
  const entry = provenEntry(tree, index, size);
  const frontier = frontierAfter(entry);
  expect(frontier.hashes).toEqual(tree.frontier(index + 1));
  expect(rootFromPrefix(frontier, size, nodesAfter(entry))).toEqual(tree.root(size));
}

describe('frontierAfter() and nodesAfter()', () => {
  it('give the frontier after each entry and what leads to the root, for every tree of up to 70 leaves', () => {
    const tree = new ReferenceTree();
    for (let size = 1; size <= 70; size++) {
      for (let index = 0; index < size; index++) {
        expectProven(tree, index, size);
      }
    }
  });

  it('give them around 2^31, 2^32 and 2^52', () => {
    const tree = bigTree();
    for (const size of BIG_SIZES) {
      for (const index of [0, 1, 2, ...BIG_SIZES].filter((index) => index < size)) {
        expectProven(tree, index, size);
      }
    }
  });
});
