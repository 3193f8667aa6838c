import type { Cursor } from './cursor.ts';
import type { ImportDraft } from './draft.ts';

/** Notes every key of a map that is not among those that are understood. */
export function noteUnknownKeys(at: Cursor, known: readonly string[], draft: ImportDraft): void {
  for (const key of at.keys()) {
    if (!known.includes(key)) {
      draft.note(at.at(key).origin, `key "${key}" is not known here and was left out`);
    }
  }
}
