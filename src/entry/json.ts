import { EntryError } from './entry-error.ts';

/** An object of parsed JSON: nothing is known about its values. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Below this size no nesting costs anything worth counting. */
const SMALL_BYTES = 64 * 1024;
/** Deeper than every entry format. */
const MAX_DEPTH = 100;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const REPLACEMENT = '\ufffd';

/** Parses bytes that must be one JSON object in valid UTF-8; `what` names them in the EntryError thrown when they are none. */
export function parseJsonObject(bytes: Buffer, what = 'entry'): JsonObject {
  if (bytes.length > SMALL_BYTES && nestingOf(bytes) > MAX_DEPTH) {
    throw new EntryError(`Cannot read ${what}: its JSON is nested deeper than ${MAX_DEPTH} levels`);
  }
  let value: unknown;
  try {
    const text = bytes.toString();
    // Bytes that are no UTF-8 become this character; only then is it worth looking whether it stood there.
    value = JSON.parse(text.includes(REPLACEMENT) ? UTF8.decode(bytes) : text);
  } catch {
    throw new EntryError(`Cannot read ${what}: it is not JSON in UTF-8`);
  }
  if (!isObject(value)) {
    throw new EntryError(`Cannot read ${what}: its JSON is ${describe(value)}, expected an object`);
  }
  return value;
}

/** The object at `parent[key]`; `path` names `parent` in the EntryError thrown when there is none. */
export function objectAt(parent: JsonObject, key: string, path: string): JsonObject {
  const value = parent[key];
  if (!isObject(value)) {
    throw new EntryError(`Cannot read ${path}.${key}: found ${describe(value)}, expected an object`);
  }
  return value;
}

/** The string at `parent[key]`; throws EntryError as {@link objectAt}. */
export function stringAt(parent: JsonObject, key: string, path: string): string {
  const value = parent[key];
  if (typeof value !== 'string') {
    throw new EntryError(`Cannot read ${path}.${key}: found ${describe(value)}, expected a string`);
  }
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The type of a value in words; never the value, which is as long and as hostile as its author likes. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) {
    return value === null ? 'null' : 'nothing';
  }
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

/** The deepest nesting of brackets outside strings. */
function nestingOf(bytes: Buffer): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      at += byte === BACKSLASH ? 1 : 0;
      inString = byte !== QUOTE;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1;
    }
  }
  return deepest;
}

const [QUOTE, BACKSLASH, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = Buffer.from('"\\{}[]');
