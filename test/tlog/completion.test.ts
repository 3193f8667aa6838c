import { describe, expect, it } from 'vitest';
import { completionNodes } from '../../src/tlog/proof.ts';
import { pairs, range } from './proof-claims.ts';
import { BIG_SIZES, bigTree, ReferenceTree } from './reference-tree.ts';

const tree = new ReferenceTree();
const big = bigTree();

describe('completionNodes()', () => {
  it('divides every range within 0 to 140 as the tree does', () => {
    const wrong = range(0, 141).flatMap((to) =>
      range(0, to + 1).filter((from) => {
        const expected = tree.cover(from, to, 8).map(({ level, index }) => `${level}/${index}`);
        return (
          completionNodes(from, to)
            .map((node) => `${node.level}/${node.index}`)
            .join() !== expected.join()
        );
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('divides ranges around 2^31, 2^32 and 2^52 as the tree does', () => {
    const all = pairs([0, 1, 100, 257, ...BIG_SIZES]);
    expect(all.map(([from, to]) => completionNodes(from, to))).toEqual(
      all.map(([from, to]) => big.cover(from, to).map(({ level, index }) => ({ level, index }))),
    );
  });

  it('reaches 2^53−1', () => {
    expect(completionNodes(2 ** 53 - 3, 2 ** 53 - 1)).toEqual([
      { level: 0, index: 2 ** 53 - 3 },
      { level: 0, index: 2 ** 53 - 2 },
    ]);
    expect(completionNodes(0, 2 ** 53 - 1)).toHaveLength(53);
  });

  it.each([
    [2, 1],
    [-1, 1],
    [0.5, 1],
    [0, NaN],
    [0, 2 ** 53],
  ])('refuses the range from %d to %d', (from, to) => {
    expect(() => completionNodes(from, to)).toThrow(RangeError);
  });
});
