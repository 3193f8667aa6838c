import { DeliveryError, type Sink } from '../alert/sink.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { parseRetryAfter } from '../log/retry-after.ts';
import { hurryDeliveries } from '../store/deliveries.ts';
import { dueMessage, pendingMessages, saveFailedAttempt, saveSent, type Message } from '../store/messages.ts';
import type { Store } from '../store/store.ts';
import { attemptDelivery, type AttemptOutcome } from './attempt-delivery.ts';
import { composeMessages } from './compose-messages.ts';

/** How often a channel looks whether something is due: an indexed query that costs microseconds. */
const LOOK_MS = 250;

const ATTEMPT_MS = 20_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15 * 60_000;

/** What one pass may take for a channel, and how often it tries each message. */
const ONCE_MS = 10_000;
const ONCE_TRIES = 3;

export interface DeliveryDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Sends what waits in the outbox until `signal` aborts, each channel in a loop of its own, so that one that hangs or fails
 * delays no other. Gives up on nothing: a message that is not taken is tried again, ever more rarely, with the same id and
 * bytes. A message whose sending was not recorded before a crash is sent again.
 */
export async function deliverAlerts(
  store: Store,
  sinks: ReadonlyMap<string, Sink>,
  deps: DeliveryDeps,
  signal: AbortSignal,
): Promise<void> {
  // Whatever made the last run wait may be over: a channel that healed is used again at once.
  hurryDeliveries(store, deps.clock.now());
  await Promise.all([...sinks].map(([channel, sink]) => deliverChannel(store, channel, sink, deps, signal)));
}

/** Sends what waits without waiting for more of it, trying each message up to three times within ten seconds; the rest is left for the next run. `failed` counts the messages that are left. */
export async function deliverOnce(
  store: Store,
  sinks: ReadonlyMap<string, Sink>,
  deps: DeliveryDeps,
  signal: AbortSignal,
): Promise<{ readonly sent: number; readonly failed: number }> {
  hurryDeliveries(store, deps.clock.now());
  const counts = await Promise.all(
    [...sinks].map(([channel, sink]) => deliverChannelOnce(store, channel, sink, deps, signal)),
  );
  return {
    sent: counts.reduce((sum, { sent }) => sum + sent, 0),
    failed: counts.reduce((sum, { failed }) => sum + failed, 0),
  };
}

async function deliverChannel(
  store: Store,
  channel: string,
  sink: Sink,
  deps: DeliveryDeps,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = deps;
  let failures = 0;
  let pausedUntil = 0;
  while (!signal.aborted) {
    const now = clock.now();
    composeMessages(store, channel, sink, now, now);
    const message = now.getTime() < pausedUntil ? null : dueMessage(store, channel, now);
    if (message === null) {
      await clock.sleep(LOOK_MS, signal);
      continue;
    }
    const outcome = await attemptDelivery(message, sink, ATTEMPT_MS, clock, signal);
    const failure = saveOutcome(store, message, outcome, deps);
    // A message that is refused by itself holds up no other; a channel in trouble is left alone for a while.
    if (outcome.kind === 'sent') {
      failures = 0;
    } else if (failure !== null && !failure.refused) {
      pausedUntil = clock.now().getTime() + Math.max(backOffMs(failures), failure.retryAfterMs ?? 0);
      failures += 1;
    }
  }
}

async function deliverChannelOnce(
  store: Store,
  channel: string,
  sink: Sink,
  deps: DeliveryDeps,
  signal: AbortSignal,
): Promise<{ readonly sent: number; readonly failed: number }> {
  const { clock } = deps;
  const start = clock.now();
  const deadline = start.getTime() + ONCE_MS;
  composeMessages(store, channel, sink, start, start);
  let sent = 0;
  for (const message of pendingMessages(store, channel)) {
    for (let tries = 0; tries < ONCE_TRIES; tries += 1) {
      const left = deadline - clock.now().getTime();
      if (left <= 0 || signal.aborted) {
        break;
      }
      const outcome = await attemptDelivery(message, sink, left, clock, signal);
      const failure = saveOutcome(store, { ...message, attempts: message.attempts + tries }, outcome, deps);
      if (outcome.kind === 'sent') {
        sent += 1;
        break;
      }
      const wait = Math.max(backOffMs(tries), failure?.retryAfterMs ?? 0);
      if (failure === null || failure.refused || clock.now().getTime() + wait > deadline) {
        break;
      }
      await clock.sleep(wait, signal);
    }
  }
  return { sent, failed: pendingMessages(store, channel).length };
}

interface Failure {
  readonly refused: boolean;
  readonly retryAfterMs: number | undefined;
}

/** Records how an attempt ended. Null unless it failed. */
function saveOutcome(store: Store, message: Message, outcome: AttemptOutcome, deps: DeliveryDeps): Failure | null {
  const { clock, logger } = deps;
  const about = { channel: message.channel, message: message.id };
  const now = clock.now();
  switch (outcome.kind) {
    case 'sent':
      saveSent(store, message.id, now);
      logger.info(about, 'message sent');
      return null;
    case 'cut-off':
      return null;
    case 'failed': {
      // An error of another kind is our own fault; the message must survive it, and the other channels go on.
      const known = outcome.error instanceof DeliveryError ? outcome.error : null;
      const error = outcome.error instanceof Error ? outcome.error.message : String(outcome.error);
      const retryAfterMs = parseRetryAfter(known?.retryAfter, now);
      const waitMs = Math.max(backOffMs(message.attempts), retryAfterMs ?? 0);
      saveFailedAttempt(store, message.id, { error, nextAttemptAt: new Date(now.getTime() + waitMs) });
      logger.warn({ ...about, error, attempts: message.attempts + 1, waitMs: Math.round(waitMs) }, 'message not sent');
      return { refused: known?.refused ?? false, retryAfterMs };
    }
  }
}

/** One second, doubled by each failure before, at most 15 minutes; up to a quarter less, so that channels do not beat in time. */
function backOffMs(failures: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures, 20), LONGEST_WAIT_MS) * (1 - Math.random() * 0.25);
}
