import type { ClaimDraft } from './claim-draft.ts';
import { addReadings, addText, addUtf8String } from './claim-text.ts';
import { encodeOid, findElement, TAG, type DerText, type Element, type Range } from './der.ts';
import { FULCIO_OID } from './fulcio-oids.ts';

const SUBJECT = 'subject';
const OTHER_NAME = encodeOid(`${FULCIO_OID}.7`);

/** Context tags of GeneralName (RFC 5280 §4.2.1.6); the string kinds are primitive, the others constructed but for two. */
const OTHER_NAME_TAG = 0xa0;
const EXPLICIT_VALUE = 0xa0;
const TEXT_NAME_TAGS: readonly number[] = [0x81, 0x82, 0x86];
const SILENT_NAME_TAGS: readonly number[] = [0xa3, 0xa4, 0xa5, 0x87, 0x88];

/** Adds to the claim `subject` every name that is text; what cannot be read is blamed, with every text it may stand for. */
export function addAlternativeNames(draft: ClaimDraft, der: DerText, { start, end }: Range): void {
  const names = findElement(der.bytes, start, end);
  if (names?.tag !== TAG.sequence) {
    draft.blame(SUBJECT, 'it is no list of names');
    addReadings(draft, SUBJECT, der, { start, end });
    return;
  }
  for (let at = names.start; at < names.end;) {
    const name = findElement(der.bytes, at, names.end);
    if (name === null) {
      draft.blame(SUBJECT, 'a name cannot be read');
      addReadings(draft, SUBJECT, der, { start: at, end: names.end });
      break;
    }
    addName(draft, der, name);
    at = name.end;
  }
  if (names.end < end) {
    draft.blame(SUBJECT, 'more follows the list of names');
    addReadings(draft, SUBJECT, der, { start: names.end, end });
  }
}

function addName(draft: ClaimDraft, der: DerText, name: Element): void {
  if (TEXT_NAME_TAGS.includes(name.tag)) {
    addText(draft, SUBJECT, der, name);
    if (name.start === name.end) {
      draft.blame(SUBJECT, 'a name is empty');
    }
  } else if (name.tag === OTHER_NAME_TAG) {
    addOtherName(draft, der, name);
  } else if (!SILENT_NAME_TAGS.includes(name.tag)) {
    draft.blame(SUBJECT, 'a name is of an unknown kind');
    addReadings(draft, SUBJECT, der, { start: name.at, end: name.end });
  }
}

/** Fulcio's user names are `otherName { .7, [0] UTF8String }`; an otherName of another type says nothing to us. */
function addOtherName(draft: ClaimDraft, der: DerText, { start, end }: Element): void {
  const type = findElement(der.bytes, start, end);
  const value = type === null ? null : findElement(der.bytes, type.end, end);
  if (type?.tag !== TAG.oid || value?.tag !== EXPLICIT_VALUE || value.end !== end) {
    draft.blame(SUBJECT, 'an otherName cannot be read');
    addReadings(draft, SUBJECT, der, { start: type?.tag === TAG.oid ? type.end : start, end });
  } else if (der.chars.slice(type.start, type.end) === OTHER_NAME) {
    addUtf8String(draft, SUBJECT, der, value);
  }
}
