import { saveCheckpoint } from '../store/checkpoints.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { checkWitnesses } from './check-witnesses.ts';
import type { FollowDeps } from './follow-deps.ts';

/** Keeps a checkpoint that the log or another vantage point showed, whatever it will turn out to be. */
export function saveSeen(seen: SignedCheckpoint, deps: FollowDeps): void {
  const { store, clock } = deps;
  store.transaction(() => {
    const now = clock.now();
    saveCheckpoint(store, seen, now);
    checkWitnesses(seen, deps, now);
  });
}
