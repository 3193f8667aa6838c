import type { Watch } from '../policy/watch.ts';
import { watchDefinition } from '../policy/watch-definition.ts';
import { followHistory } from '../store/followed-artifacts.ts';
import type { Store } from '../store/store.ts';
import { saveWatches, type WatchChanges } from '../store/watches.ts';
import { loadCadences } from './load-cadences.ts';

/**
 * Puts watches in force: notes which of them are new, changed or gone. Call inside a transaction, at each start and each time
 * that the configuration is read again, while no log is followed.
 */
export function loadWatches(store: Store, watches: readonly Watch[], now: Date): WatchChanges {
  loadCadences(store, watches);
  followHistory(store, watches, now);
  return saveWatches(
    store,
    watches.map((watch) => ({ name: watch.name, definition: watchDefinition(watch) })),
    now,
  );
}
