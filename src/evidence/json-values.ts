/** Deeper than every format of entries and bundles: what is nested without end would exhaust the stack of whoever walks it. */
const MAX_DEPTH = 100;

/** Values in one object, of which each takes some dozens of bytes once it is parsed. */
const MAX_PARTS = 1_000_000;

/** One value as it stands in a text, or what stands there and is none, up to the end of its line. */
export interface JsonSlice {
  readonly text: string;
  /** Null for objects and arrays, which need not be valid JSON inside. */
  readonly problem: string | null;
}

/**
 * The objects and arrays that stand one after the other in a text, with white space or commas between them, each as it is
 * written: JSON lines, what several programs printed, the elements of an array. Linear in the text.
 */
export function* sliceValues(text: string): Generator<JsonSlice, void> {
  let at = 0;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (isBetween(unit)) {
      at += 1;
      continue;
    }
    const isValue = unit === OPEN_OBJECT || unit === OPEN_ARRAY;
    const value = isValue ? valueAt(text, at) : { end: endOfScalar(text, at), depth: 0, parts: 0 };
    yield { text: text.slice(at, value.end), problem: isValue ? faultOf(value, unit) : 'it is no JSON object' };
    at = value.end;
  }
}

/** An array may have any number of elements: they are looked at one by one. */
function faultOf({ depth, parts }: Extent, unit: number): string | null {
  if (depth > MAX_DEPTH) {
    return `it is nested deeper than ${MAX_DEPTH} levels`;
  }
  return unit === OPEN_OBJECT && parts > MAX_PARTS ? `it holds more than ${MAX_PARTS} values` : null;
}

/** The elements of an array that {@link sliceValues} gave. */
export function sliceElements(array: string): Generator<JsonSlice, void> {
  return sliceValues(array.slice(1, array.endsWith(']') ? -1 : undefined));
}

function isBetween(unit: number): boolean {
  return unit === SPACE || unit === COMMA || (unit >= TAB && unit <= RETURN);
}

interface Extent {
  readonly end: number;
  /** How deep it is nested. */
  readonly depth: number;
  /** How many values it holds, or more. */
  readonly parts: number;
}

/** Up to where the brackets that open at `start` are closed, or the text ends. What stands in strings does not count. */
function valueAt(text: string, start: number): Extent {
  let [depth, deepest, parts] = [0, 0, 0];
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      at = endOfString(text, at);
    } else if (unit === OPEN_OBJECT || unit === OPEN_ARRAY) {
      depth += 1;
      parts += 1;
      deepest = Math.max(deepest, depth);
    } else if (unit === CLOSE_OBJECT || unit === CLOSE_ARRAY) {
      depth -= 1;
      if (depth === 0) {
        return { end: at + 1, depth: deepest, parts };
      }
    } else if (unit === COMMA) {
      parts += 1;
    }
  }
  return { end: text.length, depth: deepest, parts };
}

/** The index of the quote that ends a string, or the last one of the text. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  }
  return at;
}

/** What is neither an object nor an array ends with its line, or where the next one begins. */
function endOfScalar(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      at = endOfString(text, at);
    } else if (unit === NEWLINE || unit === COMMA || unit === OPEN_OBJECT || unit === OPEN_ARRAY) {
      return Math.max(at, start + 1);
    }
  }
  return text.length;
}

const [TAB, NEWLINE, RETURN, SPACE, QUOTE, COMMA, BACKSLASH] = [9, 10, 13, 32, 34, 44, 92];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];
