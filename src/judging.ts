import type { Certificate } from './entry/entry.ts';
import { checkSignature } from './entry/signature.ts';
import type { JudgeContext } from './policy/standing.ts';
import { createChainFinder, type ChainFinding } from './trust/chain.ts';
import { createSctVerifier } from './trust/sct.ts';
import type { TrustData } from './trust/trusted-root.ts';

/** The answers that need keys and certificates which no entry holds. */
export interface Judging extends Omit<JudgeContext, 'now'> {
  /** As `chainOf`, with the reason. */
  findChain(certificate: Certificate): ChainFinding;
}

/**
 * Answers by what is trusted, at the time that `now` gives when it is asked. Of `ctLogs` also those count that are no
 * longer published. Throws SyntaxError for authorities and logs that cannot be used.
 */
export function createJudging(
  { authorities, ctLogs, goodUntil }: Pick<TrustData, 'authorities' | 'ctLogs' | 'goodUntil'>,
  now: () => Date,
): Judging {
  const find = createChainFinder(authorities, goodUntil);
  return {
    chainOf: (certificate) => find(certificate, now()).verdict,
    findChain: (certificate) => find(certificate, now()),
    signatureOf: checkSignature,
    sctOf: createSctVerifier(authorities, ctLogs),
  };
}
