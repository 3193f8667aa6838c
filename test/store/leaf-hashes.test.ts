import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendLeafHashes,
  cutLeafHashes,
  frontierAt,
  KEPT_LEAVES,
  lowestKept,
  nodesBetween,
} from '../../src/store/leaf-hashes.ts';
import type { Store } from '../../src/store/store.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import { sha256, type Hash } from '../../src/tlog/hash.ts';
import { rootFromPrefix } from '../../src/tlog/prefix.ts';
import { ReferenceTree } from '../tlog/reference-tree.ts';
import { LOG } from './samples.ts';
import { openStore } from './temp-store.ts';

const tree = new ReferenceTree();
const leaf = (index: number): Hash => tree.leaf(index);

/** Appends as a log that is joined at `start` and read in batches would. */
function read(store: Store, start: Frontier, batches: readonly number[], target: number): Frontier {
  const frontier = start.clone();
  for (const count of batches) {
    const before = frontier.clone();
    const hashes = Array.from({ length: count }, (_, place) => leaf(before.size + place));
    hashes.forEach((hash) => {
      frontier.append(hash);
    });
    appendLeafHashes(store, LOG, before, hashes, target);
  }
  return frontier;
}

const treeFrontier = (size: number): Frontier => {
  const frontier = Frontier.empty();
  for (let index = 0; index < size; index += 1) {
    frontier.append(leaf(index));
  }
  return frontier;
};
const runs = (store: Store) =>
  store.prepare('SELECT start, length(hashes) / 32 AS count FROM leaf_hashes ORDER BY start').all();

describe('frontierAt()', () => {
  it('gives our own frontier at every size since the log was joined, and none before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 5 }),
        (start, batches) => {
          const store = openStore();
          const end = read(store, treeFrontier(start), batches, start + 1000);
          for (let size = 0; size <= end.size + 3; size += 1) {
            const expected = size >= start && size <= end.size ? treeFrontier(size) : null;
            expect(frontierAt(store, LOG, size)).toEqual(expected);
          }
          expect(lowestKept(store, LOG, end.size)).toBe(start);
        },
      ),
      { numRuns: 5 },
    );
  });

  it('knows nothing of a log that was never read', () => {
    const store = openStore();
    expect(frontierAt(store, LOG, 0)).toBe(null);
    expect(lowestKept(store, LOG, 5)).toBe(null);
    expect(nodesBetween(store, LOG, 1, 2)).toBe(null);
  });
});

describe('appendLeafHashes()', () => {
  it('makes few rows of many small batches', () => {
    const store = openStore();
    read(
      store,
      Frontier.empty(),
      Array.from({ length: 60 }, () => 10),
      600,
    );
    expect(runs(store)).toEqual([
      { start: 0, count: 260 },
      { start: 260, count: 260 },
      { start: 520, count: 80 },
    ]);
  });

  it('keeps at least the last 65,536 leaves, and forgets those below', () => {
    const store = openStore();
    const batch = Array.from({ length: 1024 }, (_, place) => sha256(Buffer.from([place % 256])));
    const frontier = Frontier.empty();
    const target = KEPT_LEAVES + 10 * 1024;
    while (frontier.size < target) {
      const before = frontier.clone();
      batch.forEach((hash) => {
        frontier.append(hash);
      });
      appendLeafHashes(store, LOG, before, batch, target);
    }
    expect(lowestKept(store, LOG, target)).toBe(target - KEPT_LEAVES);
    expect(frontierAt(store, LOG, target)).toEqual(frontier);
    expect(runs(store)).toHaveLength(KEPT_LEAVES / 1024);
  });

  it('keeps nothing that will lie far below the size that is read to, and what was kept before goes in time', () => {
    const store = openStore();
    const near = read(store, Frontier.empty(), [300], 300);
    const far = read(store, near, [300], 1_000_000);
    expect(runs(store)).toEqual([{ start: 0, count: 300 }]);
    expect(frontierAt(store, LOG, far.size)).toBe(null);
    const jump = Frontier.from(2 ** 20, [sha256(Buffer.from('twenty'))]);
    appendLeafHashes(store, LOG, jump, [leaf(0)], 2 ** 20 + 1);
    expect(runs(store)).toEqual([{ start: 2 ** 20, count: 1 }]);
  });
});

describe('cutLeafHashes()', () => {
  it.each([0, 1, 99, 100, 255, 256, 399])('forgets what lies from %d on, and goes on from there', (size) => {
    const store = openStore();
    read(store, Frontier.empty(), [256, 144], 400);
    cutLeafHashes(store, LOG, size);
    expect(frontierAt(store, LOG, size + 1)).toBe(null);
    read(store, treeFrontier(size), [5], 400);
    expect(frontierAt(store, LOG, size)).toEqual(treeFrontier(size));
    expect(frontierAt(store, LOG, size + 5)).toEqual(treeFrontier(size + 5));
  });
});

describe('nodesBetween()', () => {
  it('leads from our frontier to the root of the larger tree', () => {
    const store = openStore();
    read(store, treeFrontier(3), [40, 60, 7, 190], 300);
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 300 }), fc.integer({ min: 3, max: 300 }), (one, other) => {
        const [size, treeSize] = [Math.min(one, other), Math.max(one, other)];
        const nodes = nodesBetween(store, LOG, size, treeSize);
        expect(nodes).toEqual(tree.rightOf(size - 1, treeSize));
        expect(rootFromPrefix(treeFrontier(size), treeSize, nodes ?? [])).toEqual(tree.root(treeSize));
      }),
      { numRuns: 60 },
    );
  });

  it('gives none where a leaf between the two is not kept', () => {
    const store = openStore();
    read(store, Frontier.empty(), [10], 100);
    read(store, treeFrontier(20), [10], 100);
    expect(nodesBetween(store, LOG, 5, 10)).not.toBe(null);
    expect(nodesBetween(store, LOG, 5, 25)).toBe(null);
    expect(nodesBetween(store, LOG, 20, 25)).not.toBe(null);
    expect(nodesBetween(store, LOG, 25, 31)).toBe(null);
    expect(lowestKept(store, LOG, 30)).toBe(20);
  });
});
