import type { EntryBatch, LogReader } from '../../../src/log/log.ts';
import type { SignedCheckpoint } from '../../../src/tlog/checkpoint.ts';
import type { Frontier } from '../../../src/tlog/frontier.ts';

const never = new AbortController().signal;

export interface Reading {
  readonly batches: readonly EntryBatch[];
  /** `start` with every leaf appended. */
  readonly frontier: Frontier;
  /** After each batch: whether the frontier of the leaves is the one that the log proved. */
  readonly agrees: readonly boolean[];
}

/** Reads all entries of a tree from the end of `start` on. */
export async function readAll(reader: LogReader, tree: SignedCheckpoint, start: Frontier): Promise<Reading> {
  const frontier = start.clone();
  const [batches, agrees]: [EntryBatch[], boolean[]] = [[], []];
  for await (const batch of reader.entries(tree, start.size, never)) {
    for (const leaf of batch.leaves) frontier.append(leaf.hash);
    batches.push(batch);
    agrees.push(frontier.equals(batch.after.frontier));
  }
  return { batches, frontier, agrees };
}
