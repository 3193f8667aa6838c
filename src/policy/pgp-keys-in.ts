import { EntryError } from '../entry/entry-error.ts';
import { pgpFingerprint } from '../entry/pgp-fingerprint.ts';

/** Longer ones are no keys that anybody signs with. */
const LONGEST_KEY = 4096;
/** Version, time of creation and algorithm; no key is so short. */
const SHORTEST_KEY = 12;

/** How a packet with a public key or subkey begins (RFC 4880 §4.2.1), by how many bytes its length takes in the old framing. */
const OLD_FRAMING: ReadonlyMap<number, number> = new Map([
  [0x98, 1],
  [0x99, 2],
  [0xb8, 1],
  [0xb9, 2],
]);
const NEW_FRAMING: ReadonlySet<number> = new Set([0xc6, 0xce]);
const VERSIONS: ReadonlySet<number | undefined> = new Set([4, 5, 6]);

/** What may be the body of a packet with a key. */
export interface PgpKeyFound {
  readonly body: Buffer;
  /** Lower-case hex; empty for what is none. */
  fingerprint(): string;
}

/** Each PGP public key or subkey whose packet stands anywhere in `bytes`, and what looks like one. */
export function* pgpKeysIn(bytes: Buffer): Generator<PgpKeyFound> {
  for (let at = 0; at < bytes.length; at++) {
    const first = bytes[at] ?? 0;
    if (first < 0x98 || first > 0xce) {
      continue;
    }
    const old = OLD_FRAMING.get(first);
    const extent =
      old !== undefined ? oldExtent(bytes, at + 1, old) : NEW_FRAMING.has(first) ? newExtent(bytes, at + 1) : null;
    if (extent === null || !VERSIONS.has(bytes[extent.begin])) {
      continue;
    }
    const { begin, length } = extent;
    if (length >= SHORTEST_KEY && length <= LONGEST_KEY && begin + length <= bytes.length) {
      const body = bytes.subarray(begin, begin + length);
      yield { body, fingerprint: () => fingerprintOf(body) };
    }
  }
}

interface Extent {
  readonly begin: number;
  readonly length: number;
}

function oldExtent(bytes: Buffer, at: number, size: number): Extent | null {
  return at + size > bytes.length ? null : { begin: at + size, length: bytes.readUIntBE(at, size) };
}

/** One byte, or two; a key needs no more (RFC 4880 §4.2.2). */
function newExtent(bytes: Buffer, at: number): Extent | null {
  const [first, second] = [bytes[at], bytes[at + 1]];
  if (first === undefined || second === undefined || first >= 224) {
    return null;
  }
  return first < 192
    ? { begin: at + 1, length: first }
    : { begin: at + 2, length: ((first - 192) << 8) + second + 192 };
}

function fingerprintOf(body: Buffer): string {
  try {
    return pgpFingerprint(body, 'PGP key');
  } catch (error) {
    if (error instanceof EntryError) {
      return '';
    }
    throw error;
  }
}
