import { TlsReader } from '../../lib/tls-reader.ts';
import { TILE_WIDTH } from '../../tlog/tile.ts';
import { merkleTreeLeaf, type Unhashed } from './leaf.ts';

/**
 * Bytes of a full data tile: 64 KiB for each entry, as much as an entry of c2sp.org/tlog-tiles has. Fulcio's take 4 KB
 * with their precertificates.
 */
export const MAX_DATA_TILE_BYTES = TILE_WIDTH * 64 * 1024;

/** One entry of a data tile: what was hashed, and what came with it. */
export interface TileEntry {
  /** MerkleTreeLeaf. */
  readonly data: Buffer;
  readonly unhashed: Unhashed;
}

const X509_ENTRY = 0;
const PRECERT_ENTRY = 1;
const KEY_HASH_SIZE = 32;
const EMPTY = Buffer.alloc(0);

/**
 * The first `width` entries of a data tile that was served with `served` of them (c2sp.org/static-ct-api, "Log Entries"):
 * they have no length, so each must be read to find the next. Throws SyntaxError unless there are exactly so many.
 */
export function parseDataTile(body: Buffer, served: number, width: number): readonly TileEntry[] {
  const reader = new TlsReader(body, `data tile of ${body.length} bytes`);
  const entries: TileEntry[] = [];
  for (let entry = 0; entry < served; entry++) {
    entries.push(readEntry(reader, body));
  }
  reader.end();
  return entries.slice(0, width);
}

/** TileLeaf: TimestampedEntry (RFC 6962 §3.4), then a precertificate where it is one, then the chain's fingerprints. */
function readEntry(reader: TlsReader, body: Buffer): TileEntry {
  const start = reader.position;
  reader.bytes(8);
  const type = reader.number(2);
  if (type !== X509_ENTRY && type !== PRECERT_ENTRY) {
    throw new SyntaxError(`Cannot read data tile: an entry at byte ${start} has type ${type}, expected 0 or 1`);
  }
  if (type === PRECERT_ENTRY) {
    reader.bytes(KEY_HASH_SIZE);
  }
  reader.opaque(3);
  reader.opaque(2);
  const data = merkleTreeLeaf(body.subarray(start, reader.position));
  const precertificate = type === PRECERT_ENTRY ? reader.opaque(3) : EMPTY;
  return { data, unhashed: { precertificate, chain: EMPTY, fingerprints: reader.opaque(2) } };
}
