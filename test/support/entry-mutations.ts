import fc from 'fast-check';
import type { DecodedEntry } from '../../src/entry/entry.ts';

/** The way to a value in JSON: the names of members and the numbers of items. */
export type JsonPath = readonly string[];

/** `body` with another value at `path`; undefined takes the member away. */
export function replaced(body: unknown, [key, ...rest]: JsonPath, value: unknown): unknown {
  if (key === undefined) {
    return value;
  }
  // Callers name paths that lead through objects and lists only.
  const parent = body as Record<string, unknown>;
  const child = replaced(parent[key], rest, value);
  return Array.isArray(body) ? (body as unknown[]).with(Number(key), child) : { ...parent, [key]: child };
}

/** The ways to all values inside of `value`. */
export function pathsOf(value: unknown): JsonPath[] {
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return members.flatMap(([key, member]) => [[key], ...pathsOf(member).map((path) => [key, ...path])]);
}

/** True unless reading went wrong in a way that nobody foresaw. */
export function isForeseen(decoded: DecodedEntry): boolean {
  return decoded.ok ? decoded.entry.kind.length > 0 : /^Cannot (?!read entry: \w*Error)/.test(decoded.problem);
}

/** The leaf with one value exchanged for any other, or taken away. */
export function otherValue(leaf: Buffer): fc.Arbitrary<Buffer> {
  const body: unknown = JSON.parse(leaf.toString());
  return fc
    .tuple(
      fc.constantFrom(...pathsOf(body)),
      fc.oneof(fc.jsonValue(), fc.base64String({ maxLength: 80 }), fc.constant(undefined)),
    )
    .map(([path, value]) => Buffer.from(JSON.stringify(replaced(body, path, value))));
}

/** The leaf with some bytes changed inside of what it holds: in base64, and there in PEM, in JSON, in DER. */
export function flippedInside(leaf: Buffer): fc.Arbitrary<Buffer> {
  const body: unknown = JSON.parse(leaf.toString());
  const texts = pathsOf(body).filter((path) => typeof valueAt(body, path) === 'string');
  const flip = fc.record({ place: fc.double({ min: 0, max: 1, noNaN: true }), mask: fc.integer({ min: 1, max: 255 }) });
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(flip, { minLength: 1, maxLength: 3 }))
    .map(([path, flips]) =>
      Buffer.from(JSON.stringify(replaced(body, path, flippedText(String(valueAt(body, path)), flips)))),
    );
}

interface Flip {
  /** Between 0, the first byte, and 1, the last. */
  readonly place: number;
  readonly mask: number;
}

const PEM = /^(-----BEGIN [A-Z0-9 ]+-----\n)([A-Za-z0-9+/=\n]+)(\n-----END [A-Z0-9 ]+-----\n*)$/;

function flippedText(text: string, flips: readonly Flip[]): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length < 20 || bytes.toString('base64') !== text) {
    return flipped(Buffer.from(text), flips).toString('latin1');
  }
  const [, begin, der, end] = PEM.exec(bytes.toString('latin1')) ?? [];
  if (begin === undefined || der === undefined || end === undefined) {
    return flipped(bytes, flips).toString('base64');
  }
  const changed = flipped(Buffer.from(der, 'base64'), flips).toString('base64');
  return Buffer.from(`${begin}${changed}${end}`).toString('base64');
}

function flipped(bytes: Buffer, flips: readonly Flip[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const { place, mask } of flips) {
    const at = Math.floor(place * (copy.length - 1));
    copy.writeUInt8(copy.readUInt8(at) ^ mask, at);
  }
  return copy;
}

function valueAt(body: unknown, path: JsonPath): unknown {
  // As above: paths lead through objects and lists only.
  return path.reduce((value, key) => (value as Record<string, unknown>)[key], body);
}
