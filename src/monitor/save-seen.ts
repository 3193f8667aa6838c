import { isFrozen } from '../log/is-frozen.ts';
import { saveCheckpoint } from '../store/checkpoints.ts';
import { saveEnd } from '../store/logs.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { checkWitnesses } from './check-witnesses.ts';
import type { FollowDeps } from './follow-deps.ts';

/** Keeps a checkpoint that the log or another vantage point showed, whatever it will turn out to be. */
export function saveSeen(seen: SignedCheckpoint, deps: FollowDeps): void {
  const { store, clock } = deps;
  store.transaction(() => {
    const now = clock.now();
    saveCheckpoint(store, seen, now);
    if (isFrozen(seen)) {
      saveEnd(store, seen);
    }
    checkWitnesses(seen, deps, now);
  });
}
