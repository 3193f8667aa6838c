import type { EntryEvidence, Evidence, LogType } from '../log/log.ts';
import { parseHash, type Hash } from '../tlog/hash.ts';

interface ContradictionJson extends Omit<Evidence, 'prefix'> {
  readonly prefix?: {
    readonly size: number;
    readonly frontier: readonly string[];
    readonly nodes: readonly string[];
    readonly root: string;
  };
}

interface EntryJson {
  readonly kind: 'inclusion';
  readonly log: string;
  readonly type: LogType;
  readonly leaf: {
    readonly index: number;
    readonly data: string;
    readonly hash: string;
    readonly extra?: string;
    readonly integrated_time: number | null;
    readonly global_index: number | null;
    readonly uuid: string | null;
  };
  readonly timestamp: string | null;
  readonly log_id: string | null;
  readonly proof: { readonly size: number; readonly root: string; readonly hashes: readonly string[] };
  readonly checkpoint: string;
}

/** Evidence as JSON text: hashes in lower-case hex, other bytes in base64, signed notes verbatim. */
export function encodeEvidence(evidence: Evidence | EntryEvidence): string {
  return JSON.stringify(evidence.kind === 'inclusion' ? entryToJson(evidence) : contradictionToJson(evidence));
}

/** Takes back what {@link encodeEvidence} wrote. Throws SyntaxError for hashes that are none. */
export function decodeEvidence(text: string): Evidence | EntryEvidence {
  // Written by this file, so the shape is known.
  const json = JSON.parse(text) as ContradictionJson | EntryJson;
  return json.kind === 'inclusion' ? entryFromJson(json) : contradictionFromJson(json);
}

function contradictionToJson({ prefix, ...rest }: Evidence): ContradictionJson {
  if (prefix === undefined) {
    return rest;
  }
  const { size, frontier, nodes, root } = prefix;
  return { ...rest, prefix: { size, frontier: frontier.map(toHex), nodes: nodes.map(toHex), root: toHex(root) } };
}

function contradictionFromJson({ prefix, ...rest }: ContradictionJson): Evidence {
  if (prefix === undefined) {
    return rest;
  }
  const { size, frontier, nodes, root } = prefix;
  return {
    ...rest,
    prefix: { size, frontier: fromHex(frontier), nodes: fromHex(nodes), root: parseHash(root, 'hex') },
  };
}

function entryToJson(evidence: EntryEvidence): EntryJson {
  const { kind, log, type, leaf, timestamp, logId, proof, checkpoint } = evidence;
  return {
    kind,
    log,
    type,
    leaf: {
      index: leaf.index,
      data: leaf.data.toString('base64'),
      hash: toHex(leaf.hash),
      ...(leaf.extra && { extra: leaf.extra.toString('base64') }),
      integrated_time: leaf.integratedTime,
      global_index: leaf.globalIndex,
      uuid: leaf.uuid,
    },
    timestamp: timestamp?.toString('base64') ?? null,
    log_id: logId,
    proof: { size: proof.size, root: toHex(proof.root), hashes: proof.hashes.map(toHex) },
    checkpoint,
  };
}

function entryFromJson({ kind, log, type, leaf, timestamp, log_id, proof, checkpoint }: EntryJson): EntryEvidence {
  return {
    kind,
    log,
    type,
    leaf: {
      index: leaf.index,
      data: Buffer.from(leaf.data, 'base64'),
      hash: parseHash(leaf.hash, 'hex'),
      ...(leaf.extra !== undefined && { extra: Buffer.from(leaf.extra, 'base64') }),
      integratedTime: leaf.integrated_time,
      globalIndex: leaf.global_index,
      uuid: leaf.uuid,
    },
    timestamp: timestamp === null ? null : Buffer.from(timestamp, 'base64'),
    logId: log_id,
    proof: { size: proof.size, root: parseHash(proof.root, 'hex'), hashes: fromHex(proof.hashes) },
    checkpoint,
  };
}

function fromHex(hashes: readonly string[]): readonly Hash[] {
  return hashes.map((hash) => parseHash(hash, 'hex'));
}

function toHex(hash: Hash): string {
  return hash.toString('hex');
}
