import type { Alert } from '../alert/alert.ts';
import { findAlert, type StoredAlert } from './alerts.ts';
import type { Store } from './store.ts';

/** Why a channel is told. */
export type DeliveryEvent = 'opened' | 'reopened' | 'reminder';

/** Queues the telling of one alert on one channel. Call inside the transaction that raises the alert. */
export function enqueueDelivery(
  store: Store,
  delivery: {
    readonly channel: string;
    readonly alert: string;
    readonly event: DeliveryEvent;
    /** Until then the message waits for other alerts about the same thing. */
    readonly notBefore: Date;
  },
  now: Date,
): void {
  const { channel, alert, event, notBefore } = delivery;
  // What is told together: alerts of one watch, of one log, or the operational ones.
  store
    .prepare(
      `INSERT INTO deliveries (channel, alert, event, group_key, created_at, not_before)
       SELECT @channel, id, @event,
         CASE class WHEN 'identity' THEN 'identity/' || coalesce(watch, '')
                    WHEN 'log' THEN 'log/' || coalesce(log, '')
                    ELSE 'operational' END,
         @now, @notBefore
       FROM alerts WHERE id = @alert`,
    )
    .run({ channel, alert, event, now: now.getTime(), notBefore: notBefore.getTime() });
  store.prepare('UPDATE alerts SET last_told_at = @now WHERE id = @alert').run({ alert, now: now.getTime() });
}

/** The groups of a channel with a delivery that has waited long enough by `dueBy`, the longest waiting first. */
export function dueGroups(store: Store, channel: string, dueBy: Date): readonly string[] {
  return store
    .prepare<{ group_key: string }>(
      `SELECT group_key FROM deliveries WHERE channel = @channel AND message IS NULL AND not_before <= @dueBy
       GROUP BY group_key ORDER BY min(not_before), min(id)`,
    )
    .all({ channel, dueBy: dueBy.getTime() })
    .map(({ group_key }) => group_key);
}

/** The alerts of a group that no message tells yet, at most `limit` of `total`: the gravest first, then the oldest. */
export function waitingAlerts(
  store: Store,
  channel: string,
  group: string,
  limit: number,
): { readonly alerts: readonly Alert[]; readonly total: number } {
  const ids = store
    .prepare<{ id: string; total: number }>(
      `SELECT id, count(*) OVER () AS total FROM alerts
       WHERE id IN (SELECT alert FROM deliveries WHERE channel = @channel AND message IS NULL AND group_key = @group)
       ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, first_seen, rowid
       LIMIT @limit`,
    )
    .all({ channel, group, limit });
  return {
    alerts: ids.flatMap(({ id }) => findAlert(store, id) ?? []),
    total: ids[0]?.total ?? 0,
  };
}

/** At a start: what waits for more, or for its next attempt, is due now. */
export function hurryDeliveries(store: Store, now: Date): void {
  store.transaction(() => {
    store
      .prepare('UPDATE deliveries SET not_before = @now WHERE message IS NULL AND not_before > @now')
      .run({ now: now.getTime() });
    store
      .prepare(`UPDATE messages SET next_attempt_at = @now WHERE state = 'pending' AND next_attempt_at > @now`)
      .run({ now: now.getTime() });
  });
}

/** Tells again of every alert that is still open, was last told before one interval ago, and does not wait to be told. Returns how many alerts. */
export function enqueueReminders(
  store: Store,
  now: Date,
  repeatIntervalMs: number,
  channelsFor: (alert: StoredAlert) => readonly string[],
): number {
  return store.transaction(() => {
    const due = store
      .prepare<{ id: string }>(
        `SELECT id FROM alerts WHERE state = 'open' AND coalesce(last_told_at, last_seen) <= @before
         AND NOT EXISTS (SELECT 1 FROM deliveries WHERE alert = alerts.id AND state = 'pending')`,
      )
      .all({ before: now.getTime() - repeatIntervalMs })
      .flatMap(({ id }) => findAlert(store, id) ?? []);
    for (const alert of due) {
      for (const channel of channelsFor(alert)) {
        enqueueDelivery(store, { channel, alert: alert.id, event: 'reminder', notBefore: now }, now);
      }
    }
    return due.length;
  });
}

/** Forgets what was sent before `before`. What waits stays. */
export function pruneDeliveries(store: Store, before: Date): void {
  store.transaction(() => {
    const sent = `SELECT id FROM messages WHERE state = 'sent' AND sent_at < @before`;
    store.prepare(`DELETE FROM deliveries WHERE message IN (${sent})`).run({ before: before.getTime() });
    store.prepare(`DELETE FROM messages WHERE id IN (${sent})`).run({ before: before.getTime() });
  });
}
