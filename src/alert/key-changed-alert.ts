import { shown } from './escape.ts';
import { about } from './about.ts';
import type { AlertDraft } from './alert.ts';

/** How much of a change a message shows; the rest is counted. */
const LISTED = 20;
const SENTENCE = 1200;

/** What of a trust source is told: sentences, and the digest of what it publishes now. */
export interface TrustChange {
  /** As the configuration names it. */
  readonly source: string;
  /** What is against the rule that a key belongs to one log, and a log has one key at a time. */
  readonly doubts: readonly string[];
  /** What differs from what it published before, with both sides. */
  readonly changes: readonly string[];
  readonly digest: string;
}

/** The keys, authorities or logs that the trust source publishes are others than before. */
export function keyChangedAlert({ source, doubts, changes, digest }: TrustChange): AlertDraft {
  const told = [...doubts, ...changes];
  const listed = told.slice(0, LISTED).map((sentence) => `${shown(sentence, SENTENCE)}.`);
  const rest = told.length > LISTED ? [`And ${told.length - LISTED} more.`] : [];
  const what =
    changes.length === 0
      ? 'what the trust source publishes is not as it should be'
      : `the trust source changed its keys, authorities or logs (${changes.length})`;
  return {
    ...about(null),
    class: 'log',
    kind: 'key-changed',
    severity: 'high',
    title: shown(`${source}: ${what}`, 400),
    summary: [
      ...listed,
      ...rest,
      'This is in force now; a log or key that is gone stays known, for what it signed must still be verified.',
      'What to do now: compare this with what the operators of the logs announced. If nobody announced it, do not trust signatures that depend on it.',
    ].join('\n'),
    dedupeKey: ['log', 'key-changed', source, digest].join('/'),
  };
}
