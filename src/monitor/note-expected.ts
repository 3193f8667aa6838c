import { missingKey } from '../alert/missing-alert.ts';
import { closeAlert } from '../store/alerts.ts';
import { saveExpected } from '../store/cadence.ts';
import type { Store } from '../store/store.ts';
import type { Sighting } from './detect.ts';

/**
 * Notes that an expected signer was seen, also where the watch awaits none yet: what was `missing` is there again. A certificate that a
 * CT log holds is no signature. Call inside a transaction.
 */
export function noteExpected(store: Store, { watch, judgement, entry, log, index, at }: Sighting, now: Date): void {
  const { verdict } = judgement;
  // A watch without `expect` holds whatever it selects for its own.
  const isExpected = verdict === 'expected' || (verdict === 'observed' && watch.expect === null);
  if (!isExpected || entry.issuance !== undefined) {
    return;
  }
  // Nothing that is seen was made later, whatever a log says.
  if (saveExpected(store, watch.name, { at: Math.min(at, now.getTime()), log, index }, now)) {
    closeAlert(store, missingKey(watch.name));
  }
}
