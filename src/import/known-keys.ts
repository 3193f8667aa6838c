import type { Cursor } from './cursor.ts';
import type { ImportDraft } from './draft.ts';

/** Notes every key of a map that is not among those that are understood, and what should be a map and is none. */
export function noteUnknownKeys(at: Cursor, known: readonly string[], draft: ImportDraft): void {
  if (at.isSet && (typeof at.value !== 'object' || Array.isArray(at.value))) {
    draft.note(
      at.origin,
      `${nameOf(at)} is no map and was left out, expected one with ${known.slice(0, 4).join(', ')}`,
    );
  }
  for (const key of at.keys()) {
    if (!known.includes(key)) {
      draft.note(at.at(key).origin, `key "${key}" is not known here and was left out`);
    }
  }
}

/** Notes what should be a list and is none, or holds what is no text where `ofTexts`. */
export function noteUnlessList(at: Cursor, draft: ImportDraft, { ofTexts }: { readonly ofTexts: boolean }): void {
  if (at.isSet && !Array.isArray(at.value)) {
    draft.note(at.origin, `${nameOf(at)} is no list and was left out`);
  }
  for (const item of ofTexts ? at.items() : []) {
    if (item.text() === '') {
      draft.note(item.origin, `a member of ${nameOf(at)} is no text and was left out`);
    }
  }
}

/** The last key on the way to a place. */
function nameOf({ path }: Cursor): string {
  return path.findLast((step) => typeof step === 'string') ?? 'the document';
}
