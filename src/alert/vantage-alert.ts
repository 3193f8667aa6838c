import { about } from './about.ts';
import type { AlertDraft } from './alert.ts';
import { shown } from './escape.ts';

/** Longest part of an error message that a summary quotes. */
const QUOTED = 1000;

/** By which the alert about an address that cannot be compared is closed. */
export function vantageUnreachableKey(log: string, url: string): string {
  return `operational/unreachable/${log}/${url}`;
}

/** A further address of a log has shown nothing that could be compared for long: nobody else looks at this log for us. */
export function vantageUnreachableAlert(log: string, url: string, since: Date, error: string): AlertDraft {
  return {
    ...trouble(log),
    kind: 'unreachable',
    title: shown(`${log}: nothing can be compared at ${url}`, 400),
    summary: `Since ${since.toISOString()} no checkpoint of this log could be compared with what it shows at this further address: ${shown(error, QUOTED)}.\nThe log itself is followed, but a view of it that is made for you alone would not be noticed there.\nWhat to do now: make sure that the address can be reached from this machine, or take it out of \`also\`.`,
    dedupeKey: vantageUnreachableKey(log, url),
  };
}

/** By which the alert about an address that shows more than the log's own is closed. */
export function vantageAheadKey(log: string, url: string): string {
  return `operational/stalled/${log}/${url}`;
}

/** A further address shows a larger tree than the log's own address has shown since. */
export function vantageAheadAlert(
  log: string,
  url: string,
  since: Date,
  sizes: { readonly there: number; readonly here: number },
): AlertDraft {
  return {
    ...trouble(log),
    kind: 'stalled',
    title: shown(`${log}: stands still here, and has grown at ${url}`, 400),
    summary: `Since ${since.toISOString()} this log shows more at a further address than at its own: size ${sizes.there} there, ${sizes.here} here. Both trees agree as far as the smaller goes.\nA log that is shown frozen to one victim looks exactly so.\nWhat to do now: find out whether a cache, a proxy or a replica on the way to the log's own address is out of date.`,
    dedupeKey: vantageAheadKey(log, url),
  };
}

function trouble(log: string) {
  return { ...about(log), class: 'operational', severity: 'high' } as const;
}
