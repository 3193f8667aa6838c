import { EntryError } from './entry-error.ts';
import { describe, isObject, type JsonObject } from './json.ts';

/** Deeper than any key, and with more members: putting them in order takes time. */
const MAX_DEPTH = 20;
const MAX_MEMBERS = 1000;

/**
 * The OLPC canonical JSON that TUF hashes and signs: members in order, nothing between them, of a string only quotes and
 * backslashes escaped, no fractions (securesystemslib, `encode_canonical`). Not that of RFC 8785, which escapes line ends.
 * Throws EntryError for a value that has none.
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) {
    throw new EntryError(`Cannot write canonical JSON: it is nested deeper than ${MAX_DEPTH} levels`);
  }
  if (typeof value === 'string') {
    return quote(value);
  }
  if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value))) {
    return String(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`;
  }
  if (!isObject(value)) {
    throw new EntryError(`Cannot write canonical JSON: found ${describe(value)}, expected an integer`);
  }
  return canonicalObject(value, depth);
}

function canonicalObject(value: JsonObject, depth: number): string {
  const names = Object.keys(value);
  if (names.length > MAX_MEMBERS) {
    throw new EntryError(`Cannot write canonical JSON of ${names.length} members: expected at most ${MAX_MEMBERS}`);
  }
  const members = Object.entries(value).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${members.map(([name, item]) => `${quote(name)}:${canonicalJson(item, depth + 1)}`).join(',')}}`;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
