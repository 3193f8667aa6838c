/** Fewest characters that are taken for base64: they hold five bytes, and nothing shorter is looked for. */
const SHORTEST_RUN = 7;

/** Where one character's worth of bits can begin. */
const ALIGNMENTS = [0, 1, 2, 3] as const;

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** JSON's escapes of one letter, and what they stand for in the same order (RFC 8259 §7). */
const LETTERS = Buffer.from('"\\/bfnrt');
const MEANINGS = Buffer.from('"\\/\b\f\n\r\t');

/**
 * `bytes` with one level of JSON's escapes resolved wherever they stand, so that a JSON text in a string becomes that text. What
 * is no escape stays. Null where there is none. Takes linear time; the result is never longer.
 */
export function unescaped(bytes: Buffer): Buffer | null {
  let from = bytes.indexOf(BACKSLASH);
  if (from === -1) {
    return null;
  }
  const out = Buffer.allocUnsafe(bytes.length);
  let [read, written] = [0, 0];
  for (; from !== -1; from = bytes.indexOf(BACKSLASH, Math.max(read, from + 1))) {
    const next = bytes[from + 1];
    const plain = next === undefined ? undefined : MEANINGS[LETTERS.indexOf(next)];
    const text = next === LETTER_U ? readUnit(bytes, from) : null;
    if (plain !== undefined || text !== null) {
      written += bytes.copy(out, written, read, from);
      written = text === null ? out.writeUInt8(plain ?? 0, written) : written + out.write(text.value, written);
      read = from + (text?.length ?? 2);
    }
  }
  if (read === 0) {
    return null;
  }
  written += bytes.copy(out, written, read);
  return out.subarray(0, written);
}

/**
 * What the runs of base64 in `bytes` decode to, one run by the next: in the standard and the URL alphabet, with or without padding,
 * with white space between, as in PEM. What stands before a run may belong to it by its characters alone (`-----BEGIN …`, `sha256-…`), so
 * one that is not for certain a whole string is decoded from its first, second, third and fourth character on. Takes linear time.
 */
export function decodedRuns(bytes: Buffer): readonly Buffer[] {
  const { whole, loose } = collectRuns(bytes);
  const decoded = [whole, ...ALIGNMENTS.map((skipped) => loose.slice(skipped))].filter((runs) => runs !== '');
  return decoded.map((runs) => Buffer.from(runs, 'base64'));
}

/** All runs that are long enough, without white space: those that are whole strings, and the others. */
function collectRuns(bytes: Buffer): { readonly whole: string; readonly loose: string } {
  const whole = new Runs(bytes.length);
  const loose = new Runs(bytes.length);
  let begin = 0;
  let isPlain = true;
  for (let i = 0; i <= bytes.length; i++) {
    const byte = i === bytes.length ? QUOTE : (bytes[i] ?? 0);
    const sort = SORTS[byte] ?? 0;
    if (sort === SPACE) {
      isPlain = false;
    } else if (sort !== 0) {
      loose.add(byte);
      isPlain &&= sort === DIGIT || (sort === SLASH && i - begin >= LONGEST_PREFIX);
    } else {
      const isWhole = isPlain && isString(bytes, begin, i);
      loose.endRun(isWhole ? whole : loose);
      begin = i + 1;
      isPlain = true;
    }
  }
  return { whole: whole.text(), loose: loose.text() };
}

/** Whether a JSON string, or all there is, is what stands there with its padding, of a length that base64 has. */
function isString(bytes: Buffer, begin: number, end: number): boolean {
  const padding = bytes[end] === PADDING ? (bytes[end + 1] === PADDING ? 2 : 1) : 0;
  const before = begin === 0 ? QUOTE : bytes[begin - 1];
  const after = end + padding >= bytes.length ? QUOTE : bytes[end + padding];
  return before === QUOTE && after === QUOTE && (end + padding - begin) % 4 === 0;
}

/** Runs of base64 as they are collected. Each begins at a multiple of four; what fills up before it decodes to bytes that no text holds. */
class Runs {
  readonly #bytes: Buffer;
  #length = 0;
  #start = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size * 2 + 8);
  }

  add(byte: number): void {
    this.#bytes[this.#length++] = byte;
  }

  /** Keeps what was added since the last run here, or moves it to `place`; drops what is too short. */
  endRun(place: Runs): void {
    const added = this.#length - this.#start;
    this.#length = this.#start;
    if (added < SHORTEST_RUN) {
      return;
    }
    if (place !== this) {
      this.#bytes.copy(place.#bytes, place.#length, this.#start, this.#start + added);
    }
    const end = place.#length + added;
    place.#length = end + 4 + ((4 - (end % 4)) % 4);
    place.#bytes.fill(FILLER, end, place.#length);
    place.#start = place.#length;
  }

  text(): string {
    return this.#bytes.toString('latin1', 0, this.#length);
  }
}

const [QUOTE = 0, PADDING = 0, FILLER = 0] = Buffer.from('"=/');

/** A path before base64 shows by a slash in its first characters, as the whole of a path or a name does by the two digits of the URL alphabet. */
const LONGEST_PREFIX = 16;
const DIGIT = 1;
const SLASH = 2;
const URL_DIGIT = 3;
const SPACE = 4;

/** What a byte is to base64: a digit of one of its alphabets (RFC 4648 §4, §5), white space, or 0 for anything else. */
const SORTS = ((): Uint8Array => {
  const sorts = new Uint8Array(256);
  const sorted = [
    [DIGIT, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+'],
    [SLASH, '/'],
    [URL_DIGIT, '-_'],
    [SPACE, ' \t\r\n'],
  ] as const;
  for (const [sort, characters] of sorted) {
    for (const byte of Buffer.from(characters)) {
      sorts[byte] = sort;
    }
  }
  return sorts;
})();

/** The character that a `\u` escape at `at` writes, or the pair of escapes there (RFC 8259 §7); null where it is none. */
function readUnit(bytes: Buffer, at: number): { readonly value: string; readonly length: number } | null {
  const unit = hexUnit(bytes, at + 2);
  if (unit === null) {
    return null;
  }
  const isPaired = isHigh(unit) && bytes[at + 6] === BACKSLASH && bytes[at + 7] === LETTER_U;
  const second = isPaired ? hexUnit(bytes, at + 8) : null;
  return second !== null && isLow(second)
    ? { value: String.fromCharCode(unit, second), length: 12 }
    : { value: String.fromCharCode(unit), length: 6 };
}

/** The code unit that four hex digits at `at` write; null where they are none. */
function hexUnit(bytes: Buffer, at: number): number | null {
  const digits = bytes.toString('latin1', at, at + 4);
  return /^[0-9A-Fa-f]{4}$/.test(digits) ? Number.parseInt(digits, 16) : null;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
