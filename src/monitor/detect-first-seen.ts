import type { AlertDraft } from '../alert/alert.ts';
import { firstSeenAlert, type NewValues } from '../alert/first-seen-alert.ts';
import { claimValues } from '../policy/judge.ts';
import { beginClaim, forgetClaim, latestValues, noteValues, seenClaims, type SeenClaim } from '../store/seen-values.ts';
import type { Store } from '../store/store.ts';
import type { Sighting } from './detect.ts';

/** So many of the values that were seen before are told beside a new one. */
const TOLD = 5;

/**
 * Notes the values of the claims that the watch names under `first_seen`; the alert about those it has never seen, null where
 * there are none, or where the signer is told as unexpected anyway. What the watch saw before it named a claim is known to
 * it. Call inside a transaction.
 */
export function detectFirstSeen(store: Store, sighting: Sighting, now: Date): AlertDraft | null {
  const { watch, judgement, entry, signer } = sighting;
  const news = claimsLookedAt(store, sighting, now).flatMap(({ claim, since, kept }): readonly NewValues[] => {
    const values = noteValues(store, watch.name, claim, claimValues(claim, entry, signer, judgement));
    return values.length === 0
      ? []
      : [
          {
            claim,
            values,
            since,
            seenCount: kept,
            seen: latestValues(store, watch.name, claim, { newest: values.length, limit: TOLD }),
          },
        ];
  });
  return news.length === 0 || judgement.verdict === 'unexpected' ? null : firstSeenAlert(sighting, news);
}

/** The claims that the watch names, in its order. One that it names no more is forgotten, so that it begins anew when it is named again. */
function claimsLookedAt(store: Store, { watch }: Sighting, now: Date): readonly SeenClaim[] {
  const named = new Set(watch.firstSeen);
  const known = seenClaims(store, watch.name);
  const missing = [...named].filter((claim) => !known.some((one) => one.claim === claim));
  const dropped = known.filter(({ claim }) => !named.has(claim));
  for (const { claim } of dropped) {
    forgetClaim(store, watch.name, claim);
  }
  for (const claim of missing) {
    beginClaim(store, watch.name, claim, now);
  }
  const all = missing.length === 0 ? known : seenClaims(store, watch.name);
  return [...named].flatMap((claim) => all.filter((one) => one.claim === claim));
}
