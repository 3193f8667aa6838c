import type { Store } from './store.ts';

/** An operator's word that a log that was stopped shall go on. */
export interface Decision {
  readonly id: number;
  readonly log: string;
  readonly by: string;
  readonly note: string;
  /** Id of the alert that had stopped it. */
  readonly alert: string | null;
  readonly decidedAt: Date;
  /** Null until the daemon acted on it. */
  readonly appliedAt: Date | null;
  /** What came of it, in words. */
  readonly outcome: string | null;
}

/** Writes down what an operator decided. Whoever follows the log acts on it. */
export function saveDecision(
  store: Store,
  { log, by, note, alert }: Pick<Decision, 'log' | 'by' | 'note' | 'alert'>,
  now: Date,
): void {
  store
    .prepare('INSERT INTO decisions (log, by, note, alert, decided_at) VALUES (@log, @by, @note, @alert, @now)')
    .run({ log, by, note, alert, now: now.getTime() });
}

/** The oldest decision about this log on which nobody has acted yet; null when there is none. */
export function findDecision(store: Store, log: string): Decision | null {
  const row = store
    .prepare<Row>('SELECT * FROM decisions WHERE log = @log AND applied_at IS NULL ORDER BY id LIMIT 1')
    .get({ log });
  return row === undefined ? null : toDecision(row);
}

/** Every decision about this log, the oldest first. */
export function listDecisions(store: Store, log: string): readonly Decision[] {
  return store.prepare<Row>('SELECT * FROM decisions WHERE log = @log ORDER BY id').all({ log }).map(toDecision);
}

/** Says what came of a decision. Call in the transaction that acts on it. */
export function settleDecision(store: Store, decision: Decision, outcome: string, now: Date): void {
  store
    .prepare('UPDATE decisions SET applied_at = @now, outcome = @outcome WHERE id = @id')
    .run({ id: decision.id, outcome, now: now.getTime() });
}

interface Row {
  readonly id: number;
  readonly log: string;
  readonly by: string;
  readonly note: string;
  readonly alert: string | null;
  readonly decided_at: number;
  readonly applied_at: number | null;
  readonly outcome: string | null;
}

function toDecision({ decided_at: decidedAt, applied_at: appliedAt, ...rest }: Row): Decision {
  return {
    ...rest,
    decidedAt: new Date(decidedAt),
    appliedAt: appliedAt === null ? null : new Date(appliedAt),
  };
}
