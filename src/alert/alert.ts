import type { Problems } from '../entry/entry.ts';
import type { EntryEvidence, Evidence } from '../log/log.ts';
import type { ChainVerdict, Severity, Violation } from '../policy/watch.ts';

export type AlertClass = 'identity' | 'log' | 'operational';

export type AlertKind =
  | 'unexpected'
  | 'forged'
  | 'unverifiable'
  | 'unparsable'
  | 'first-seen'
  | 'burst'
  | 'missing'
  | 'artifact-resigned'
  | 'fork'
  | 'rollback'
  | 'bad-signature'
  | 'wrong-origin'
  | 'entry-mismatch'
  | 'entries-withheld'
  | 'frozen-log-grew'
  | 'key-changed'
  | 'witness-missing'
  | 'started'
  | 'stalled'
  | 'unreachable'
  | 'backlog'
  | 'trust-stale';

export type AlertState = 'open' | 'acknowledged' | 'closed';

/**
 * A signer as operators read it: type, chain, fingerprint and its claims by name; `subject` is a list, other claims are single strings
 * unless they have several values; `problem` says by claim what is wrong with the way it is written.
 */
export type SignerSummary = {
  readonly type: string;
  readonly chain: ChainVerdict | null;
  readonly fingerprint: string | null;
  readonly [claim: string]: string | readonly string[] | Problems | null;
};

/** Links made by us, never copied from a log; null where the chain is not trusted or there is nothing to link. */
export interface AlertLinks {
  readonly entry: string | null;
  readonly run: string | null;
  readonly commit: string | null;
}

/** What is raised: the store folds it by `dedupeKey` into the alert people see. */
export interface AlertDraft {
  readonly class: AlertClass;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly watch: string | null;
  /** One line: what happened, to what. Plain text that may hold hostile characters: each channel escapes it. */
  readonly title: string;
  /** A few sentences: what was expected, what was found, what to do now. Plain text, likewise. */
  readonly summary: string;
  /** Origin. */
  readonly log: string | null;
  readonly index: number | null;
  readonly violations: readonly Violation[];
  readonly signer: SignerSummary | null;
  readonly artifacts: readonly string[];
  readonly dedupeKey: string;
  readonly links: AlertLinks;
  readonly evidence: Evidence | EntryEvidence | null;
  /** Channels instead of the routes. */
  readonly notify: readonly string[] | null;
}

/** An alert as it is stored and told. */
export interface Alert extends Omit<AlertDraft, 'evidence' | 'notify'> {
  readonly id: string;
  readonly state: AlertState;
  readonly occurrences: number;
  /** Index of the latest entry; `index` stays the first. */
  readonly lastIndex: number | null;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
}
