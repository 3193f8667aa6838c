import type { InclusionProof, LogEntry } from '@sigstore/rekor-types';
import { z } from 'zod';
import { leafHash, parseHash, type Hash } from '../../tlog/hash.ts';
import { MAX_CHECKPOINT_BYTES } from '../checkpoint-evidence.ts';
import { atMost, parseBase64, parseJson } from '../json-answer.ts';

/** Bytes of the list of shards: each takes some hundreds. */
export const MAX_LOG_INFO_BYTES = 1024 * 1024;
/** Bytes of one answer with up to ten entries: attestations, JAR signatures and large keys come in full. */
export const MAX_ENTRIES_BYTES = 32 * 1024 * 1024;
/** Bytes of a consistency proof: some dozens of hashes. */
export const MAX_PROOF_BYTES = 64 * 1024;
/** More shards than any log has; each of them costs a reader. */
export const MAX_SHARDS = 256;
/** Far more than the ten that are asked for. */
const MAX_ENTRIES = 100;
/** No tree below 2^63 has longer proofs (RFC 6962 §2.1.1). */
const MAX_PROOF_HASHES = 64;
/** Servers store 100 KiB unless told otherwise (rekor, `max_attestation_size`); of a larger one nothing is read. */
const MAX_ATTESTATION_BYTES = 8 * 1024 * 1024;

/** One tree of the log as `/api/v1/log` lists it. Nothing in it is signed but `signedTreeHead`. */
export interface ListedShard {
  readonly treeId: string;
  readonly unsignedSize: number;
  readonly signedTreeHead: string;
  readonly inactive: boolean;
}

/** One entry as served; nothing about it is proven, but `hash` was computed from `body`. */
export interface ServedEntry {
  /** Tree ID (16 hex digits) and leaf hash, as the log claims them. */
  readonly uuid: string;
  /** Base64, as it was signed. */
  readonly encodedBody: string;
  /** The leaf. */
  readonly body: Buffer;
  readonly hash: Hash;
  /** Unix seconds. */
  readonly integratedTime: number;
  readonly logId: string;
  /** Index over all shards. */
  readonly globalIndex: number;
  readonly timestamp: Buffer;
  /** The attestation as it was stored beside the entry, decoded; absent where none came that can be. Part of no tree and of no signature. */
  readonly attestation?: Buffer;
  readonly proof: {
    /** Index within the shard. */
    readonly index: number;
    readonly size: number;
    readonly root: Hash;
    readonly hashes: readonly Hash[];
    /** A signed note. */
    readonly checkpoint: string;
  };
}

/** The shards of an answer of `GET /api/v1/log`, oldest first, the active one last. Throws SyntaxError. */
export function parseLogInfo(answer: Buffer): readonly ListedShard[] {
  const { inactiveShards, ...active } = parseJson(answer, logInfoSchema);
  const shards = [...(inactiveShards ?? []).map((shard) => listShard(shard, true)), listShard(active, false)];
  const repeated = shards.find((shard, place) => shards.findIndex(({ treeId }) => treeId === shard.treeId) !== place);
  if (repeated !== undefined) {
    throw new SyntaxError(`tree ID "${repeated.treeId}" is listed twice, expected each shard once`);
  }
  return shards;
}

/** The entries of an answer of `POST /api/v1/log/entries/retrieve`, as they stand. Throws SyntaxError. */
export function parseEntries(answer: Buffer): readonly ServedEntry[] {
  return parseJson(answer, entriesSchema).flatMap((item) =>
    Object.entries(item).map(([uuid, entry]) => parseEntry(uuid, entry)),
  );
}

/** The hashes of an answer of `GET /api/v1/log/proof`. Its `rootHash` is the root of another size (rekor pkg/api/tlog.go). Throws SyntaxError. */
export function parseConsistencyProof(answer: Buffer): readonly Hash[] {
  return parseJson(answer, consistencySchema).hashes.map((hash) => parseHash(hash, 'hex'));
}

const count = z.int().nonnegative();
const note = z.string().max(MAX_CHECKPOINT_BYTES);

const shardSchema = z.object({
  // Beyond 2^53, so a number would be another tree; an unsigned 64-bit one, so that 16 hex digits hold it.
  treeID: z.string().refine(isTreeId, 'expected the decimal digits of a tree ID as a string'),
  treeSize: count,
  signedTreeHead: note,
});

const logInfoSchema = shardSchema.extend({ inactiveShards: atMost(MAX_SHARDS - 1, shardSchema).nullish() });

const inclusionSchema = z.object({
  logIndex: count,
  treeSize: count,
  rootHash: z.string(),
  hashes: atMost(MAX_PROOF_HASHES, z.string()),
  checkpoint: note,
}) satisfies z.ZodType<InclusionProof>;

const entrySchema = z.object({
  body: z.string(),
  integratedTime: count,
  logID: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits'),
  logIndex: count,
  // Whoever stores it is not who keeps the tree: what is wrong with it must not hold up the entry.
  attestation: z.object({ data: z.string() }).catch({ data: '' }),
  verification: z.object({ inclusionProof: inclusionSchema, signedEntryTimestamp: z.string().max(1024) }),
}) satisfies z.ZodType<LogEntry[string]>;

/** One entry each (rekor openapi.yaml, LogEntry). */
const itemSchema = z
  .custom<Record<string, unknown>>(
    (item) => typeof item === 'object' && item !== null && Object.keys(item).length <= 1,
    {
      error: 'expected an object of one entry',
    },
  )
  .pipe(z.record(z.string(), entrySchema));

const entriesSchema = atMost(MAX_ENTRIES, itemSchema);

const consistencySchema = z.object({ hashes: atMost(MAX_PROOF_HASHES, z.string()) });

function listShard(shard: z.infer<typeof shardSchema>, inactive: boolean): ListedShard {
  return { treeId: shard.treeID, unsignedSize: shard.treeSize, signedTreeHead: shard.signedTreeHead, inactive };
}

function isTreeId(text: string): boolean {
  return /^(0|[1-9]\d{0,19})$/.test(text) && BigInt(text) < 2n ** 64n;
}

function parseEntry(uuid: string, entry: z.infer<typeof entrySchema>): ServedEntry {
  if (!/^[0-9a-f]{80}$/.test(uuid)) {
    throw new SyntaxError(`entry ID "${uuid.slice(0, 100)}" is not 80 hex digits`);
  }
  const { inclusionProof, signedEntryTimestamp } = entry.verification;
  const body = parseBase64(`body of "${uuid}"`, entry.body);
  const attestation = parseAttestation(entry.attestation.data);
  return {
    uuid,
    encodedBody: entry.body,
    body,
    hash: leafHash(body),
    integratedTime: entry.integratedTime,
    logId: entry.logID,
    globalIndex: entry.logIndex,
    timestamp: parseBase64(`signedEntryTimestamp of "${uuid}"`, signedEntryTimestamp),
    ...(attestation && { attestation }),
    proof: {
      index: inclusionProof.logIndex,
      size: inclusionProof.treeSize,
      root: parseHash(inclusionProof.rootHash, 'hex'),
      hashes: inclusionProof.hashes.map((hash) => parseHash(hash, 'hex')),
      checkpoint: inclusionProof.checkpoint,
    },
  };
}

/** Undefined where there is none, or what is no base64, or too much of it. */
function parseAttestation(data: string): Buffer | undefined {
  const bytes = Buffer.from(data, 'base64');
  const isWhole = bytes.length > 0 && bytes.toString('base64') === data;
  return isWhole && bytes.length <= MAX_ATTESTATION_BYTES ? bytes : undefined;
}
