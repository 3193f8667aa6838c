import type { AlertDraft } from '../alert/alert.ts';
import type { Leaf } from '../log/log.ts';
import { hasFinding } from '../store/findings.ts';
import type { Store } from '../store/store.ts';
import { findNews } from './detect.ts';
import { judgedSigner } from './draft-alert.ts';
import type { FollowDeps } from './follow-deps.ts';
import type { JudgedEntry } from './judge-batch.ts';
import { timeOfSighting } from './time-of-sighting.ts';

/** An alert that will be raised once its batch is written, and the entry that makes it. */
export interface Rehearsed {
  readonly draft: AlertDraft;
  readonly leaf: Leaf;
}

/** Ends a transaction so that nothing of it stays. */
class RolledBack extends Error {
  override readonly name = 'RolledBack';
}

/**
 * What the detectors will find, and tell, in entries of `log` that are about to be written. They decide by what they have seen, so they are shown
 * the entries in a transaction of which nothing stays. Asks the database only where a watch has such detectors.
 */
export function rehearse(
  log: string,
  judged: readonly JudgedEntry[],
  { store, watches }: Pick<FollowDeps, 'store' | 'watches'>,
  now: Date,
): readonly Rehearsed[] {
  const detecting = watches.filter(
    ({ mode, firstSeen, burst }) => mode === 'enforce' && (firstSeen.length > 0 || burst !== null),
  );
  const names = new Set(detecting.map(({ name }) => name));
  const concerned = judged.filter(({ judgements }) => judgements.some(({ watch }) => names.has(watch)));
  return concerned.length === 0
    ? []
    : withoutTrace(store, () => concerned.flatMap((one) => rehearseEntry(log, one, names, { store, watches }, now)));
}

function rehearseEntry(
  log: string,
  judged: JudgedEntry,
  names: ReadonlySet<string>,
  { store, watches }: Pick<FollowDeps, 'store' | 'watches'>,
  now: Date,
): readonly Rehearsed[] {
  const { leaf, judgements } = judged;
  return judgements
    .filter(
      (judgement) =>
        names.has(judgement.watch) && !hasFinding(store, { log, index: leaf.index, leafHash: leaf.hash }, judgement),
    )
    .flatMap((judgement) => {
      const signer = judgedSigner(log, judged, judgement, watches);
      return findNews(store, { ...signer, ...timeOfSighting(signer.signer, leaf, judgement, now) }, now);
    })
    .map((draft) => ({ draft, leaf }));
}

function withoutTrace<T>(store: Store, look: () => readonly T[]): readonly T[] {
  let found: readonly T[] = [];
  try {
    store.transaction(() => {
      found = look();
      throw new RolledBack();
    });
  } catch (error) {
    if (!(error instanceof RolledBack)) {
      throw error;
    }
  }
  return found;
}
