/** What is looked for, without regard to the case of ASCII letters. At least {@link SHORTEST} bytes. */
export interface Needle {
  readonly bytes: Buffer;
  /** Of digits, which count only where no further digit stands beside them. */
  readonly isNumber: boolean;
}

/** Fewest bytes of a needle: what is shorter stands in everything. */
export const SHORTEST = 5;

/** Bytes of the part of a needle by which its places are found. */
const WINDOW = 4;
const SLOT_BITS = 16;

/** Finds many needles in one pass. */
export interface NeedleIndex {
  /** Adds to `found` the positions of the needles that stand in `bytes`. Takes time linear in the bytes. */
  scan(bytes: Buffer, found: Set<number>): void;
}

interface Indexed extends Needle {
  readonly position: number;
  /** Where its window begins. */
  readonly offset: number;
}

/** Prepares needles to be looked for. Each is found by that part of it that the fewest others share. */
export function indexNeedles(needles: readonly Needle[]): NeedleIndex {
  const slots = new Uint8Array(1 << SLOT_BITS);
  const byWindow = new Map<number, Indexed[]>();
  needles.forEach(({ bytes, isNumber }, position) => {
    const folded = fold(bytes);
    const offset = rarestWindow(folded, byWindow);
    const window = windowAt(folded, offset);
    slots[slotOf(window)] = 1;
    byWindow.set(window, [...(byWindow.get(window) ?? []), { bytes: folded, isNumber, position, offset }]);
  });
  return {
    scan: (bytes, found) => {
      let window = 0;
      for (let i = 0; i < bytes.length; i++) {
        window = (window << 8) | (FOLDED[bytes[i] ?? 0] ?? 0);
        if (slots[slotOf(window)] === 1 && i >= WINDOW - 1) {
          for (const needle of byWindow.get(window) ?? []) {
            if (!found.has(needle.position) && standsAt(bytes, i - WINDOW + 1 - needle.offset, needle)) {
              found.add(needle.position);
            }
          }
        }
      }
    },
  };
}

function rarestWindow(folded: Buffer, taken: ReadonlyMap<number, readonly Indexed[]>): number {
  let best = 0;
  let fewest = Infinity;
  for (let offset = 0; offset + WINDOW <= folded.length && fewest > 0; offset++) {
    const sharing = taken.get(windowAt(folded, offset))?.length ?? 0;
    if (sharing < fewest) {
      [best, fewest] = [offset, sharing];
    }
  }
  return best;
}

/** As the scan computes it: a signed number of 32 bits. */
function windowAt(folded: Buffer, offset: number): number {
  return folded.readInt32BE(offset);
}

function slotOf(window: number): number {
  return Math.imul(window, 0x9e3779b1) >>> (32 - SLOT_BITS);
}

function standsAt(bytes: Buffer, start: number, { bytes: needle, isNumber }: Indexed): boolean {
  const end = start + needle.length;
  if (start < 0 || end > bytes.length) {
    return false;
  }
  for (let i = 0; i < needle.length; i++) {
    if (FOLDED[bytes[start + i] ?? 0] !== needle[i]) {
      return false;
    }
  }
  // In DER its length stands before it, and what follows may begin with 0x30, which is a digit as well.
  return !isNumber || bytes[start - 1] === needle.length || !(isDigit(bytes[start - 1]) || isDigit(bytes[end]));
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function fold(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => FOLDED[byte] ?? byte));
}

/** Each byte, letters of ASCII in lower case. */
const FOLDED = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));
