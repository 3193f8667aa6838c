import { LogMisbehaved } from '../log/log.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { AlertDraft } from './alert.ts';
import { logAlert } from './log-alert.ts';

/** Longest part of what was answered that the evidence keeps. */
const KEPT = 1000;

/** By which the alert about entries that a log does not serve is closed. */
export function withheldKey(log: string): string {
  return `log/${log}/entries-withheld`;
}

/**
 * The log signed entries from ≤ index < to, as parts of `tree`, and does not serve them since; `answer`: what came instead.
 * There is one alert for each log: a further gap repeats it.
 */
export function withheldAlert(
  tree: SignedCheckpoint,
  { from, to }: { readonly from: number; readonly to: number },
  since: Date,
  answer: string,
): AlertDraft {
  const { origin: log, size, note } = tree;
  const [entries, them] = to - from === 1 ? [`entry ${from}`, 'it'] : [`entries ${from} to ${to - 1}`, 'them'];
  const error = new LogMisbehaved(
    `Log "${log}" signed ${entries} in its tree of size ${size}, and has not served ${them} since ${since.toISOString()}: ${answer}`,
    {
      kind: 'entries-withheld',
      log,
      signed: false,
      notes: [note],
      unserved: { from, to, answer: answer.slice(0, KEPT) },
    },
  );
  return { ...logAlert(error), index: from, dedupeKey: withheldKey(log) };
}
