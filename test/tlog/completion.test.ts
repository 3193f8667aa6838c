import { describe, expect, it } from 'vitest';
import { Frontier } from '../../src/tlog/frontier.ts';
import { EMPTY_ROOT } from '../../src/tlog/hash.ts';
import { completeFrontier, completionNodes } from '../../src/tlog/proof.ts';
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

describe('completeFrontier()', () => {
  it('makes the root of every tree up to 140 leaves from each of its frontiers', () => {
    const wrong = range(0, 141).flatMap((to) =>
      range(0, to + 1).filter((from) => {
        const nodes = tree.cover(from, to, 8).map(({ hash }) => hash);
        return !completeFrontier(Frontier.from(from, tree.frontier(from)), to, nodes).equals(tree.root(to));
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('makes the roots around 2^31, 2^32 and 2^52', () => {
    const wrong = pairs([0, 1, 100, 257, ...BIG_SIZES]).filter(([from, to]) => {
      const nodes = big.cover(from, to).map(({ hash }) => hash);
      return !completeFrontier(Frontier.from(from, big.frontier(from)), to, nodes).equals(big.root(to));
    });
    expect(wrong).toEqual([]);
  });

  it('leaves the frontier as it was', () => {
    const frontier = Frontier.from(3, tree.frontier(3));
    completeFrontier(frontier, 4, [tree.leaf(3)]);
    expect(frontier.equals(Frontier.from(3, tree.frontier(3)))).toBe(true);
  });

  it('makes another root from other nodes', () => {
    const frontier = Frontier.from(3, tree.frontier(3));
    expect(completeFrontier(frontier, 4, [tree.leaf(4)])).not.toEqual(tree.root(4));
  });

  it('refuses a number of nodes that does not fit, and a smaller tree', () => {
    const frontier = Frontier.from(3, tree.frontier(3));
    expect(() => completeFrontier(frontier, 4, [])).toThrow(
      new SyntaxError('Cannot complete a frontier of size 3 to 4 by 0 hashes: expected 1'),
    );
    expect(() => completeFrontier(frontier, 4, [EMPTY_ROOT, EMPTY_ROOT])).toThrow(SyntaxError);
    expect(() => completeFrontier(frontier, 3, [EMPTY_ROOT])).toThrow(SyntaxError);
    expect(() => completeFrontier(frontier, 2, [])).toThrow(SyntaxError);
    expect(() => completeFrontier(frontier, NaN, [])).toThrow(SyntaxError);
    expect(() => completeFrontier(frontier, 3.5, [])).toThrow(SyntaxError);
  });
});
