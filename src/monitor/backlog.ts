import { backlogAlert, backlogKey } from '../alert/backlog-alert.ts';
import { closeAlert, isUnclosed } from '../store/alerts.ts';
import { findBehindSince, findGrowth, findRate } from '../store/rates.ts';
import type { FollowDeps } from './follow-deps.ts';
import type { FollowedLog } from './followed-source.ts';

/**
 * Tells when a log has been behind for longer than `stale_after` and grows as fast as it is read, or faster; closes that
 * alert when it is no longer so far behind. Call inside a transaction.
 */
export function checkBacklog({ reader, staleAfterMs }: FollowedLog, { store, tell }: FollowDeps, now: Date): void {
  const { origin } = reader;
  const since = findBehindSince(store, origin);
  if (since === null || staleAfterMs === null || now.getTime() - since.getTime() <= staleAfterMs) {
    closeAlert(store, backlogKey(origin));
    return;
  }
  const reading = findRate(store, origin)?.reading;
  const growing = findGrowth(store, origin);
  if (reading === undefined || growing === null || growing < reading || isUnclosed(store, backlogKey(origin))) {
    return;
  }
  tell(backlogAlert(origin, since, { reading, growing }), now);
}
