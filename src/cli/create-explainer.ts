import { createJudging } from '../judging.ts';
import type { Watch } from '../policy/watch.ts';
import type { TrustData } from '../trust/trusted-root.ts';
import type { Explainer } from './explanation.ts';
import type { Wording } from './render-entry.ts';

/** What it takes to explain an entry, to a program or to people. */
export interface TrustedExplainer extends Explainer, Wording {}

/** Prepares to explain entries by these watches and by what is trusted. Throws SyntaxError for authorities that cannot be used. */
export function createExplainer(watches: readonly Watch[], trust: TrustData, now: Date): TrustedExplainer {
  const judging = createJudging(trust, () => now);
  return { watches, context: { ...judging, now }, findChain: (certificate) => judging.findChain(certificate) };
}
