/** A copy reaches back this far at most in one of its three forms; each element is at least one byte. */
const MOST_LENGTH_BYTES = 5;

/**
 * Decodes one raw block of Snappy (google/snappy, format_description.txt), without the framing of files. Takes memory for `maxBytes`
 * at most, whatever the block says, and time in proportion. Throws SyntaxError for what is no such block, or a larger one.
 */
export function decodeSnappy(block: Buffer, maxBytes: number): Buffer {
  const { length, start } = readLength(block);
  if (length > maxBytes) {
    throw fault(`it holds ${length} bytes, expected at most ${maxBytes}`);
  }
  const output = Buffer.alloc(length);
  let at = start;
  let written = 0;
  while (at < block.length) {
    const tag = block.readUInt8(at);
    const element = (tag & 3) === 0 ? readLiteral(block, at, tag) : readCopy(block, at, tag);
    if (element.length > length - written) {
      throw fault('it holds more than it says');
    }
    if (element.from === null) {
      const end = element.next + element.length;
      if (end > block.length) {
        throw ended();
      }
      block.copy(output, written, element.next, end);
      at = end;
    } else {
      if (element.from === 0 || element.from > written) {
        throw fault('a copy reaches behind its beginning');
      }
      // Byte by byte: a copy may read what it has just written.
      for (let count = 0; count < element.length; count += 1) {
        output[written + count] = output.readUInt8(written + count - element.from);
      }
      at = element.next;
    }
    written += element.length;
  }
  if (written !== length) {
    throw ended();
  }
  return output;
}

/** So many bytes follow at `next` of the block, or lie `from` bytes back in what was decoded. */
interface Element {
  readonly length: number;
  readonly from: number | null;
  readonly next: number;
}

/** The length of all, a little-endian varint of at most 32 bits. */
function readLength(block: Buffer): { readonly length: number; readonly start: number } {
  let length = 0;
  for (let at = 0; at < MOST_LENGTH_BYTES; at += 1) {
    const byte = numberAt(block, at, 1);
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) {
      return { length, start: at + 1 };
    }
  }
  throw fault('its length has too many bytes');
}

/** Up to 60 bytes: the length stands in the tag; more: in one to four bytes behind it. */
function readLiteral(block: Buffer, at: number, tag: number): Element {
  const short = tag >>> 2;
  const size = Math.max(0, short - 59);
  const length = (size === 0 ? short : numberAt(block, at + 1, size)) + 1;
  return { length, from: null, next: at + 1 + size };
}

function readCopy(block: Buffer, at: number, tag: number): Element {
  switch (tag & 3) {
    case 1:
      return {
        length: ((tag >>> 2) & 7) + 4,
        from: (tag >>> 5) * 256 + numberAt(block, at + 1, 1),
        next: at + 2,
      };
    case 2:
      return { length: (tag >>> 2) + 1, from: numberAt(block, at + 1, 2), next: at + 3 };
    default:
      return { length: (tag >>> 2) + 1, from: numberAt(block, at + 1, 4), next: at + 5 };
  }
}

/** Little-endian. */
function numberAt(block: Buffer, at: number, size: number): number {
  if (at + size > block.length) {
    throw ended();
  }
  return block.readUIntLE(at, size);
}

function ended(): SyntaxError {
  return fault('it ends too early');
}

function fault(why: string): SyntaxError {
  return new SyntaxError(`Cannot decode a Snappy block: ${why}`);
}
