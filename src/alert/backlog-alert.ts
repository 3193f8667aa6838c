import { about } from './about.ts';
import type { AlertDraft } from './alert.ts';
import { shown } from './escape.ts';

/** By which the alert about a log that grows faster than it is read is closed. */
export function backlogKey(log: string): string {
  return `operational/backlog/${log}`;
}

/** A log of which not all is examined that it had signed at `since`, and which grows as fast as it is read, or faster. Rates are entries a second. */
export function backlogAlert(
  log: string,
  since: Date,
  rates: { readonly reading: number; readonly growing: number },
): AlertDraft {
  const [reading, growing] = [rates.reading, rates.growing].map((rate) => rate.toFixed(1));
  return {
    ...about(log),
    class: 'operational',
    kind: 'backlog',
    severity: 'high',
    title: shown(`${log}: grows faster than it is read`, 400),
    summary: `${growing} entries a second are added to this log, and ${reading} a second are read. What it signed since ${since.toISOString()} is not examined yet, and that will take longer and longer.\nA signature made in your name in the meantime is told late.\nWhat to do now: look with \`sigwatch status\` at how fast it is read. A server that limits its requests, a slow link or a busy machine may be the reason; where it is the limit of the server, begin at a later \`start\`.`,
    dedupeKey: backlogKey(log),
  };
}
