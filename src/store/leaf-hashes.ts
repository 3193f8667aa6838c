import { Frontier } from '../tlog/frontier.ts';
import { HASH_SIZE, toHash, type Hash } from '../tlog/hash.ts';
import { siblingRanges, type LeafRange } from '../tlog/prefix.ts';
import type { Store } from './store.ts';

/** So many leaves below the position, at least, keep their hashes: what a smaller checkpoint is held against, without asking the log. */
export const KEPT_LEAVES = 65_536;

/** A run that has so many hashes is not made longer: a row that grows is written anew each time. */
const RUN = 256;

/**
 * Keeps the hashes of the leaves that follow `before`, and forgets those that lie far enough below them. Leaves that will
 * lie as far below `target`, the size that is being read to, are not kept at all. Call in the transaction that saves the
 * frontier behind them.
 */
export function appendLeafHashes(
  store: Store,
  log: string,
  before: Frontier,
  hashes: readonly Hash[],
  target: number,
): void {
  const end = before.size + hashes.length;
  if (hashes.length > 0 && end > target - KEPT_LEAVES) {
    const last = lastRun(store, log);
    if (last !== null && last.end === before.size && last.end - last.start < RUN) {
      store
        .prepare('UPDATE leaf_hashes SET hashes = @hashes WHERE log = @log AND start = @start')
        .run({ log, start: last.start, hashes: Buffer.concat([last.hashes, ...hashes]) });
    } else {
      store
        .prepare('INSERT INTO leaf_hashes (log, start, frontier, hashes) VALUES (@log, @start, @frontier, @hashes)')
        .run({ log, start: before.size, frontier: before.toBytes(), hashes: Buffer.concat(hashes) });
    }
  }
  store
    .prepare(
      `DELETE FROM leaf_hashes WHERE log = @log AND start < @kept AND start + length(hashes) / ${HASH_SIZE} <= @kept`,
    )
    .run({ log, kept: end - KEPT_LEAVES });
}

/** Forgets the hashes of all leaves from index `size` on: they are of a history that was given up. */
export function cutLeafHashes(store: Store, log: string, size: number): void {
  store.prepare('DELETE FROM leaf_hashes WHERE log = @log AND start >= @size').run({ log, size });
  const last = lastRun(store, log);
  if (last !== null && last.end > size) {
    store
      .prepare('UPDATE leaf_hashes SET hashes = @hashes WHERE log = @log AND start = @start')
      .run({ log, start: last.start, hashes: last.hashes.subarray(0, (size - last.start) * HASH_SIZE) });
  }
}

/** Our own frontier of the first `size` leaves; null where their hashes are not kept. */
export function frontierAt(store: Store, log: string, size: number): Frontier | null {
  const run = toRun(
    store
      .prepare<RunRow>(
        'SELECT start, frontier, hashes FROM leaf_hashes WHERE log = @log AND start <= @size ORDER BY start DESC LIMIT 1',
      )
      .get({ log, size }),
  );
  if (run === null || run.end < size) {
    return null;
  }
  const frontier = Frontier.fromBytes(run.start, run.frontier);
  for (const hash of hashesOf(run, { from: run.start, to: size })) {
    frontier.append(hash);
  }
  return frontier;
}

/** The smallest size of which {@link frontierAt} is known, such that it is known of every size from there to `size`; null when there is none. */
export function lowestKept(store: Store, log: string, size: number): number | null {
  let lowest: number | null = null;
  const runs = store
    .prepare<{ start: number; end: number }>(
      `SELECT start, start + length(hashes) / ${HASH_SIZE} AS "end" FROM leaf_hashes
       WHERE log = @log AND start <= @size ORDER BY start DESC`,
    )
    .iterate({ log, size });
  for (const { start, end } of runs) {
    if (end < (lowest ?? size)) {
      break;
    }
    lowest = start;
  }
  return lowest;
}

/**
 * The siblings right of leaf `size` − 1 on its way to the root of the first `treeSize` leaves, bottom up, as its inclusion
 * proof has them; null unless the hashes of all leaves between the two are kept. `size` ≥ 1.
 */
export function nodesBetween(store: Store, log: string, size: number, treeSize: number): readonly Hash[] | null {
  const hashes = leavesBetween(store, log, { from: size, to: treeSize });
  return (
    hashes &&
    siblingRanges(size - 1, treeSize)
      .filter(({ from }) => from >= size)
      .map(({ from, to }) => rootOf(hashes.slice(from - size, to - size)))
  );
}

function leavesBetween(store: Store, log: string, { from, to }: LeafRange): readonly Hash[] | null {
  const hashes: Hash[] = [];
  // From the run that holds the first of them.
  const rows = store
    .prepare<RunRow>(
      `SELECT start, frontier, hashes FROM leaf_hashes WHERE log = @log AND start < @to
         AND start >= (SELECT max(start) FROM leaf_hashes WHERE log = @log AND start <= @from) ORDER BY start`,
    )
    .all({ log, from, to });
  for (const row of rows) {
    const run = toRun(row);
    if (run.start > from + hashes.length) {
      return null;
    }
    hashes.push(...hashesOf(run, { from: from + hashes.length, to: Math.min(to, run.end) }));
  }
  return hashes.length === to - from ? hashes : null;
}

function rootOf(leaves: readonly Hash[]): Hash {
  const tree = Frontier.empty();
  for (const hash of leaves) {
    tree.append(hash);
  }
  return tree.root();
}

interface RunRow {
  readonly start: number;
  readonly frontier: Buffer;
  readonly hashes: Buffer;
}

/** The hashes of the leaves start ≤ index < end, one after the other, and the frontier before them. */
interface Run extends RunRow {
  readonly end: number;
}

function lastRun(store: Store, log: string): Run | null {
  return toRun(
    store
      .prepare<RunRow>('SELECT start, frontier, hashes FROM leaf_hashes WHERE log = @log ORDER BY start DESC LIMIT 1')
      .get({ log }),
  );
}

function toRun(row: RunRow): Run;
function toRun(row: RunRow | undefined): Run | null;
function toRun(row: RunRow | undefined): Run | null {
  return row === undefined ? null : { ...row, end: row.start + row.hashes.length / HASH_SIZE };
}

function hashesOf(run: Run, { from, to }: LeafRange): readonly Hash[] {
  const hashes: Hash[] = [];
  for (let index = from; index < to; index += 1) {
    const offset = (index - run.start) * HASH_SIZE;
    hashes.push(toHash(run.hashes.subarray(offset, offset + HASH_SIZE)));
  }
  return hashes;
}
