import { z } from 'zod';
import { TlsReader } from '../../lib/tls-reader.ts';
import { parseHash, type Hash } from '../../tlog/hash.ts';
import type { TreeHead } from '../../tlog/tree-head.ts';
import { atMost, parseBase64, parseJson } from '../json-answer.ts';
import type { Unhashed } from './leaf.ts';

/** Entries that are asked for at once; logs give fewer where they like (RFC 6962 §4.6). */
export const MAX_ENTRIES = 256;
/** Bytes of one answer with so many entries: those of Fulcio take 6 KB in base64, this allows 85 on average. */
export const MAX_ENTRIES_BYTES = 32 * 1024 * 1024 - MAX_ENTRIES;
/** Bytes of a tree head or a proof: some dozens of hashes. */
export const MAX_SMALL_BYTES = 64 * 1024;
/** Bytes of one entry with its proof: a certificate and its chain. */
export const MAX_ENTRY_BYTES = 1024 * 1024;
/** No tree below 2^63 has longer proofs (RFC 6962 §2.1.1); a consistency proof has one more. */
const MAX_PROOF_HASHES = 65;
/** More than a DigitallySigned of any RSA key takes, in base64. */
const MAX_SIGNATURE_TEXT = 4096;

/** One entry as served. */
export interface ServedEntry {
  /** MerkleTreeLeaf, as far as the log says. */
  readonly data: Buffer;
  /** Null where `extra_data` is not what belongs to such a leaf: it is not in the tree, so nobody vouches for it. */
  readonly unhashed: Unhashed | null;
}

export interface ServedProof {
  readonly index: number;
  readonly hashes: readonly Hash[];
}

/** An answer of `get-sth` (RFC 6962 §4.3). Throws SyntaxError. */
export function parseTreeHead(answer: Buffer): TreeHead {
  const { tree_size, timestamp, sha256_root_hash, tree_head_signature } = parseJson(answer, treeHeadSchema);
  return {
    size: tree_size,
    timestamp,
    root: parseHash(sha256_root_hash, 'base64'),
    signature: parseBase64('tree_head_signature', tree_head_signature),
  };
}

/** An answer of `get-entries` (RFC 6962 §4.6): 1 to `asked` entries, for none would be asked for again for ever. Throws SyntaxError. */
export function parseEntries(answer: Buffer, asked: number): readonly ServedEntry[] {
  const { entries } = parseJson(answer, z.object({ entries: atMost(asked, entrySchema) }));
  if (entries.length === 0) {
    throw new SyntaxError(`found no entries, expected 1 to ${asked}`);
  }
  return entries.map(toEntry);
}

/** An answer of `get-sth-consistency` (RFC 6962 §4.4). Throws SyntaxError. */
export function parseConsistency(answer: Buffer): readonly Hash[] {
  return parseJson(answer, z.object({ consistency: proofSchema })).consistency.map(toHash);
}

/** An answer of `get-proof-by-hash` (RFC 6962 §4.5). Throws SyntaxError. */
export function parseProof(answer: Buffer): ServedProof {
  const { leaf_index, audit_path } = parseJson(answer, z.object({ leaf_index: count, audit_path: proofSchema }));
  return { index: leaf_index, hashes: audit_path.map(toHash) };
}

/** An answer of `get-entry-and-proof` (RFC 6962 §4.8). Throws SyntaxError. */
export function parseEntryAndProof(answer: Buffer): { readonly entry: ServedEntry; readonly hashes: readonly Hash[] } {
  const { audit_path, ...entry } = parseJson(answer, entrySchema.extend({ audit_path: proofSchema }));
  return { entry: toEntry(entry), hashes: audit_path.map(toHash) };
}

const count = z.int().nonnegative();
// In Go an empty list is null.
const proofSchema = atMost(MAX_PROOF_HASHES, z.string())
  .nullable()
  .transform((hashes) => hashes ?? []);

const treeHeadSchema = z.object({
  tree_size: count,
  timestamp: count,
  sha256_root_hash: z.string(),
  tree_head_signature: z.string().max(MAX_SIGNATURE_TEXT),
});

const entrySchema = z.object({ leaf_input: z.string(), extra_data: z.string() });

function toHash(text: string): Hash {
  return parseHash(text, 'base64');
}

function toEntry({ leaf_input, extra_data }: z.infer<typeof entrySchema>): ServedEntry {
  const data = parseBase64('leaf_input', leaf_input);
  return { data, unhashed: readExtra(data, Buffer.from(extra_data, 'base64')) };
}

/** PrecertChainEntry for a precertificate, else X509ChainEntry without its first certificate (RFC 6962 §4.6). */
function readExtra(data: Buffer, extra: Buffer): Unhashed | null {
  const isPrecertificate = data.length >= 12 && data.readUInt16BE(10) === 1;
  const empty = Buffer.alloc(0);
  try {
    const reader = new TlsReader(extra, 'extra_data');
    const precertificate = isPrecertificate ? reader.opaque(3) : empty;
    const chain = reader.opaque(3);
    reader.end();
    return { precertificate, chain, fingerprints: empty };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}
