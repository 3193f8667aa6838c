import { LogMisbehaved, LogUnavailable, type LogReader, type ProvenFrontier } from '../log/log.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';

/**
 * Makes sure that two signed checkpoints of one log are views of one growing tree.
 * `known` was verified, or accepted as a target, before; `seen` is new, of any size.
 * Throws LogMisbehaved (`fork`, or `rollback` when `seen` is the smaller) with proof in hand, and
 * LogUnavailable when the log shows neither that the smaller is a prefix nor the contrary.
 */
export async function requireConsistent(
  reader: LogReader,
  known: SignedCheckpoint,
  seen: SignedCheckpoint,
  signal: AbortSignal,
): Promise<void> {
  if (known.size === seen.size) {
    requireSameRoot(reader, known, seen, known);
    return;
  }
  const [small, large] = known.size < seen.size ? [known, seen] : [seen, known];
  if (small.size === 0 || (await reader.proveConsistency(small, large, signal))) {
    return;
  }
  // What the log proves its leaves by may be a third checkpoint (Rekor v1): it can contradict either of the two.
  for (const tree of [small, large]) {
    const proven = await reader.fetchFrontier(large, tree.size, signal);
    if (!proven.frontier.root().equals(tree.root)) {
      throw contradiction(reader, tree, proven, tree === seen && seen.size < known.size ? 'rollback' : 'fork');
    }
  }
  throw new LogUnavailable(
    `Cannot compare checkpoints of "${reader.origin}" at sizes ${small.size} and ${large.size}: ` +
      'the log proves neither that the smaller is a prefix nor that it is not',
  );
}

/**
 * Holds `seen` against a checkpoint of the same size that was seen before. Throws LogMisbehaved when the roots differ: a
 * `rollback` when `seen` is smaller than what was `known`, else a `fork`.
 */
export function requireSameRoot(
  reader: LogReader,
  earlier: SignedCheckpoint,
  seen: SignedCheckpoint,
  known: SignedCheckpoint,
): void {
  if (!earlier.root.equals(seen.root)) {
    throw equalSizes(reader, earlier, seen, seen.size < known.size ? 'rollback' : 'fork');
  }
}

/** That `tree` is not what `provenBy` has as its first leaves; of equal sizes, the two notes say it all. */
export function contradiction(
  reader: LogReader,
  tree: SignedCheckpoint,
  { provenBy, frontier, nodes }: ProvenFrontier,
  kind: 'fork' | 'rollback',
): LogMisbehaved {
  if (tree.size === provenBy.size) {
    return equalSizes(reader, tree, provenBy, kind);
  }
  const [later, before] = kind === 'rollback' ? [tree, provenBy] : [provenBy, tree];
  return new LogMisbehaved(
    `Log "${reader.origin}" signed a tree of size ${later.size} that contradicts the tree of size ${before.size} it signed before`,
    {
      kind,
      log: reader.origin,
      signed: true,
      notes: [tree.note, provenBy.note],
      prefix: { size: tree.size, frontier: frontier.hashes, nodes, root: provenBy.root },
    },
  );
}

/** Two signed roots of one size contradict each other by themselves. */
function equalSizes(
  reader: LogReader,
  earlier: SignedCheckpoint,
  later: SignedCheckpoint,
  kind: 'fork' | 'rollback',
): LogMisbehaved {
  return new LogMisbehaved(`Log "${reader.origin}" signed two different trees of size ${later.size}`, {
    kind,
    log: reader.origin,
    signed: true,
    notes: [earlier.note, later.note],
  });
}
