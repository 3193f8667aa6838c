import type { Signer } from '../entry/entry.ts';
import type { Leaf } from '../log/log.ts';
import type { Judgement } from '../policy/watch.ts';

/** A certificate that is good for longer is used again and again: when it began says nothing of when it signed. Fulcio's are good for ten minutes. */
const LONGEST_LIFE_MS = 86_400_000;

/** When an entry was made, as far as that can be known. */
export interface SightingTime {
  /**
   * Milliseconds since 1970: the notBefore of a trusted certificate that is good for a day at most, else when the log took the entry,
   * else when it was seen.
   */
  readonly at: number;
  /** Nobody says when it was made: `at` is when it was seen, which may be much later. */
  readonly isWhenSeen: boolean;
}

/** When an entry was made that was first seen at `seen`. No log can say a time after that. */
export function timeOfSighting(
  { certificate }: Pick<Signer, 'certificate'>,
  { integratedTime }: Pick<Leaf, 'integratedTime'>,
  { chain }: Pick<Judgement, 'chain'>,
  seen: Date,
): SightingTime {
  const trusted = chain === 'trusted' ? certificate : null;
  if (trusted !== null && trusted.notAfter - trusted.notBefore <= LONGEST_LIFE_MS) {
    return { at: trusted.notBefore, isWhenSeen: false };
  }
  if (integratedTime === null || !Number.isSafeInteger(integratedTime)) {
    return { at: seen.getTime(), isWhenSeen: true };
  }
  // Nothing was signed before its certificate began, whatever a log says.
  const logged = Math.max(integratedTime * 1000, trusted?.notBefore ?? -Infinity);
  return { at: Math.min(logged, seen.getTime()), isWhenSeen: false };
}
