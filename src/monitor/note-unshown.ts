import { withheldAlert, withheldKey } from '../alert/withheld-alert.ts';
import type { LogUnavailable } from '../log/log.ts';
import { isToldOf } from '../store/alerts.ts';
import { findLog } from '../store/logs.ts';
import { saveWithheld } from '../store/withheld.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { FollowDeps } from './follow-deps.ts';
import { STALE_AFTER_MS, type FollowedLog } from './followed-source.ts';

/**
 * A log that signed a larger tree and shows nothing of it, not even that it extends the one that was verified, withholds all
 * that it added: told once it does so for longer than `stale_after`. It is not accused of another history.
 */
export function noteUnshown(
  { reader, staleAfterMs }: FollowedLog,
  seen: SignedCheckpoint,
  error: LogUnavailable,
  deps: FollowDeps,
): void {
  const { store, clock, logger } = deps;
  const { origin } = reader;
  const log = findLog(store, origin);
  const from = log?.position?.frontier.size ?? seen.size;
  // A host that is out of order, or asks us to wait, was not asked.
  if (from >= seen.size || log?.stoppedBy != null || error.outOfOrder || error.retryAfterMs !== undefined) {
    return;
  }
  const now = clock.now();
  const { since } = saveWithheld(store, origin, from, now);
  const isLong = now.getTime() - since.getTime() > (staleAfterMs ?? STALE_AFTER_MS);
  if (!isLong || isToldOf(store, withheldKey(origin), from)) {
    return;
  }
  store.transaction(() => deps.tell(withheldAlert(seen, { from, to: seen.size }, since, error.message), now));
  logger.error({ log: origin, from, to: seen.size, error: error.message }, 'entries withheld');
}
