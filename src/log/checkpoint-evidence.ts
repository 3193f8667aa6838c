import { isUtf8 } from 'node:buffer';
import type { NonEmpty } from '../lib/non-empty.ts';
import { CheckpointRefused, openCheckpoint, type SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { NoteKey } from '../tlog/note.ts';
import { excerpt, servedEvidence } from './excerpt.ts';
import { LogMisbehaved, LogUnavailable } from './log.ts';

/** A checkpoint is a few hundred bytes, with cosignatures some thousands. c2sp.org/signed-note sets no bound: this one is ours. */
export const MAX_CHECKPOINT_BYTES = 64 * 1024;

/** How much of a refused note the evidence shows: all of any note that a log would sign. */
const SHOWN_NOTE = 4096;

/**
 * Opens a checkpoint as `url` served it. What is no signed note (a page of a proxy, half an answer) throws LogUnavailable;
 * a note that the expected log did not sign, or signed for another origin, throws LogMisbehaved with the note as evidence.
 */
export function openServedCheckpoint(
  served: { readonly url: string; readonly body: Buffer },
  expected: { readonly origin: string; readonly keys: NonEmpty<NoteKey> },
): SignedCheckpoint {
  if (!isUtf8(served.body)) {
    throw notACheckpoint(served, 'it is not UTF-8', undefined);
  }
  const note = served.body.toString('utf8');
  try {
    return openCheckpoint(note, expected);
  } catch (error) {
    if (!(error instanceof CheckpointRefused)) {
      throw error;
    }
    switch (error.reason) {
      case 'malformed':
        throw notACheckpoint(served, error.message, error);
      case 'bad-signature':
        // Nobody signed this, so it is no note to keep among the signed ones: what was served is our report.
        throw new LogMisbehaved(
          `Cannot trust checkpoint of "${expected.origin}" from "${served.url}": ${error.message}`,
          { kind: 'bad-signature', log: expected.origin, signed: false, notes: [], served: servedNote(served, note) },
          { cause: error },
        );
      case 'wrong-origin':
        throw new LogMisbehaved(
          `Cannot trust checkpoint of "${expected.origin}" from "${served.url}": ${error.message}`,
          {
            kind: 'wrong-origin',
            log: expected.origin,
            signed: false,
            notes: [note],
            served: servedNote(served, note),
          },
          { cause: error },
        );
    }
  }
}

function notACheckpoint(served: { url: string; body: Buffer }, problem: string, cause: unknown): LogUnavailable {
  return new LogUnavailable(
    `Cannot read checkpoint from "${served.url}": ${problem}; the answer begins "${excerpt(served.body)}"`,
    { cause },
  );
}

/** The note as text, line by line, so that the evidence can be verified from what is shown. */
function servedNote(served: { url: string; body: Buffer }, note: string) {
  return servedEvidence(served.url, served.body, note.slice(0, SHOWN_NOTE));
}
