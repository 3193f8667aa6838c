import { expect } from 'vitest';
import type { HttpClient } from '../../../src/log/http.ts';
import type { EntryBatch, Leaf, LogReader, LogSource } from '../../../src/log/log.ts';
import { createRekorV1Source } from '../../../src/log/rekor-v1/reader.ts';
import type { SignedCheckpoint } from '../../../src/tlog/checkpoint.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import type { RunningFakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';

export const NEVER = new AbortController().signal;

/** Reads up to the log's checkpoint and requires that each batch is proven and that the roots are equal. Advances `frontier`. */
export async function tail(
  reader: LogReader,
  frontier: Frontier,
): Promise<{ readonly checkpoint: SignedCheckpoint; readonly leaves: readonly Leaf[] }> {
  const checkpoint = await reader.fetchCheckpoint(NEVER);
  const batches = await collect(reader.entries(checkpoint, frontier.size, NEVER));
  for (const { leaves, after } of batches) {
    for (const leaf of leaves) {
      expect(leaf.index).toBe(frontier.size);
      frontier.append(leaf.hash);
    }
    expect(after.frontier.equals(frontier)).toBe(true);
    expect(after.provenBy.size).toBeGreaterThanOrEqual(frontier.size);
  }
  expect(frontier.size).toBe(checkpoint.size);
  expect(frontier.root().equals(checkpoint.root)).toBe(true);
  return { checkpoint, leaves: batches.flatMap(({ leaves }) => leaves) };
}

export async function collect(batches: AsyncIterable<EntryBatch>): Promise<EntryBatch[]> {
  const all: EntryBatch[] = [];
  for await (const batch of batches) {
    all.push(batch);
  }
  return all;
}

/** A source that has not asked anything yet, and knows every key that the log has now. */
export function sourceOf({ url, host, keys }: RunningFakeRekorV1, http: HttpClient): LogSource {
  return createRekorV1Source({ name: 'fake', url, origin: host, keys, start: 'genesis' }, http);
}

/** The reader of the active shard, of a source of its own. */
export async function activeReaderOf(rekor: RunningFakeRekorV1, http: HttpClient): Promise<LogReader> {
  // There is always one.
  return (await sourceOf(rekor, http).discover(NEVER)).at(-1) as LogReader;
}

/** Everything from `from` on. */
export async function read(reader: LogReader, from = 0): Promise<EntryBatch[]> {
  return collect(reader.entries(await reader.fetchCheckpoint(NEVER), from, NEVER));
}

/** Leaves that are all different. */
export function bodies(count: number, name = 'leaf'): string[] {
  return Array.from({ length: count }, (_, n) => `${name} ${n}`);
}
