import { HASH_SIZE, type Hash } from '../../tlog/hash.ts';
import { parseTile, TILE_WIDTH } from '../../tlog/tile.ts';

/** Bytes of a full tile (c2sp.org/tlog-tiles: 256 hashes). */
export const MAX_TILE_BYTES = TILE_WIDTH * HASH_SIZE;
/** Bytes of the largest full bundle: 256 records of a 16-bit length and as many bytes. */
export const MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + 0xffff);

/** The first `width` hashes of a tile that was served with `served` hashes. Throws SyntaxError for another length. */
export function parseServedTile(body: Buffer, served: number, width: number): readonly Hash[] {
  return parseTile(body, served).slice(0, width);
}

/**
 * The first `width` records of a bundle that was served with `served` of them: `u16 length ‖ bytes`, exactly so many and nothing
 * after them (c2sp.org/tlog-tiles, "Log Entries"). They are views into `body`. Throws SyntaxError.
 */
export function parseBundle(body: Buffer, served: number, width: number): readonly Buffer[] {
  const records: Buffer[] = [];
  let offset = 0;
  for (let record = 0; record < served; record++) {
    if (offset + 2 > body.length) {
      throw new SyntaxError(truncated(record, served, body));
    }
    const end = offset + 2 + body.readUInt16BE(offset);
    if (end > body.length) {
      throw new SyntaxError(truncated(record, served, body));
    }
    records.push(body.subarray(offset + 2, end));
    offset = end;
  }
  if (offset !== body.length) {
    throw new SyntaxError(
      `Cannot parse entry bundle of ${body.length} bytes: ${body.length - offset} bytes follow the last of ${served} records, expected none`,
    );
  }
  return records.slice(0, width);
}

function truncated(record: number, served: number, body: Buffer): string {
  return `Cannot parse entry bundle of ${body.length} bytes: record ${record} of ${served} is cut off`;
}
