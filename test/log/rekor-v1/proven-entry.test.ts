import { describe, expect, it } from 'vitest';
import { frontierAfter, nodesAfter, type ProvenEntry } from '../../../src/log/rekor-v1/proven-entry.ts';
import { restoreCheckpoint } from '../../../src/tlog/checkpoint.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import { completeFrontier } from '../../../src/tlog/proof.ts';
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

async function expectCompletion(tree: ReferenceTree, index: number, size: number): Promise<void> {
  const entry = provenEntry(tree, index, size);
  const frontier = frontierAfter(entry);
  const nodes = await nodesAfter(entry, async () => Frontier.from(size, tree.frontier(size)));
  expect(frontier.hashes).toEqual(tree.frontier(index + 1));
  expect(nodes).toEqual(tree.cover(index + 1, size).map(({ hash }) => hash));
  expect(completeFrontier(frontier, size, nodes)).toEqual(tree.root(size));
}

describe('frontierAfter() and nodesAfter()', () => {
  it('give the frontier after each entry and what completes it, for every tree of up to 70 leaves', async () => {
    const tree = new ReferenceTree();
    for (let size = 1; size <= 70; size++) {
      for (let index = 0; index < size; index++) {
        await expectCompletion(tree, index, size);
      }
    }
  });

  it('give them around 2^31, 2^32 and 2^52', async () => {
    const tree = bigTree();
    for (const size of BIG_SIZES) {
      for (const index of [0, 1, 2, ...BIG_SIZES].filter((index) => index < size)) {
        await expectCompletion(tree, index, size);
      }
    }
  });

  it('ask for the frontier of the tree only where the proof does not have the nodes', async () => {
    const tree = new ReferenceTree();
    const asked = async (index: number, size: number) => {
      let times = 0;
      await nodesAfter(provenEntry(tree, index, size), async () => {
        times += 1;
        return Frontier.from(size, tree.frontier(size));
      });
      return times;
    };
    // Right of leaf 2 are leaf 3 and leaves 4 to 6, which the proof gives as one hash that is no perfect subtree.
    expect(await asked(2, 7)).toBe(1);
    expect(await asked(2, 6)).toBe(0);
    expect(await asked(2, 8)).toBe(0);
    expect(await asked(6, 7)).toBe(0);
  });
});
