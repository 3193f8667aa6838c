import type { ListedShard } from './responses.ts';

/**
 * Global indexes at which the shard `treeId` may begin, the best guess first: the sum of the sizes before it, first as
 * signed, then as listed (rekor pkg/sharding/ranges.go), then without the shards of which nothing is signed, for these may be
 * invented. Only guesses: an old signed head or a false list shifts them. None when the shard is not listed.
 */
export function guessOffsets(
  shards: readonly ListedShard[],
  treeId: string,
  signedSize: (shard: ListedShard) => number | null,
): readonly number[] {
  const place = shards.findIndex((shard) => shard.treeId === treeId);
  if (place === -1) {
    return [];
  }
  const before = shards.slice(0, place);
  const signed = sum(before.map((shard) => signedSize(shard) ?? shard.unsignedSize));
  const listed = sum(before.map((shard) => shard.unsignedSize));
  const certain = sum(before.map((shard) => signedSize(shard) ?? 0));
  return [...new Set([signed, listed, certain])].filter(Number.isSafeInteger);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
