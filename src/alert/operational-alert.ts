import { about } from './about.ts';
import type { AlertDraft } from './alert.ts';
import { shown } from './escape.ts';

/** Longest part of an error message that a summary quotes. */
const QUOTED = 1000;

/** By which the alert about a log without a sign of life is closed. */
export function stalledKey(log: string): string {
  return `operational/stalled/${log}`;
}

/** A log that answers, but has given no sign of life since. `size`: of the largest tree that it showed. */
export function stalledAlert(log: string, since: Date, size: number): AlertDraft {
  return {
    ...trouble(log),
    kind: 'stalled',
    title: shown(`${log}: no sign of life since ${since.toISOString()}`, 400),
    summary: `The log answers, and what it shows is verified to size ${size}; but since ${since.toISOString()} it has neither grown nor shown a newer signature.\nA quiet log looks so, and so does one that is shown frozen to one victim, to hide what was signed since.\nWhat to do now: look at this log from another network, or name a further address of it under \`also\`. If it is no more than quiet, set a longer \`stale_after\` for it.`,
    dedupeKey: stalledKey(log),
  };
}

/** By which the alert about a log that cannot be read is closed. */
export function unreachableKey(log: string): string {
  return `operational/unreachable/${log}`;
}

/** A log that could not be read since. */
export function unreachableAlert(log: string, since: Date, error: string): AlertDraft {
  return {
    ...trouble(log),
    kind: 'unreachable',
    title: shown(`${log}: cannot be read since ${since.toISOString()}`, 400),
    summary: `${shown(error, QUOTED)}.\nNothing that this log signed since ${since.toISOString()} is examined. It is tried for ever, and continued where it was left.\nWhat to do now: find out whether the log is down, or the way to it from this machine.`,
    dedupeKey: unreachableKey(log),
  };
}

/** By which the alert about a source that cannot be asked for its logs is closed. */
export function sourceUnreachableKey(name: string): string {
  return `operational/unreachable-source/${name}`;
}

/** A source that could not be asked for its logs since: none of them is followed, and new ones are not found. */
export function sourceUnreachableAlert(
  source: { readonly name: string; readonly origin: string },
  since: Date,
  error: string,
): AlertDraft {
  return {
    ...trouble(source.origin),
    kind: 'unreachable',
    title: shown(`${source.name}: cannot be asked for its logs since ${since.toISOString()}`, 400),
    summary: `${shown(error, QUOTED)}.\nNothing that the logs of this source signed since ${since.toISOString()} is examined. It is tried for ever, and each log is continued where it was left.\nWhat to do now: find out whether the server is down, or the way to it from this machine.`,
    dedupeKey: sourceUnreachableKey(source.name),
  };
}

/** By which the alert about a place of attestations that cannot be asked is closed. */
export function attestationsUnreachableKey(place: string): string {
  return `operational/unreachable-attestations/${place}`;
}

/** A place of attestations, the URL of an API or a folder, that could not be asked since: verdicts wait for it. */
export function attestationsUnreachableAlert(place: string, since: Date, error: string): AlertDraft {
  return {
    ...trouble(null),
    kind: 'unreachable',
    title: shown(`${place}: cannot be asked for attestations since ${since.toISOString()}`, 400),
    summary: `${shown(error, QUOTED)}.\nSigners whose watch looks for attestations there, and expects what only these say, are unverifiable until it answers; whoever fails another claim is told as ever. It is tried for ever.\nWhat to do now: find out whether it is down, or the way to it from this machine, or whether the token of the watch is still good.`,
    dedupeKey: attestationsUnreachableKey(place),
  };
}

function trouble(log: string | null) {
  return { ...about(log), class: 'operational', severity: 'high' } as const;
}
