import { DeliveryError, type Sink } from '../alert/sink.ts';
import type { Clock } from '../lib/clock.ts';
import type { Message } from '../store/messages.ts';

/** How long an attempt that is under way may still take when the program is asked to end: less than its own promise to be gone. */
const LAST_CHANCE_MS = 2_000;

/** How one attempt to send a message ended. `cut-off`: the program ends; whether it arrived is unknown. */
export type AttemptOutcome =
  { readonly kind: 'sent' } | { readonly kind: 'failed'; readonly error: unknown } | { readonly kind: 'cut-off' };

/** Sends `message` once, in at most `limitMs`, also when the sink hangs. Never throws. */
export async function attemptDelivery(
  message: Message,
  sink: Sink,
  limitMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const done = new AbortController();
  const limit = new AbortController();
  void cutOff(limitMs, clock, signal, done.signal).then(() => {
    limit.abort(new DeliveryError(`Cannot send message: no answer within ${Math.round(limitMs / 1000)} s`));
  });
  try {
    await Promise.race([sink.send(message.id, message.content, limit.signal), rejection(limit.signal)]);
    return { kind: 'sent' };
  } catch (error) {
    return signal.aborted ? { kind: 'cut-off' } : { kind: 'failed', error };
  } finally {
    done.abort();
  }
}

/** Resolves when the time is up, soon after the program is asked to end, or when the attempt is done. */
async function cutOff(limitMs: number, clock: Clock, signal: AbortSignal, done: AbortSignal): Promise<void> {
  await clock.sleep(limitMs, AbortSignal.any([signal, done]));
  if (signal.aborted && !done.aborted) {
    await clock.sleep(LAST_CHANCE_MS, done);
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      },
      { once: true },
    );
  });
}
