import type { AlertDraft } from './alert.ts';
import { TRUST_STALE_KEY, trustStaleAlert } from './log-alert.ts';
import { shown } from './escape.ts';

/** The configuration cannot be applied to the logs that the trust source names by now, as `problem` says; those followed before go on. */
export function unfitLogsAlert(problem: string): AlertDraft {
  return {
    ...trustStaleAlert(problem),
    title: 'Logs that the trust source names by now cannot be followed as configured',
    summary: `${shown(problem, 1000)}.\nThe logs followed before go on; those that came or changed wait.\nWhat to do now: correct the configuration, then restart.`,
    dedupeKey: `${TRUST_STALE_KEY}/configuration`,
  };
}
