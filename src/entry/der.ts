/** Bytes that are not the DER expected. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** Where an element lies: its tag at `at`, its content from `start` up to `end`, which is also where the next one begins. */
export interface Element {
  readonly tag: number;
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** Where a content lies. */
export type Range = Pick<Element, 'start' | 'end'>;

/** Identifier octets (X.690 §8.1.2) of the universal types that are looked at. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/** Low five bits all set: the tag number follows in further octets, which nothing that is read here uses. */
const HIGH_TAG_NUMBER = 0x1f;
const LONG_LENGTH = 0x80;
const MAX_LENGTH_OCTETS = 4;
const MAX_OID_BYTES = 128;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The element that begins at `at` and must end before or at `limit`, which is at most `der.length`.
 * Throws DerError for what DER forbids (indefinite and overlong lengths) and for elements that reach too far.
 */
export function readElement(der: Buffer, at: number, limit: number): Element {
  const element = findElement(der, at, limit);
  if (element === null) {
    throw new DerError(`Cannot read DER at byte ${at}: ${faultOf(der, at, limit)}`);
  }
  return element;
}

/** As {@link readElement}, but null where there is no such element: a thrown error costs far more than what it tells. */
export function findElement(der: Buffer, at: number, limit: number): Element | null {
  // What lies beyond the limit reads as 0 or as a neighbour's bytes; the last check below refuses it.
  const tag = der[at] ?? 0;
  const first = der[at + 1] ?? 0;
  const octets = first < LONG_LENGTH ? 0 : first - LONG_LENGTH;
  const length = first < LONG_LENGTH ? first : readLongLength(der, at, octets);
  if ((tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER || length === null) {
    return null;
  }
  const start = at + 2 + octets;
  const end = start + length;
  return start > limit || end > limit ? null : { tag, at, start, end };
}

/** Why no element begins at `at`. */
function faultOf(der: Buffer, at: number, limit: number): string {
  if (((der[at] ?? 0) & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) {
    return 'tag numbers above 30 are not expected';
  }
  const first = der[at + 1] ?? 0;
  return first >= LONG_LENGTH && readLongLength(der, at, first - LONG_LENGTH) === null
    ? 'its length is indefinite, overlong or too large'
    : `the element reaches beyond byte ${limit}`;
}

/** Reads an element of type `tag`; `what` names it in the DerError thrown for any other. */
export function expectElement(der: Buffer, at: number, limit: number, tag: number, what: string): Element {
  const element = readElement(der, at, limit);
  if (element.tag !== tag) {
    throw new DerError(`Cannot read ${what} at byte ${at}: found tag ${hex(element.tag)}, expected ${hex(tag)}`);
  }
  return element;
}

/** Throws DerError unless `at`, where reading stopped, is `end`, where the content of `what` ends. */
export function expectEnd(at: number, end: number, what: string): void {
  if (at !== end) {
    throw new DerError(`Cannot read ${what}: ${end - at} unexpected bytes at its end`);
  }
}

/**
 * Throws DerError unless the element at `at` has the shape of a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), of whatever
 * algorithm. Returns the element.
 */
export function expectSpki(der: Buffer, at: number, limit: number): Element {
  const spki = expectElement(der, at, limit, TAG.sequence, 'public key');
  const algorithm = expectElement(der, spki.start, spki.end, TAG.sequence, 'algorithm of the public key');
  expectElement(der, algorithm.start, algorithm.end, TAG.oid, 'algorithm of the public key');
  const key = expectElement(der, algorithm.end, spki.end, TAG.bitString, 'bits of the public key');
  expectEnd(key.end, spki.end, 'public key');
  return spki;
}

/**
 * DER with the same bytes as Latin-1 characters, from which a text is cut at a fraction of the cost of decoding it.
 * A text that was cut keeps all of `chars` in memory.
 */
export interface DerText {
  readonly bytes: Buffer;
  readonly chars: string;
}

/** The text between two offsets, or null where it is not valid UTF-8. */
export function readText(der: DerText, start: number, end: number): string | null {
  let ascii = 0;
  for (let at = start; at < end; at++) {
    ascii |= der.bytes[at] ?? 0;
  }
  return ascii < 0x80 ? der.chars.slice(start, end) : decodeUtf8(der.bytes.subarray(start, end));
}

/** As {@link readText}, with U+FFFD for whatever is not valid UTF-8. */
export function readAnyText(der: DerText, start: number, end: number): string {
  return readText(der, start, end) ?? der.bytes.toString('utf8', start, end);
}

/** The encoded bytes of a dotted OBJECT IDENTIFIER as Latin-1 characters (X.690 §8.19). */
export function encodeOid(dotted: string): string {
  const [root = 0, second = 0, ...others] = dotted.split('.').map(Number);
  return [root * 40 + second, ...others].map(encodeArc).join('');
}

function encodeArc(arc: number): string {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift((rest % 128) + 128);
  }
  return String.fromCharCode(...octets);
}

/** Dotted decimal of the content of an OBJECT IDENTIFIER. Throws DerError. */
export function formatOid(content: Uint8Array): string {
  if (content.length === 0 || content.length > MAX_OID_BYTES || (content.at(-1) ?? 0) >= 0x80) {
    throw new DerError(`Cannot read an object identifier of ${content.length} bytes: it has no end, or is too long`);
  }
  const arcs: bigint[] = [];
  let arc = 0n;
  let begun = false;
  for (const octet of content) {
    if (!begun && octet === 0x80) {
      throw new DerError('Cannot read object identifier: a number begins with a zero');
    }
    arc = arc * 128n + BigInt(octet % 128);
    begun = octet >= 0x80;
    if (!begun) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [joined = 0n, ...others] = arcs;
  // The first two arcs share a number; only below 2 may the second exceed 39 (X.690 §8.19.4).
  const root = joined < 80n ? joined / 40n : 2n;
  return [root, joined - root * 40n, ...others].join('.');
}

/** Null for an indefinite length, one in more octets than it needs, and one above 4 GiB. */
function readLongLength(der: Buffer, at: number, octets: number): number | null {
  let length = 0;
  for (let index = 0; index < octets && index < MAX_LENGTH_OCTETS; index++) {
    length = length * 256 + (der[at + 2 + index] ?? 0);
  }
  const overlong = length < LONG_LENGTH || length < 256 ** (octets - 1);
  return octets > MAX_LENGTH_OCTETS || overlong ? null : length;
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, '0')}`;
}
