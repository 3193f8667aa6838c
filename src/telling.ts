import type { AlertDraft } from './alert/alert.ts';
import type { ChannelConfig } from './alert/channel.ts';
import { channelsFor } from './alert/route.ts';
import type { Config } from './config/config.ts';
import { tell } from './monitor/tell.ts';
import type { Store } from './store/store.ts';

type RoutedAlert = Pick<AlertDraft, 'class' | 'kind' | 'severity' | 'watch' | 'notify'>;

/** Raises alerts, and sends them the way that the configuration in force says: it may change while the program runs. */
export interface Telling {
  /** Raises an alert and queues its messages. Call inside a transaction. Returns the alert's id. */
  readonly tell: (draft: AlertDraft, now: Date) => string;
  readonly channelsFor: (alert: RoutedAlert) => readonly string[];
  /** Identity and log alerts raised so far. */
  readonly raised: () => number;
  /** Alerts are sent as `config` says from now on. */
  readonly follow: (config: Config) => void;
}

/** Tells by the channels and routes of `config`, until another one is in force. */
export function createTelling(store: Store, config: Config): Telling {
  let inForce = config.notify;
  let raised = 0;
  const route = (alert: RoutedAlert): readonly string[] => {
    const channels = inForce?.channels ?? new Map<string, ChannelConfig>();
    return channelsFor(alert, inForce?.routes ?? [], [...channels.keys()]);
  };
  return {
    tell(draft, now) {
      raised += draft.class === 'operational' ? 0 : 1;
      return tell(store, draft, { channelsFor: route, groupWaitMs: inForce?.groupWaitMs ?? 0 }, now).alert.id;
    },
    channelsFor: route,
    raised: () => raised,
    follow({ notify }) {
      inForce = notify;
    },
  };
}
