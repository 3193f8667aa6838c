import { CheckpointRefused, openCheckpoint, type SignedCheckpoint } from '../../tlog/checkpoint.ts';
import { shardOrigin, type Shard } from './proven-entry.ts';
import type { ListedShard } from './responses.ts';

/** The checkpoint that stands in the list for a shard; null unless one of the log's keys signed it for just this shard. */
export function openListedHead(
  listed: ListedShard,
  { host, keys }: Pick<Shard, 'host' | 'keys'>,
): SignedCheckpoint | null {
  try {
    return openCheckpoint(listed.signedTreeHead, { origin: shardOrigin(host, listed.treeId), keys });
  } catch (error) {
    if (error instanceof CheckpointRefused) {
      return null;
    }
    throw error;
  }
}
