import type { Alert, AlertDraft } from '../alert/alert.ts';
import { hasUnclosedLike, raiseAlert, type AlertEvent } from '../store/alerts.ts';
import { enqueueDelivery } from '../store/deliveries.ts';
import type { Store } from '../store/store.ts';

/** How alerts reach people. */
export interface Telling {
  /** The channels that a draft goes to. */
  readonly channelsFor: (draft: AlertDraft) => readonly string[];
  /** How long alerts about the same thing are collected before they are sent. */
  readonly groupWaitMs: number;
}

/**
 * Raises an alert and queues its messages. Call inside the transaction that writes what it is about: both are kept or
 * neither is. A repeat is only counted.
 */
export function tell(
  store: Store,
  draft: AlertDraft,
  telling: Telling,
  now: Date,
): { readonly alert: Alert; readonly event: AlertEvent } {
  const { alert, event } = raiseAlert(store, draft, now);
  if (event === 'repeated') {
    return { alert, event };
  }
  // A log that mints ever new contradictions is told once; each of them is kept. What nobody signed has one alert of its own anyway.
  if (isSigned(draft) && hasUnclosedLike(store, alert)) {
    return { alert, event };
  }
  // A log in trouble does not wait: it comes alone, and every minute counts.
  const wait = draft.class === 'log' ? 0 : telling.groupWaitMs;
  for (const channel of telling.channelsFor(draft)) {
    enqueueDelivery(store, { channel, alert: alert.id, event, notBefore: new Date(now.getTime() + wait) }, now);
  }
  return { alert, event };
}

function isSigned({ class: of, evidence }: AlertDraft): boolean {
  return of === 'log' && evidence !== null && 'signed' in evidence && evidence.signed;
}
