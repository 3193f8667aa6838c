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

/** Slots for each needle, so that few windows of other bytes fall into one that is taken; and the bits of how many there are in any case, and at most. */
const SLOTS_EACH = 16;
const [LEAST_BITS, MOST_BITS] = [10, 20];

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

/** Prepares needles to be looked for. Each is found by that part of it that the fewest others hold: not by how all URLs begin. */
export function indexNeedles(needles: readonly Needle[]): NeedleIndex {
  const bits = Math.ceil(Math.log2(needles.length * SLOTS_EACH));
  const shift = 32 - Math.min(Math.max(bits, LEAST_BITS), MOST_BITS);
  const slots = new Uint8Array(2 ** (32 - shift));
  const byWindow = new Map<number, Indexed[]>();
  const folded = needles.map(({ bytes }) => fold(bytes));
  const counts = countWindows(folded);
  needles.forEach(({ isNumber }, position) => {
    const bytes = folded[position] ?? Buffer.alloc(0);
    const offset = rarestWindow(bytes, counts);
    const window = windowAt(bytes, offset);
    const sharing = byWindow.get(window) ?? [];
    byWindow.set(window, sharing);
    sharing.push({ bytes, isNumber, position, offset });
    slots[slotOf(window, shift)] = 1;
  });
  return {
    scan: (bytes, found) => {
      let window = 0;
      for (let i = 0; i < bytes.length; i++) {
        window = (window << 8) | (FOLDED[bytes[i] ?? 0] ?? 0);
        if (slots[slotOf(window, shift)] === 1 && i >= WINDOW - 1) {
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

/** How often each window stands in the needles. */
function countWindows(needles: readonly Buffer[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const needle of needles) {
    for (let offset = 0; offset + WINDOW <= needle.length; offset++) {
      const window = windowAt(needle, offset);
      counts.set(window, (counts.get(window) ?? 0) + 1);
    }
  }
  return counts;
}

/** Of several the last: names differ late. */
function rarestWindow(needle: Buffer, counts: ReadonlyMap<number, number>): number {
  let best = 0;
  let fewest = Infinity;
  for (let offset = 0; offset + WINDOW <= needle.length; offset++) {
    const count = counts.get(windowAt(needle, offset)) ?? 0;
    if (count <= fewest) {
      [best, fewest] = [offset, count];
    }
  }
  return best;
}

/** As the scan computes it: a signed number of 32 bits. */
function windowAt(folded: Buffer, offset: number): number {
  return folded.readInt32BE(offset);
}

function slotOf(window: number, shift: number): number {
  return Math.imul(window, 0x9e3779b1) >>> shift;
}

function standsAt(bytes: Buffer, start: number, { bytes: needle, isNumber }: Indexed): boolean {
  const end = start + needle.length;
  if (start < 0 || end > bytes.length) {
    return false;
  }
  for (let i = needle.length - 1; i >= 0; i--) {
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
