import type { Judgement } from '../policy/watch.ts';
import type { DoubtReason, Wait } from '../store/doubtful.ts';

/** Attestations are published some time after the signature; what is not there after so long is missing. */
export const ATTESTATION_WAIT_MS = 60 * 60_000;
/** From the first look to the second; then twice as long each time. */
const FIRST_PAUSE_MS = 60_000;
/** Between looks once the wait is over, where a place cannot be asked. */
const LATER_PAUSE_MS = 5 * 60_000;

/** What the verdicts of an entry, just judged, wait for. */
export function doubtsOf(judgements: readonly Judgement[], now: Date): ReadonlyMap<DoubtReason, Wait> {
  const doubts = new Map<DoubtReason, Wait>();
  for (const { verdict, awaits } of judgements) {
    if (awaits === 'attestation') {
      const until = new Date(now.getTime() + ATTESTATION_WAIT_MS);
      doubts.set('attestation', { dueAt: nextLook(until, now), until });
    } else if (verdict === 'unverifiable') {
      doubts.set('trust', { dueAt: now, until: null });
    }
  }
  return doubts;
}

/** When to look again for an attestation that is awaited until `until`: one minute after the first look, then two, four, …, and at the end. */
export function nextLook(until: Date, now: Date): Date {
  const left = until.getTime() - now.getTime();
  if (left <= 0) {
    return new Date(now.getTime() + LATER_PAUSE_MS);
  }
  const waited = Math.max(ATTESTATION_WAIT_MS - left, FIRST_PAUSE_MS);
  return new Date(now.getTime() + Math.min(waited, left));
}
