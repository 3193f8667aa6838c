import type { AlertDraft } from '../alert/alert.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { JudgeContext } from '../policy/judge.ts';
import type { Watch } from '../policy/watch.ts';
import type { Store } from '../store/store.ts';

/** How far a log has been read, for whoever shows it. */
export interface Progress {
  readonly log: string;
  /** Entries of this tree that are read and proven. */
  readonly size: number;
  /** Size that is being caught up to. */
  readonly target: number;
}

/** What following a log needs from the rest of the program. */
export interface FollowDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly watches: readonly Watch[];
  readonly judging: Omit<JudgeContext, 'now'>;
  /** Raises an alert and queues its messages. Call inside a transaction. Returns the alert's id. */
  readonly tell: (draft: AlertDraft, now: Date) => string;
  readonly onProgress: (progress: Progress) => void;
}
