import { attestationsUnreachableAlert, attestationsUnreachableKey } from '../alert/operational-alert.ts';
import { closeAlert, isUnclosed } from '../store/alerts.ts';
import { hasOverdue } from '../store/doubtful.ts';
import type { FollowDeps } from './follow-deps.ts';

/** As long as for a log that cannot be read. */
const UNREACHABLE_AFTER_MS = 15 * 60_000;

/**
 * Tells when a place of attestations could not be asked for too long, or while an entry waits for it beyond its time; closes that
 * alert when it answers again.
 */
export function checkPlaces({ store, attestations, tell }: FollowDeps, now: Date): void {
  store.transaction(() => {
    for (const [place, failure] of attestations.states) {
      const key = attestationsUnreachableKey(place);
      if (failure === null) {
        closeAlert(store, key);
      } else if (
        !isUnclosed(store, key) &&
        (now.getTime() - failure.since.getTime() >= UNREACHABLE_AFTER_MS || hasOverdue(store, now))
      ) {
        tell(attestationsUnreachableAlert(place, failure.since, failure.error), now);
      }
    }
  });
}
