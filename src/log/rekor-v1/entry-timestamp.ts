import type { NonEmpty } from '../../lib/non-empty.ts';
import type { NoteKey } from '../../tlog/note.ts';
import type { ServedEntry } from './responses.ts';

/**
 * Whether one of the keys signed this body at this global index and time (the "signed entry timestamp", rekor pkg/verify/verify.go):
 * the log's promise of inclusion, and the only thing that vouches for either number.
 */
export function verifyEntryTimestamp(
  entry: Pick<ServedEntry, 'encodedBody' | 'integratedTime' | 'logId' | 'globalIndex' | 'timestamp'>,
  keys: NonEmpty<NoteKey>,
): boolean {
  // RFC 8785: sorted names and no spaces. The values are base64, hex and whole numbers, which have only one spelling.
  const message = Buffer.from(
    JSON.stringify({
      body: entry.encodedBody,
      integratedTime: entry.integratedTime,
      logID: entry.logId,
      logIndex: entry.globalIndex,
    }),
  );
  return keys.some((key) => key.verify(message, entry.timestamp));
}
