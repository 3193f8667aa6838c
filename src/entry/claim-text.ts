import type { ClaimDraft } from './claim-draft.ts';
import { findElement, readAnyText, readText, TAG, type DerText, type Range } from './der.ts';

/** Tags of the string types (X.680 §41) and of OCTET STRING, which is taken for one. */
const BMP_STRING = 0x1e;
const UNIVERSAL_STRING = 0x1c;
const STRING_TAGS: ReadonlySet<number> = new Set([
  ...[TAG.utf8String, TAG.octetString, BMP_STRING, UNIVERSAL_STRING],
  // NumericString, PrintableString, TeletexString, IA5String, VisibleString, GeneralString
  ...[0x12, 0x13, 0x14, 0x16, 0x1a, 0x1b],
]);
const CONSTRUCTED = 0x20;
const LONG_LENGTH = 0x80;
/** An element of fewer bytes has its length in one octet. */
const SHORT_ELEMENT = 2 + LONG_LENGTH;
/** Elements inside elements are looked into so far. */
const MAX_DEPTH = 4;

/** The text of the one UTF8String between two offsets; null for anything else, and where it is empty or not valid UTF-8. */
export function readUtf8String(der: DerText, { start, end }: Range): string | null {
  const { bytes } = der;
  if (bytes[start] !== TAG.utf8String || end - start <= 2) {
    return null;
  }
  // Nearly every text is short: there nothing is made to find it.
  if (end - start < SHORT_ELEMENT) {
    return bytes[start + 1] === end - start - 2 ? readText(der, start + 2, end) : null;
  }
  const element = findElement(bytes, start, end);
  return element?.end === end ? readText(der, element.start, end) : null;
}

/** Adds to `claim` the text of the one UTF8String between two offsets; of anything else every text it may stand for, with blame. */
export function addUtf8String(draft: ClaimDraft, claim: string, der: DerText, { start, end }: Range): void {
  const element = findElement(der.bytes, start, end);
  if (element?.tag !== TAG.utf8String || element.end !== end) {
    draft.blame(claim, 'it is not exactly one UTF8String');
    addReadings(draft, claim, der, { start, end });
  } else {
    addText(draft, claim, der, element);
    if (element.start === end) {
      draft.blame(claim, 'it is empty');
    }
  }
}

/** The text between two offsets; null where it is not valid UTF-8, or looks as if it were encoded instead of plain. */
export function readPlainText(der: DerText, { start, end }: Range): string | null {
  // A text begins with no control character.
  return STRING_TAGS.has(der.bytes[start] ?? 0) ? null : readText(der, start, end);
}

/** Adds to `claim` the text that lies between two offsets. Blames what is no UTF-8, and what is encoded instead of plain. */
export function addPlainText(draft: ClaimDraft, claim: string, der: DerText, { start, end }: Range): void {
  addText(draft, claim, der, { start, end });
  if (STRING_TAGS.has(der.bytes[start] ?? 0) && findElement(der.bytes, start, end)?.end === end) {
    draft.blame(claim, 'it is an encoded string instead of plain text');
    addReadings(draft, claim, der, { start, end });
  }
}

/** Adds to `claim` the text between two offsets, with blame and U+FFFD where it is not valid UTF-8. */
export function addText(draft: ClaimDraft, claim: string, der: DerText, { start, end }: Range): void {
  const text = readText(der, start, end);
  if (text === null) {
    draft.blame(claim, 'it is not valid UTF-8');
  }
  draft.add(claim, text ?? readAnyText(der, start, end));
}

/**
 * Adds to `claim` every text that bytes written wrongly may stand for, the likeliest first, and at least one: verifiers differ in
 * what they make of them. Their number is bounded by that of the bytes.
 */
export function addReadings(draft: ClaimDraft, claim: string, der: DerText, { start, end }: Range): void {
  const found = visitStrings(der, { start, end }, MAX_DEPTH, (text) => {
    draft.add(claim, text);
  });
  if (found === 0) {
    draft.add(claim, readAnyText(der, start, end));
  }
}

/** Each string that begins where the one before ends, also inside of other elements, until something else comes. Returns their number. */
function visitStrings(der: DerText, { start, end }: Range, depth: number, visit: (text: string) => void): number {
  let found = 0;
  for (let at = start; at < end;) {
    const tag = der.bytes[at] ?? 0;
    const isString = STRING_TAGS.has(tag);
    const part = isString ? findLax(der.bytes, at, end) : findElement(der.bytes, at, end);
    if (part === null) {
      return found;
    }
    if ((tag & CONSTRUCTED) !== 0 && depth > 0) {
      const parts: string[] = [];
      found += visitStrings(der, part, depth - 1, (text) => {
        parts.push(text);
        visit(text);
      });
      if (parts.length > 1 && tag !== TAG.sequence) {
        // BER lets a string be written in parts.
        visit(parts.join(''));
      }
    } else {
      visit(contentOf(der, tag, part));
      found += 1;
    }
    if (at === start && depth === MAX_DEPTH && isString && part.end < end) {
      // What a reader finds who cuts the header off and asks for no length.
      visit(contentOf(der, tag, { start: part.start, end }));
    }
    at = part.end;
  }
  return found;
}

/** Where the content lies by the rules of BER, which allow more ways to write a length; one that reaches too far ends at `limit`. */
function findLax(bytes: Buffer, at: number, limit: number): Range {
  const first = bytes[at + 1] ?? 0;
  const octets = first < LONG_LENGTH ? 0 : first - LONG_LENGTH;
  const start = Math.min(at + 2 + octets, limit);
  let length = first < LONG_LENGTH ? first : 0;
  for (let index = at + 2; index < start; index++) {
    length = Math.min(length * 256 + (bytes[index] ?? 0), limit);
  }
  const isOpen = first === LONG_LENGTH;
  return { start, end: isOpen ? limit : Math.min(start + length, limit) };
}

function contentOf(der: DerText, tag: number, { start, end }: Range): string {
  if (tag === BMP_STRING || tag === UNIVERSAL_STRING) {
    return readWide(der.bytes, tag === BMP_STRING ? 2 : 4, start, end);
  }
  return readAnyText(der, start, end);
}

/** Characters of `width` bytes each, the most significant first. */
function readWide(bytes: Buffer, width: number, start: number, end: number): string {
  let text = '';
  for (let at = start; at + width <= end; at += width) {
    const point = bytes.readUIntBE(at, width);
    text += point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point);
  }
  return text;
}
