import type { AlertDraft } from '../alert/alert.ts';
import type { AttestationFinder } from '../attestation/find-attestation.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { JudgeContext } from '../policy/standing.ts';
import type { Watch } from '../policy/watch.ts';
import type { Store } from '../store/store.ts';
import type { WitnessPolicy } from '../tlog/witness-policy.ts';

/** How far a log has been read, for whoever shows it. */
export interface Progress {
  readonly log: string;
  /** Entries of this tree that are read and proven. */
  readonly size: number;
  /** Size that is being caught up to. */
  readonly target: number;
}

/** `warn`: a line in the log when it begins and when it ends; `alert`: people are told as well. */
export interface Witnesses {
  readonly policy: WitnessPolicy;
  readonly onMissing: 'ignore' | 'warn' | 'alert';
  /** Origins of the logs of which the last checkpoint did not meet the policy. */
  readonly unmet: Set<string>;
}

/** What following a log needs from the rest of the program. */
export interface FollowDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly watches: readonly Watch[];
  readonly judging: Omit<JudgeContext, 'now'>;
  /** Looks where watches say that attestations lie. */
  readonly attestations: AttestationFinder;
  /** Whose cosignatures checkpoints must carry, and what happens when they do not; null: nobody's. */
  readonly witnesses: Witnesses | null;
  /** Raises an alert and queues its messages. Call inside a transaction. Returns the alert's id. */
  readonly tell: (draft: AlertDraft, now: Date) => string;
  readonly onProgress: (progress: Progress) => void;
  /** Somebody signed at `seen` whom the trust data does not know: it is read again, unless that was done since or lately. True when it says something else now. */
  readonly suspectTrust: (seen: Date, signal: AbortSignal) => Promise<boolean>;
}
