import type { LogType } from '../log/log.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { Frontier } from '../tlog/frontier.ts';
import { parseHash, type Hash } from '../tlog/hash.ts';
import { rootFromPrefix } from '../tlog/prefix.ts';
import type { EvidenceContent } from './evidence-file.ts';

/** Two checkpoints of one log, both signed by it. */
export interface Pair {
  readonly small: SignedCheckpoint;
  readonly large: SignedCheckpoint;
}

/**
 * The contradiction between two checkpoints that one log signed, in words; null when they are not shown to contradict each
 * other. An honest log cannot be accused so: it signs one root for one size, and only the nodes of its true tree make the
 * root that it signed. Throws SyntaxError for nodes that cannot belong to trees of these sizes.
 */
export function proveContradiction(pair: Pair, type: LogType, prefix: EvidenceContent['prefix']): string | null {
  return differentRoots(pair) ?? (prefix && otherPrefix(pair, prefix)) ?? grownAfterEnd(pair, type);
}

function differentRoots({ small, large }: Pair): string | null {
  return small.size === large.size && !small.root.equals(large.root)
    ? `it signed two different trees of size ${small.size}: one with root ${hex(small.root)}, one with root ${hex(large.root)}`
    : null;
}

function otherPrefix({ small, large }: Pair, prefix: NonNullable<EvidenceContent['prefix']>): string | null {
  if (prefix.size !== small.size) {
    throw new SyntaxError(`Cannot use nodes of the first ${prefix.size} entries: expected those of ${small.size}`);
  }
  const frontier = Frontier.from(prefix.size, hashes(prefix.frontier));
  if (!rootFromPrefix(frontier, large.size, hashes(prefix.nodes)).equals(large.root)) {
    throw new SyntaxError(`Cannot use the nodes: they do not make the root that is signed for size ${large.size}`);
  }
  const root = frontier.root();
  return root.equals(small.root)
    ? null
    : `it signed a tree of size ${large.size} whose first ${small.size} entries have the root ${hex(root)}, ` +
        `and for size ${small.size} it signed the root ${hex(small.root)}`;
}

/** sigstore/rekor-tiles cmd/freeze-checkpoint: the last checkpoint of a log says so in a line that is signed with it. */
function grownAfterEnd({ small, large }: Pair, type: LogType): string | null {
  const end = small.extensions.find((line) => line.startsWith('Log frozen'));
  return type === 'rekor-v2' && small.size < large.size && end !== undefined
    ? `it signed that it had ended with size ${small.size} ("${end}"), and it signed a tree of size ${large.size}`
    : null;
}

function hashes(list: readonly string[]): readonly Hash[] {
  return list.map((text) => parseHash(text, 'hex'));
}

function hex(hash: Hash): string {
  return hash.toString('hex');
}
