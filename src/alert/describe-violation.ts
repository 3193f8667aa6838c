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

/** One failing claim as a sentence that is safe to print. */
export function violationSentence(violation: Violation, quoted: number): string {
  const found = formatFound(violation.found);
  // As `expected` is written: the shorthand is never used for subjects.
  const short = found === null || violation.claim === 'subject' ? found : shorten(found);
  const was = short === null ? 'the claim is absent' : `found ${shown(short, quoted)}`;
  return `${violation.claim}: expected ${shown(formatExpected(violation.expected), quoted)}, ${was}.`;
}
