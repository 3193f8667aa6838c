import { addAlternativeNames } from './alternative-names.ts';
import { ClaimDraft } from './claim-draft.ts';
import { addPlainText, addUtf8String, readPlainText, readUtf8String } from './claim-text.ts';
import {
  DerError,
  encodeOid,
  expectElement,
  expectEnd,
  findElement,
  formatOid,
  readElement,
  readText,
  TAG,
  type DerText,
  type Element,
  type Range,
} from './der.ts';
import type { Problems } from './entry.ts';
import { FIRST_ISSUER, FULCIO, FULCIO_EXTENSIONS, type FulcioExtension } from './fulcio-oids.ts';
import { addFirstIssuers, compareOldClaims } from './old-claims.ts';
import { numberOf, SeenExtensions } from './seen-extensions.ts';

/** What the extensions of a certificate say. */
export interface Extensions {
  readonly claims: Record<string, string[]>;
  /** Faults in how they are written, by claim. */
  readonly problems: Problems;
  readonly codeSigning: boolean;
}

/** Numbers of extensions 2.5.29.N. */
const SUBJECT_ALT_NAME = 17;
const EXTENDED_KEY_USAGE = 37;
const CODE_SIGNING = encodeOid('1.3.6.1.5.5.7.3.3');
/** Extensions of X.509 itself, of its Internet profile, and of Certificate Transparency: they make no claim. */
const STANDARD = ['2.5.29', '1.3.6.1.5.5.7.1', '1.3.6.1.4.1.11129.2.4'].map(encodeOid);

const EXTENDED_KEY_USAGE_CLAIM = `oid:2.5.29.${EXTENDED_KEY_USAGE}`;
const TWICE = 'it occurs more than once';

/**
 * Reads the `SEQUENCE OF Extension` between two offsets. The claims are `subject`, `issuer`, the named ones of Fulcio,
 * and every extension without a name as `oid:…`. One that occurs twice or is written wrongly is a problem of its claim, which then
 * holds every value it may stand for: which of them a verifier takes is not for us to guess. Throws DerError where the list or an
 * extension of it is none.
 */
export function readExtensions(der: DerText, start: number, end: number): Extensions {
  const { bytes } = der;
  const draft = new ClaimDraft();
  const seen = new SeenExtensions();
  const firstIssuers: Range[] = [];
  let codeSigning: boolean | null = null;
  for (let at = start; at < end;) {
    const extension = expectElement(bytes, at, end, TAG.sequence, 'extension');
    const id = expectElement(bytes, extension.start, extension.end, TAG.oid, 'extension identifier');
    const value = readValue(bytes, id.end, extension.end);
    const fulcio = findFulcioExtension(der, id);
    if (fulcio === undefined) {
      const number = numberOf(bytes, id);
      if (seen.add(der, id, number)) {
        draft.blame(number === SUBJECT_ALT_NAME ? 'subject' : claimOf(der, id), TWICE);
      }
      if (number === SUBJECT_ALT_NAME) {
        addAlternativeNames(draft, der, value);
      } else if (number === EXTENDED_KEY_USAGE) {
        codeSigning = isForCodeSigning(draft, der, value) && codeSigning !== false;
      } else if (number === null && !isStandard(der, id)) {
        draft.add(claimOf(der, id), readUnknown(der, value));
      }
    } else if (fulcio.claim === FIRST_ISSUER) {
      firstIssuers.push(value);
    } else {
      addFulcio(draft, der, fulcio, value);
    }
    at = extension.end;
  }
  addFirstIssuers(draft, der, firstIssuers);
  compareOldClaims(draft);
  return { claims: draft.claims, problems: draft.problems, codeSigning: codeSigning ?? false };
}

function isStandard({ chars }: DerText, { start, end }: Element): boolean {
  return STANDARD.some((prefix) => start + prefix.length <= end && chars.startsWith(prefix, start));
}

/** The name of a claim that has none: `oid:` and dotted decimal. */
function claimOf({ bytes }: DerText, id: Element): string {
  return `oid:${formatOid(bytes.subarray(id.start, id.end))}`;
}

/** Compares in place: this runs some twenty times for every entry of a log. */
function findFulcioExtension({ bytes, chars }: DerText, id: Element): FulcioExtension | undefined {
  const isFulcio = id.end - id.start === FULCIO.length + 1 && chars.startsWith(FULCIO, id.start);
  return isFulcio ? FULCIO_EXTENSIONS.get(bytes[id.end - 1] ?? 0) : undefined;
}

/** The content of an extension, after its identifier and whether it is critical, which changes nothing for a reader of claims. */
function readValue(der: Buffer, at: number, end: number): Element {
  const first = readElement(der, at, end);
  if (first.tag === TAG.boolean && first.end !== first.start + 1) {
    throw new DerError(`Cannot read extension at byte ${at}: its boolean is not one byte`);
  }
  const value =
    first.tag === TAG.octetString
      ? first
      : expectElement(der, first.tag === TAG.boolean ? first.end : at, end, TAG.octetString, 'extension value');
  expectEnd(value.end, end, 'extension');
  return value;
}

function addFulcio(draft: ClaimDraft, der: DerText, { claim, isPlain }: FulcioExtension, value: Element): void {
  const isFirst = draft.claims[claim] === undefined;
  const text = isPlain ? readPlainText(der, value) : readUtf8String(der, value);
  if (isFirst && text !== null) {
    draft.claims[claim] = [text];
    return;
  }
  if (!isFirst) {
    draft.blame(claim, TWICE);
  }
  if (isPlain) {
    addPlainText(draft, claim, der, value);
  } else {
    addUtf8String(draft, claim, der, value);
  }
}

/** Whether the list of purposes names code signing; one that cannot be read names none. */
function isForCodeSigning(draft: ClaimDraft, { bytes, chars }: DerText, { start, end }: Range): boolean {
  const usages = findElement(bytes, start, end);
  let found = false;
  let at = usages?.tag === TAG.sequence && usages.end === end ? usages.start : null;
  while (at !== null && at < end) {
    const usage = findElement(bytes, at, end);
    found ||=
      usage !== null && usage.end - usage.start === CODE_SIGNING.length && chars.startsWith(CODE_SIGNING, usage.start);
    at = usage?.tag === TAG.oid ? usage.end : null;
  }
  if (at === null) {
    draft.blame(EXTENDED_KEY_USAGE_CLAIM, 'it is no list of purposes');
  }
  return found && at !== null;
}

/** The text of a lone UTF8String, or the content as text, or else as hex. */
function readUnknown(der: DerText, { start, end }: Range): string {
  const inner = der.bytes[start] === TAG.utf8String ? findElement(der.bytes, start, end) : null;
  const text = inner?.end === end ? readText(der, inner.start, end) : null;
  return text ?? readText(der, start, end) ?? der.bytes.toString('hex', start, end);
}
