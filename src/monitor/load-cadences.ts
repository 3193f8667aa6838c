import { missingKey } from '../alert/missing-alert.ts';
import type { Watch } from '../policy/watch.ts';
import { closeAlert } from '../store/alerts.ts';
import { saveCadences } from '../store/cadence.ts';
import type { Store } from '../store/store.ts';

/** Takes over what watches await from now on: what was told of one that is gone, or awaits nothing any more, is over. Call inside a transaction. */
export function loadCadences(store: Store, watches: readonly Watch[]): void {
  for (const watch of saveCadences(store, watches)) {
    closeAlert(store, missingKey(watch));
  }
}
