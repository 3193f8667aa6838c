import { countEntry } from '../store/burst-entries.ts';
import { recordedSigners, type RecordedSigner } from '../store/recorded-signers.ts';
import type { Store } from '../store/store.ts';
import { decodeLeaf } from './judge-batch.ts';
import { timeOfSighting } from './time-of-sighting.ts';

/** So much of the history is read again at most, the latest first: nothing else happens meanwhile. Bytes are those of entries. */
const MOST = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 100;

/**
 * Counts the entries that a watch saw before it had a `burst`, so that it is known what is usual. Those of which nobody says when they
 * were made are left out: many may have been seen at once. Call inside a transaction.
 */
export function countRecorded(store: Store, watch: string): void {
  let [before, read, bytes] = [Number.MAX_SAFE_INTEGER, 0, 0];
  while (read < MOST && bytes < MOST_BYTES) {
    const page = recordedSigners(store, watch, { before, limit: AT_ONCE });
    const last = page.at(-1);
    if (last === undefined) {
      return;
    }
    for (const recorded of page) {
      count(store, watch, recorded);
      bytes += recorded.body.length + (recorded.extra?.length ?? 0);
    }
    read += page.length;
    before = last.id;
  }
}

function count(store: Store, watch: string, recorded: RecordedSigner): void {
  const { log, type, index, body, extra, observedAt } = recorded;
  const decoded = decodeLeaf(type, { data: body, ...(extra !== null && { extra }) });
  const signer = decoded.ok ? decoded.entry.signers[recorded.position] : undefined;
  // What can be read no more was an entry all the same, but nobody says when.
  if (signer === undefined) {
    return;
  }
  const { at, isWhenSeen } = timeOfSighting(signer, recorded, recorded, observedAt);
  if (!isWhenSeen) {
    countEntry(store, { watch, log, index, at, run: signer.claims['run']?.[0] ?? null });
  }
}
