import type { Observer } from '../alert/log-alert.ts';
import type { Evidence, MisbehaviourKind } from '../log/log.ts';
import { findCosignatures } from '../store/cosignatures.ts';
import type { Store } from '../store/store.ts';
import { restoreCheckpoint } from '../tlog/checkpoint.ts';

/** Whose notes were opened before they became evidence. */
const SIGNED: readonly MisbehaviourKind[] = ['fork', 'rollback', 'frozen-log-grew', 'entry-mismatch'];

/** The witnesses that cosigned what the notes of the evidence sign: second observers, who cannot be talked away. */
export function findObservers(store: Store, evidence: Evidence): readonly Observer[] {
  if (!SIGNED.includes(evidence.kind)) {
    return [];
  }
  return evidence.notes
    .map(restoreCheckpoint)
    .flatMap((tree) =>
      findCosignatures(store, tree).map(({ name, time }) => ({ name, time, size: tree.size, root: tree.root })),
    );
}
