import type { AlertDraft } from '../alert/alert.ts';
import type { JudgedSigner } from '../alert/identity-alert.ts';
import type { Judgement } from '../policy/watch.ts';
import type { Store } from '../store/store.ts';
import { detectBurst } from './detect-burst.ts';
import { detectFirstSeen } from './detect-first-seen.ts';
import { followArtifacts } from './follow-artifacts.ts';
import { noteExpected } from './note-expected.ts';
import type { SightingTime } from './time-of-sighting.ts';

/** A signer that a watch selected, seen for the first time and judged for good. */
export interface Sighting extends JudgedSigner, SightingTime {}

/**
 * Shows a signer to the detectors of its watch, which keep their state in the database, and returns what they find. Call it
 * once for each signer that a watch selects, in the transaction that writes its finding, as soon as the verdict is final.
 * Only signers that can be trusted count: anybody can make an entry that merely claims to be ours.
 */
export function detect(store: Store, sighting: Sighting, now: Date): readonly AlertDraft[] {
  if (sighting.judgement.resigned !== undefined) {
    followArtifacts(store, sighting);
  }
  if (!isTrusted(sighting.judgement)) {
    return [];
  }
  noteExpected(store, sighting, now);
  followArtifacts(store, sighting);
  return findNews(store, sighting, now);
}

/** The part of {@link detect} that can make alerts. */
export function findNews(store: Store, sighting: Sighting, now: Date): readonly AlertDraft[] {
  return isTrusted(sighting.judgement)
    ? [detectFirstSeen(store, sighting, now), detectBurst(store, sighting, now)].filter((draft) => draft !== null)
    : [];
}

function isTrusted({ verdict, resigned }: Judgement): boolean {
  return resigned === undefined && (verdict === 'expected' || verdict === 'unexpected' || verdict === 'observed');
}
