import type { Tape } from './tape.ts';

/** Values at the edges of what a byte means in DER, in JSON, in base64 and in PGP. */
const EDGES = [0x00, 0x01, 0x0c, 0x1f, 0x20, 0x22, 0x2d, 0x30, 0x3d, 0x5c, 0x7b, 0x7f, 0x80, 0x84, 0xa0, 0xc6, 0xff];
const MAX_GROWTH = 300;

type Change = (bytes: Buffer, tape: Tape) => Buffer;

const CHANGES: readonly Change[] = [
  // A bit, a byte, a byte that means something.
  (bytes, tape) => written(bytes, tape, (byte) => byte ^ (1 << tape.below(8))),
  (bytes, tape) => written(bytes, tape, (byte) => (byte + 1 + tape.below(255)) % 256),
  (bytes, tape) => written(bytes, tape, () => tape.pick(EDGES) ?? 0),
  // The end, a piece of the middle.
  (bytes, tape) => bytes.subarray(0, tape.below(bytes.length + 1)),
  (bytes, tape) => {
    const at = tape.below(bytes.length + 1);
    return spliced(bytes, at, at + 1 + tape.below(16), Buffer.alloc(0));
  },
  // One byte or several more, also some that stand elsewhere.
  (bytes, tape) => spliced(bytes, tape.below(bytes.length + 1), null, Buffer.of(tape.below(256))),
  (bytes, tape) => {
    const from = tape.below(bytes.length + 1);
    const copy = bytes.subarray(from, from + 1 + tape.below(MAX_GROWTH));
    return spliced(bytes, tape.below(bytes.length + 1), null, copy);
  },
  // Two pieces of one length change places.
  (bytes, tape) => {
    const size = 1 + tape.below(32);
    const most = bytes.length - size;
    if (most < 0) {
      return bytes;
    }
    const [one, other] = [tape.below(most + 1), tape.below(most + 1)];
    const copy = Buffer.from(bytes);
    bytes.copy(copy, one, other, other + size);
    bytes.copy(copy, other, one, one + size);
    return copy;
  },
];

/** The bytes changed in one place, as bytes that mean nothing. */
export function mutateBytes(bytes: Buffer, tape: Tape): Buffer {
  return tape.pick(CHANGES)?.(bytes, tape) ?? bytes;
}

/** `bytes` with those from `start` up to `end` replaced; null: none. */
export function spliced(bytes: Buffer, start: number, end: number | null, replacement: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), replacement, bytes.subarray(end ?? start)]);
}

function written(bytes: Buffer, tape: Tape, change: (byte: number) => number): Buffer {
  if (bytes.length === 0) {
    return bytes;
  }
  const at = tape.below(bytes.length);
  const copy = Buffer.from(bytes);
  copy[at] = change(copy.readUInt8(at));
  return copy;
}
