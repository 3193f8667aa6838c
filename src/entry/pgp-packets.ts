import { EntryError } from './entry-error.ts';

/** One packet of PGP: what it is, and where its body lies. Not the body itself: a file may hold millions that nobody looks at. */
export interface PgpPacket {
  readonly tag: number;
  readonly begin: number;
  readonly end: number;
}

/** Where a body begins, and its length in bytes. */
interface Extent {
  readonly at: number;
  readonly length: number;
}

/**
 * Splits bytes into PGP packets (RFC 4880 §4.2, RFC 9580 §4.2), framed in the old way or the new. Lengths that come in parts, or not at
 * all, are refused: no key is written so. Throws EntryError at what is no packet; `what` names the bytes.
 */
export function* readPackets(bytes: Buffer, what: string): Generator<PgpPacket, void, undefined> {
  for (let at = 0; at < bytes.length;) {
    const header = octet(bytes, at, what);
    if ((header & 0x80) === 0) {
      throw new EntryError(`Cannot read ${what}: at byte ${at} stands no PGP packet`);
    }
    const isNew = (header & 0x40) !== 0;
    const { at: begin, length } = isNew ? newLength(bytes, at + 1, what) : oldLength(bytes, at + 1, header & 3, what);
    const end = begin + length;
    if (end > bytes.length) {
      throw new EntryError(`Cannot read ${what}: a PGP packet ends at byte ${end}, behind the last of ${bytes.length}`);
    }
    yield { tag: isNew ? header & 0x3f : (header >> 2) & 0x0f, begin, end };
    at = end;
  }
}

function oldLength(bytes: Buffer, at: number, type: number, what: string): Extent {
  if (type === 3) {
    throw new EntryError(`Cannot read ${what}: a PGP packet of unknown length, expected one that names its length`);
  }
  const size = 1 << type;
  return { at: at + size, length: unsigned(bytes, at, size, what) };
}

function newLength(bytes: Buffer, at: number, what: string): Extent {
  const first = octet(bytes, at, what);
  if (first < 192) {
    return { at: at + 1, length: first };
  }
  if (first < 224) {
    return { at: at + 2, length: ((first - 192) << 8) + octet(bytes, at + 1, what) + 192 };
  }
  if (first < 255) {
    throw new EntryError(`Cannot read ${what}: a PGP packet in parts, expected one of one length`);
  }
  return { at: at + 5, length: unsigned(bytes, at + 1, 4, what) };
}

function octet(bytes: Buffer, at: number, what: string): number {
  return unsigned(bytes, at, 1, what);
}

/** `size`: at most 4 bytes. */
function unsigned(bytes: Buffer, at: number, size: number, what: string): number {
  if (at + size > bytes.length) {
    throw new EntryError(`Cannot read ${what}: it ends inside the head of a PGP packet`);
  }
  return bytes.readUIntBE(at, size);
}
