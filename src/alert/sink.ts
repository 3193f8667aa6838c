import type { Alert } from './alert.ts';

/** What makes one message one message, however often it is sent. */
export interface MessageHead {
  /** Stays the same over every attempt, also after a crash: receivers can drop a repeat. */
  readonly id: string;
  readonly createdAt: Date;
}

/** A way to reach people. */
export interface Sink {
  /** The channel's name in the configuration. */
  readonly name: string;
  /** The content of one message about `alerts` (at most 20, of `total`). Pure: equal input gives equal text. */
  render(alerts: readonly Alert[], total: number, head: MessageHead): string;
  /** Sends what {@link render} made. Throws {@link DeliveryError}; no secret of the channel is in its message. Ends early when `signal` aborts. */
  send(id: string, content: string, signal: AbortSignal): Promise<void>;
}

/** A message was not taken: try again later. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /** The Retry-After header, verbatim (seconds or a date). */
  readonly retryAfter: string | undefined;
  /** This message was refused, not the channel: others may pass. */
  readonly refused: boolean;

  constructor(message: string, options: { retryAfter?: string | undefined; refused?: boolean } = {}) {
    super(message);
    this.retryAfter = options.retryAfter;
    this.refused = options.refused ?? false;
  }
}

/** `text` without any of `secrets`, also where they are only part of a word. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .reduce((safe, secret) => safe.replaceAll(secret, '[redacted]'), text);
}
