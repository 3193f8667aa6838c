import type { NonEmpty } from '../../lib/non-empty.ts';
import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import type { Frontier } from '../../tlog/frontier.ts';
import type { Hash } from '../../tlog/hash.ts';
import type { NoteKey } from '../../tlog/note.ts';
import { rightSiblings, rightSiblingsBefore } from '../../tlog/prefix.ts';
import { frontierFromInclusion, verifyInclusion } from '../../tlog/proof.ts';
import { openServedCheckpoint } from '../checkpoint-evidence.ts';
import { servedEvidence } from '../excerpt.ts';
import { LogMisbehaved, type MisbehaviourKind } from '../log.ts';
import type { RetrievedEntry } from './api.ts';
import { verifyEntryTimestamp } from './entry-timestamp.ts';

/** The tree that an entry must belong to. */
export interface Shard {
  /** The name under which the keys sign, and the first part of `origin`. */
  readonly host: string;
  readonly treeId: string;
  readonly origin: string;
  /** Any of them may sign. */
  readonly keys: NonEmpty<NoteKey>;
}

/** An entry that the log has shown to be leaf `index` of the tree it signed, and promised at `globalIndex`. */
export interface ProvenEntry {
  readonly index: number;
  readonly globalIndex: number;
  readonly hash: Hash;
  /** The hashes of the inclusion proof, under `checkpoint`. */
  readonly proof: readonly Hash[];
  readonly checkpoint: SignedCheckpoint;
}

/** How much of a wrong entry the evidence shows. */
const SHOWN_ENTRY = 4096;

/** The first line of a shard's checkpoints (rekor pkg/util/checkpoint.go). */
export function shardOrigin(host: string, treeId: string): string {
  return `${host} - ${treeId}`;
}

/** Whether the entry ID names this shard. */
export function isOfShard(entry: RetrievedEntry, shard: Shard): boolean {
  return entry.uuid.slice(0, 16) === BigInt(shard.treeId).toString(16).padStart(16, '0');
}

/** The shard that an entry says it is of, beside another one of the same log. */
export function shardOf(entry: RetrievedEntry, { host, keys }: Pick<Shard, 'host' | 'keys'>): Shard {
  const treeId = BigInt(`0x${entry.uuid.slice(0, 16)}`).toString();
  return { host, treeId, origin: shardOrigin(host, treeId), keys };
}

/** Throws LogMisbehaved unless the entry ID is this shard's tree ID and the hash of the body that came with it. */
export function requireIdentity(entry: RetrievedEntry, shard: Shard): void {
  if (!isOfShard(entry, shard)) {
    throw misbehaved('entry-mismatch', `its ID does not begin with the tree ID ${shard.treeId}`, entry, shard);
  }
  if (entry.uuid.slice(16) !== entry.hash.toString('hex')) {
    throw misbehaved('entry-mismatch', `its body hashes to ${entry.hash.toString('hex')}`, entry, shard);
  }
}

/** Throws LogMisbehaved unless the log signed the global index and the time of this entry. */
export function requireTimestamp(entry: RetrievedEntry, shard: Shard): void {
  if (!verifyEntryTimestamp(entry, shard.keys)) {
    throw misbehaved('bad-signature', 'no key of the log signed its entry timestamp', entry, shard);
  }
}

/** Checks all that an entry says of itself: ID, checkpoint, inclusion, timestamp. Throws LogMisbehaved, or LogUnavailable for a checkpoint that is none. */
export function proveEntry(entry: RetrievedEntry, shard: Shard): ProvenEntry {
  requireIdentity(entry, shard);
  const { proof, hash, globalIndex } = entry;
  const checkpoint = openServedCheckpoint({ url: entry.answer.url, body: Buffer.from(proof.checkpoint) }, shard);
  if (checkpoint.size !== proof.size || !checkpoint.root.equals(proof.root)) {
    const problem = `its proof is for size ${proof.size} and another tree than its checkpoint, of size ${checkpoint.size}`;
    throw misbehaved('entry-mismatch', problem, entry, shard, checkpoint);
  }
  const claim = { index: proof.index, size: proof.size, leaf: hash, proof: proof.hashes, root: checkpoint.root };
  if (!verifyInclusion(claim)) {
    const problem = `its proof does not lead to the signed root of size ${proof.size}`;
    throw misbehaved('entry-mismatch', problem, entry, shard, checkpoint);
  }
  requireTimestamp(entry, shard);
  return { index: proof.index, globalIndex, hash, proof: proof.hashes, checkpoint };
}

/** The log's frontier after a proven entry: what lies left of it stands in its proof. */
export function frontierAfter(entry: ProvenEntry): Frontier {
  const frontier = frontierFromInclusion(entry.index, entry.checkpoint.size, entry.proof);
  frontier.append(entry.hash);
  return frontier;
}

/** What stands right of a proven entry in its proof: it leads from {@link frontierAfter} to the root of its checkpoint. */
export function nodesAfter(entry: ProvenEntry): readonly Hash[] {
  return rightSiblings(entry.index, entry.checkpoint.size, entry.proof);
}

/** The log's frontier of all that lies before a proven entry. */
export function frontierBefore(entry: ProvenEntry): Frontier {
  return frontierFromInclusion(entry.index, entry.checkpoint.size, entry.proof);
}

/** What leads from {@link frontierBefore}, where that is not empty, to the root of the entry's checkpoint. */
export function nodesBefore(entry: ProvenEntry): readonly Hash[] {
  return entry.index === 0 ? [] : rightSiblingsBefore(entry.index, entry.checkpoint.size, entry.hash, entry.proof);
}

/** Evidence that the log served something wrong about one entry. Nobody signed that it did. */
export function misbehaved(
  kind: MisbehaviourKind,
  problem: string,
  entry: RetrievedEntry,
  shard: Shard,
  checkpoint?: SignedCheckpoint,
): LogMisbehaved {
  const { answer, uuid } = entry;
  return new LogMisbehaved(`Cannot trust entry "${uuid}" of "${shard.origin}" from "${answer.url}": ${problem}`, {
    kind,
    log: shard.origin,
    signed: false,
    notes: checkpoint === undefined ? [] : [checkpoint.note],
    served: servedEvidence(answer.url, answer.body, describe(entry)),
  });
}

/** What identifies the entry and speaks for it, then as much of its body as fits. */
function describe(entry: RetrievedEntry): string {
  const { uuid, globalIndex, integratedTime, logId, proof } = entry;
  const shown = {
    uuid,
    logIndex: globalIndex,
    integratedTime,
    logID: logId,
    signedEntryTimestamp: entry.timestamp.toString('base64'),
    inclusionProof: {
      logIndex: proof.index,
      treeSize: proof.size,
      rootHash: proof.root.toString('hex'),
      hashes: proof.hashes.map((hash) => hash.toString('hex')),
    },
    body: entry.encodedBody.slice(0, SHOWN_ENTRY),
  };
  return JSON.stringify(shown).slice(0, SHOWN_ENTRY);
}
