import { judge } from '../policy/judge.ts';
import type { FollowDeps } from './follow-deps.ts';
import { signedTimeOf, type JudgedBatch } from './judge-batch.ts';

/**
 * A certificate that chains to no authority we know may be of one that is younger than our trust data: then that is read
 * again, and what was judged is judged anew by it. Throws nothing of its own.
 */
export async function judgeDoubtful(
  outcome: JudgedBatch,
  deps: FollowDeps,
  now: Date,
  signal: AbortSignal,
): Promise<JudgedBatch> {
  const latest = latestDoubtful(outcome);
  if (latest === null || !(await deps.suspectTrust(latest, signal))) {
    return outcome;
  }
  const judged = outcome.judged.map(({ leaf, entry }) => ({
    leaf,
    entry,
    judgements: judge(entry, deps.watches, { ...deps.judging, now }, () => signedTimeOf(leaf)),
  }));
  return { ...outcome, judged };
}

/**
 * When the latest certificate began that a watch selected and that is not trusted, or that promises of a log which is not
 * known speak for where the watch expects others; null: there is none.
 */
function latestDoubtful({ judged }: JudgedBatch): Date | null {
  const times = judged.flatMap(({ entry, judgements }) =>
    judgements
      .filter(({ chain, sct, violations }) => {
        const isUnexpected = violations.some(({ claim }) => claim === 'sct');
        return chain === 'untrusted' || chain === 'unknown' || (sct === 'unknown-log' && isUnexpected);
      })
      .map(({ signer }) => entry.signers[signer]?.certificate?.notBefore ?? -Infinity),
  );
  return times.length === 0 ? null : new Date(Math.max(...times));
}
