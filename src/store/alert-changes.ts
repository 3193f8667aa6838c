import { closeAlert, findAlert, type StoredAlert } from './alerts.ts';
import type { Store } from './store.ts';

/** Who changed an alert by hand, and why, as far as they said it. */
export interface ByHand {
  readonly by: string | null;
  readonly note: string | null;
}

/** Closes an alert, and keeps who did so; of one that is closed already only the latter. Returns null where there is none with this id. */
export function closeByHand(store: Store, id: string, { by, note }: ByHand, now: Date): StoredAlert | null {
  return store.transaction(() => {
    const alert = findAlert(store, id);
    if (alert !== null) {
      closeAlert(store, alert.dedupeKey);
      store
        .prepare(
          `INSERT INTO alert_changes (alert, change, by, note, changed_at) VALUES (@id, 'closed', @by, @note, @now)`,
        )
        .run({ id, by, note, now: now.getTime() });
    }
    return alert;
  });
}
