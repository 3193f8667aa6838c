import type { Store } from './store.ts';

/** One message of one channel, fixed before it is first sent. */
export interface Message {
  readonly id: string;
  readonly channel: string;
  readonly content: string;
  /** How often it was tried in vain. */
  readonly attempts: number;
}

/** Fixes a message about everything in the group that no message tells yet. Call inside the transaction that read the group. */
export function insertMessage(
  store: Store,
  message: { readonly id: string; readonly channel: string; readonly group: string; readonly content: string },
  now: Date,
): void {
  const { id, channel, group, content } = message;
  store
    .prepare(
      `INSERT INTO messages (id, channel, content, created_at, next_attempt_at)
       VALUES (@id, @channel, @content, @now, @now)`,
    )
    .run({ id, channel, content, now: now.getTime() });
  store
    .prepare('UPDATE deliveries SET message = @id WHERE channel = @channel AND group_key = @group AND message IS NULL')
    .run({ id, channel, group });
}

/** The message of a channel that has been due for the longest time; null when none is. */
export function dueMessage(store: Store, channel: string, now: Date): Message | null {
  const message = store
    .prepare<Message>(
      `SELECT id, channel, content, attempts FROM messages
       WHERE channel = @channel AND state = 'pending' AND next_attempt_at <= @now
       ORDER BY next_attempt_at, rowid LIMIT 1`,
    )
    .get({ channel, now: now.getTime() });
  return message ?? null;
}

/** Every message of a channel that was not sent yet, the oldest first. */
export function pendingMessages(store: Store, channel: string): readonly Message[] {
  return store
    .prepare<Message>(
      `SELECT id, channel, content, attempts FROM messages
       WHERE channel = @channel AND state = 'pending' ORDER BY rowid`,
    )
    .all({ channel });
}

/** A message was taken: it, and the deliveries it tells, are done. */
export function saveSent(store: Store, id: string, now: Date): void {
  store.transaction(() => {
    store
      .prepare(
        `UPDATE messages SET state = 'sent', sent_at = @now, attempts = attempts + 1, last_error = NULL
         WHERE id = @id AND state = 'pending'`,
      )
      .run({ id, now: now.getTime() });
    store.prepare(`UPDATE deliveries SET state = 'sent' WHERE message = @id`).run({ id });
  });
}

/** A message was not taken: when to try again, and why. */
export function saveFailedAttempt(
  store: Store,
  id: string,
  failure: { readonly error: string; readonly nextAttemptAt: Date },
): void {
  store
    .prepare(
      `UPDATE messages SET attempts = attempts + 1, last_error = @error, next_attempt_at = @nextAttemptAt
       WHERE id = @id AND state = 'pending'`,
    )
    .run({ id, error: failure.error, nextAttemptAt: failure.nextAttemptAt.getTime() });
}
