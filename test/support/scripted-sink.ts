import type { Sink } from '../../src/alert/sink.ts';

export interface SentMessage {
  readonly id: string;
  readonly content: string;
}

export interface ScriptedSink extends Sink {
  /** Every attempt. */
  readonly attempts: readonly SentMessage[];
  /** The attempts that were taken. */
  readonly taken: readonly SentMessage[];
  /** From now on each attempt does this first. */
  script(step: (message: SentMessage, signal: AbortSignal) => Promise<void>): void;
}

/** A sink in memory. Its content names the alerts and their number: `4711: id id id`. */
export function scriptedSink(name = 'test'): ScriptedSink {
  const attempts: SentMessage[] = [];
  const taken: SentMessage[] = [];
  let step: (message: SentMessage, signal: AbortSignal) => Promise<void> = async () => undefined;
  return {
    name,
    attempts,
    taken,
    script: (next) => {
      step = next;
    },
    render: (alerts, total) => `${total}: ${alerts.map(({ id }) => id).join(' ')}`,
    async send(id, content, signal) {
      attempts.push({ id, content });
      await step({ id, content }, signal);
      taken.push({ id, content });
    },
  };
}
