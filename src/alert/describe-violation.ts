import type { Violation } from '../policy/watch.ts';
import { shorten } from './describe-signer.ts';
import { shown } from './escape.ts';

/** What a watch expected, as one line: patterns of a list are joined by "or". Hostile characters stay: the reader escapes. */
export function formatExpected(expected: unknown): string {
  if (typeof expected === 'string') {
    return expected;
  }
  if (Array.isArray(expected)) {
    return expected.map(formatExpected).join(' or ');
  }
  if (typeof expected === 'object' && expected !== null) {
    const { regexp, not } = expected as { readonly regexp?: unknown; readonly not?: unknown };
    if (typeof regexp === 'string') {
      return `regexp "${regexp}"`;
    }
    if (not !== undefined) {
      return `not ${formatExpected(not)}`;
    }
  }
  return JSON.stringify(expected);
}

/** What was found, as one line; null for a claim that is absent. */
export function formatFound(found: Violation['found']): string | null {
  return found === null || typeof found === 'string' ? found : found.join(', ');
}

/** What is known of a failing claim besides its value: why there is none, and what is wrong with the way it is written. */
export interface ClaimFaults {
  readonly whyAbsent?: string | null;
  readonly problem?: string | null;
}

/** One failing claim as a sentence that is safe to print. */
export function violationSentence(
  violation: Violation,
  quoted: number,
  { whyAbsent = null, problem = null }: ClaimFaults = {},
): string {
  const found = formatFound(violation.found);
  const short = found === null ? null : shorten(violation.claim, found);
  const absent = whyAbsent === null ? 'the claim is absent' : `the claim is absent: ${whyAbsent}`;
  const was = short === null ? absent : `found ${shown(short, quoted)}`;
  const wrong = problem === null ? '' : `; it is written wrongly: ${shown(problem, quoted)}`;
  return `${violation.claim}: expected ${shown(formatExpected(violation.expected), quoted)}, ${was}${wrong}.`;
}
