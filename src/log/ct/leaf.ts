import { tlsOpaque } from '../../lib/tls-reader.ts';
import { leafHash } from '../../tlog/hash.ts';
import type { Leaf } from '../log.ts';

/** What a log of either kind gives with a leaf without hashing it into its tree. */
export interface Unhashed {
  /** DER; empty for an entry that is no precertificate. */
  readonly precertificate: Buffer;
  /** The issuers in full (RFC 6962): `u24 length ‖ DER` each. */
  readonly chain: Buffer;
  /** SHA-256 of the issuers (static-ct), 32 bytes each. */
  readonly fingerprints: Buffer;
}

/** MerkleTreeLeaf (RFC 6962 §3.4): version v1, type timestamped_entry, and then a TimestampedEntry. */
const LEAF_HEADER = Buffer.from([0, 0]);

/** The bytes that a CT log hashes for a TimestampedEntry (c2sp.org/static-ct-api, "Merkle Tree"). */
export function merkleTreeLeaf(timestampedEntry: Buffer): Buffer {
  return Buffer.concat([LEAF_HEADER, timestampedEntry]);
}

/** `data` is a MerkleTreeLeaf, whatever it holds: the log hashed it. `unhashed`: null where it cannot be read. */
export function ctLeaf(index: number, data: Buffer, unhashed: Unhashed | null): Leaf {
  return {
    index,
    data,
    hash: leafHash(data),
    ...(unhashed && { extra: encodeExtra(unhashed) }),
    integratedTime: leafTime(data),
    globalIndex: null,
    uuid: null,
  };
}

/** Unix seconds, rounded down, of a MerkleTreeLeaf; null where it has no time that can be one. */
function leafTime(data: Buffer): number | null {
  const milliseconds = data.length >= 10 && data.subarray(0, 2).equals(LEAF_HEADER) ? data.readBigUInt64BE(2) : null;
  return milliseconds === null || milliseconds > Number.MAX_SAFE_INTEGER
    ? null
    : Math.floor(Number(milliseconds) / 1000);
}

/** One encoding for both kinds of logs: precertificate and chain after 24-bit lengths, fingerprints after a 16-bit one. */
function encodeExtra({ precertificate, chain, fingerprints }: Unhashed): Buffer {
  return Buffer.concat([tlsOpaque(3, precertificate), tlsOpaque(3, chain), tlsOpaque(2, fingerprints)]);
}
