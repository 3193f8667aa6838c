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
    if (!known.root.equals(seen.root)) {
      throw contradiction(reader, known, seen, null);
    }
    return;
  }
  const [small, large] = known.size < seen.size ? [known, seen] : [seen, known];
  if (small.size === 0 || (await reader.proveConsistency(small, large, signal))) {
    return;
  }
  const proven = await reader.fetchFrontier(large, small.size, signal);
  if (!proven.frontier.root().equals(small.root)) {
    throw contradiction(reader, known, seen, { small, proven });
  }
  throw new LogUnavailable(
    `Cannot compare checkpoints of "${reader.origin}" at sizes ${small.size} and ${large.size}: ` +
      'the log proves neither that the smaller is a prefix nor that it is not',
  );
}

function contradiction(
  reader: LogReader,
  known: SignedCheckpoint,
  seen: SignedCheckpoint,
  prefix: { small: SignedCheckpoint; proven: ProvenFrontier } | null,
): LogMisbehaved {
  const kind = seen.size < known.size ? 'rollback' : 'fork';
  const message =
    known.size === seen.size
      ? `Log "${reader.origin}" signed two different trees of size ${known.size}`
      : `Log "${reader.origin}" signed a tree of size ${seen.size} that contradicts the tree of size ${known.size} it signed before`;
  return new LogMisbehaved(message, {
    kind,
    log: reader.origin,
    signed: true,
    notes: prefix === null ? [known.note, seen.note] : [prefix.small.note, prefix.proven.provenBy.note],
    ...(prefix === null
      ? {}
      : {
          prefix: {
            size: prefix.small.size,
            frontier: prefix.proven.frontier.hashes,
            nodes: prefix.proven.nodes,
            root: prefix.proven.provenBy.root,
          },
        }),
  });
}
