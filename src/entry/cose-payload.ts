/** Deeper than any header of a message that was signed to be read. */
const MAX_DEPTH = 16;
/** CBOR tag of COSE_Sign1 (RFC 9052 §2). */
const TAG_SIGN1 = 18;

const BYTES = 2;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

/**
 * The payload of a COSE_Sign1 message, tagged or not (RFC 9052 §4.2): an array of protected headers, unprotected headers, payload
 * and signature. Null for everything else, indefinite lengths and a detached payload too. Never throws; linear in the bytes.
 */
export function payloadOfCoseSign1(message: Buffer): Buffer | null {
  try {
    const outer = readHead(message, 0);
    const array = outer.major === TAG && outer.argument === TAG_SIGN1 ? readHead(message, outer.end) : outer;
    if (array.major !== ARRAY || array.argument !== 4) {
      return null;
    }
    const { end: afterProtected } = readBytes(message, array.end);
    const afterHeaders = skip(message, afterProtected, 0);
    const payload = readBytes(message, afterHeaders);
    const signature = readBytes(message, payload.end);
    return signature.end === message.length ? payload.bytes : null;
  } catch {
    // Cut short, or not CBOR of definite lengths.
    return null;
  }
}

interface Head {
  readonly major: number;
  /** The value or the length. */
  readonly argument: number;
  readonly end: number;
}

/** One initial byte with its argument (RFC 8949 §3). Throws for what is cut short and for indefinite lengths. */
function readHead(message: Buffer, at: number): Head {
  const initial = message.readUInt8(at);
  const [major, info] = [initial >> 5, initial & 0x1f];
  switch (info) {
    case 24:
      return { major, argument: message.readUInt8(at + 1), end: at + 2 };
    case 25:
      return { major, argument: message.readUInt16BE(at + 1), end: at + 3 };
    case 26:
      return { major, argument: message.readUInt32BE(at + 1), end: at + 5 };
    case 27:
      // As a length it is more than any buffer holds, unless its upper half is nothing.
      return { major, argument: Number(message.readBigUInt64BE(at + 1)), end: at + 9 };
    default:
      if (info > 27) {
        throw new RangeError('indefinite length');
      }
      return { major, argument: info, end: at + 1 };
  }
}

function readBytes(message: Buffer, at: number): { readonly bytes: Buffer; readonly end: number } {
  const { major, argument, end } = readHead(message, at);
  if (major !== BYTES || argument > message.length - end) {
    throw new RangeError('no byte string');
  }
  return { bytes: message.subarray(end, end + argument), end: end + argument };
}

/** The offset behind one item of any type. */
function skip(message: Buffer, at: number, depth: number): number {
  if (depth > MAX_DEPTH) {
    throw new RangeError('nested too deep');
  }
  const { major, argument, end } = readHead(message, at);
  if (major === BYTES || major === BYTES + 1) {
    // Whoever reads behind the end finds nothing there.
    return end + argument;
  }
  const items = major === TAG ? 1 : major === ARRAY ? argument : major === MAP ? 2 * argument : 0;
  let next = end;
  for (let item = 0; item < items; item++) {
    next = skip(message, next, depth + 1);
  }
  return next;
}
