import type { Evidence } from '../log/log.ts';
import { parseHash, type Hash } from '../tlog/hash.ts';

interface EvidenceJson extends Omit<Evidence, 'prefix'> {
  readonly prefix?: {
    readonly size: number;
    readonly frontier: readonly string[];
    readonly nodes: readonly string[];
    readonly root: string;
  };
}

/** Evidence as JSON text: hashes in lower-case hex, signed notes verbatim. */
export function encodeEvidence(evidence: Evidence): string {
  const { prefix, ...rest } = evidence;
  const json: EvidenceJson = {
    ...rest,
    ...(prefix === undefined
      ? {}
      : {
          prefix: {
            size: prefix.size,
            frontier: prefix.frontier.map(toHex),
            nodes: prefix.nodes.map(toHex),
            root: toHex(prefix.root),
          },
        }),
  };
  return JSON.stringify(json);
}

/** Takes back what {@link encodeEvidence} wrote. Throws SyntaxError for hashes that are none. */
export function decodeEvidence(text: string): Evidence {
  const { prefix, ...rest } = JSON.parse(text) as EvidenceJson;
  if (prefix === undefined) {
    return rest;
  }
  const hashes = (list: readonly string[]): readonly Hash[] => list.map((hash) => parseHash(hash, 'hex'));
  return {
    ...rest,
    prefix: {
      size: prefix.size,
      frontier: hashes(prefix.frontier),
      nodes: hashes(prefix.nodes),
      root: parseHash(prefix.root, 'hex'),
    },
  };
}

function toHex(hash: Hash): string {
  return hash.toString('hex');
}
