import { describe, expect, it } from 'vitest';
import { guessOffsets } from '../../../src/log/rekor-v1/guess-offsets.ts';
import type { ListedShard } from '../../../src/log/rekor-v1/responses.ts';

const shard = (treeId: string, unsignedSize: number): ListedShard => ({
  treeId,
  unsignedSize,
  signedTreeHead: '',
  inactive: true,
});

describe('guessOffsets()', () => {
  it('guesses 0 for the first shard', () => {
    expect(guessOffsets([shard('1', 5), shard('2', 7)], '1', () => 9)).toEqual([0]);
  });

  it('sums the signed sizes before the shard, then the listed ones', () => {
    const shards = [shard('1', 1000), shard('2', 20), shard('3', 7)];
    const signed = new Map([
      ['1', 10],
      ['2', 20],
    ]);
    expect(guessOffsets(shards, '3', ({ treeId }) => signed.get(treeId) ?? null)).toEqual([30, 1020]);
  });

  it('takes the listed size of a shard whose head is not signed by a known key, and then none', () => {
    const shards = [shard('1', 1000), shard('2', 20), shard('3', 7)];
    expect(guessOffsets(shards, '3', ({ treeId }) => ({ '1': 10 })[treeId] ?? null)).toEqual([30, 1020, 10]);
  });

  it('guesses once when both sums are equal', () => {
    expect(guessOffsets([shard('1', 10), shard('2', 0)], '2', () => 10)).toEqual([10]);
  });

  it('counts beyond 2^31 and 2^32', () => {
    const shards = [shard('1', 4_163_431), shard('2', 2 ** 31), shard('3', 2 ** 32 + 1), shard('4', 0)];
    expect(guessOffsets(shards, '4', () => null)).toEqual([4_163_431 + 2 ** 31 + 2 ** 32 + 1, 0]);
  });

  it('guesses no index beyond 2^53', () => {
    const shards = [shard('1', Number.MAX_SAFE_INTEGER), shard('2', Number.MAX_SAFE_INTEGER), shard('3', 0)];
    expect(guessOffsets(shards, '3', () => null)).toEqual([0]);
    expect(guessOffsets(shards, '3', () => 5)).toEqual([10]);
  });

  it('has no guess for a shard that is not listed', () => {
    expect(guessOffsets([shard('1', 5)], '2', () => null)).toEqual([]);
  });
});
