import { randomUUID } from 'node:crypto';
import type { Sink } from '../alert/sink.ts';
import { dueGroups, waitingAlerts } from '../store/deliveries.ts';
import { insertMessage } from '../store/messages.ts';
import type { Store } from '../store/store.ts';

/** A message lists so many alerts, the rest is counted. */
const MAX_LISTED = 20;

/** Makes one message of each group of a channel that has waited long enough by `dueBy`. Its id, members and bytes are fixed in the database before the first attempt, so that a repeat after a crash is the same message. */
export function composeMessages(store: Store, channel: string, sink: Sink, dueBy: Date, now: Date): void {
  for (const group of dueGroups(store, channel, dueBy)) {
    store.transaction(() => {
      const { alerts, total } = waitingAlerts(store, channel, group, MAX_LISTED);
      const id = randomUUID();
      const content = sink.render(alerts, total, { id, createdAt: now });
      insertMessage(store, { id, channel, group, content }, now);
    });
  }
}
