import type { Watch } from '../policy/watch.ts';
import { about } from './about.ts';
import type { AlertDraft } from './alert.ts';
import { describeDuration } from './describe-duration.ts';
import { shown } from './escape.ts';

/** A watch that saw no expected entry for longer than its cadence. Times are milliseconds since 1970. */
export interface MissingSignature {
  readonly watch: Pick<Watch, 'name' | 'severity' | 'notify'>;
  readonly cadenceMs: number;
  /** How long no log holds an expected entry, as far as all are verified. */
  readonly silentMs: number;
  /** Since when the watch is in force. */
  readonly since: number;
  /** The last expected entry, by the origin of its log; null: none was ever seen. */
  readonly last: { readonly at: number; readonly log: string; readonly index: number } | null;
}

/** By which the alert about the silence of a watch is closed. */
export function missingKey(watch: string): string {
  return `identity/${watch}/missing`;
}

/** The alert about a silence, whatever the mode of the watch. Pure. */
export function missingAlert({ watch, cadenceMs, silentMs, since, last }: MissingSignature): AlertDraft {
  const from = last?.at ?? since;
  const seen =
    last === null
      ? `None was seen since this watch is in force, ${time(since)}.`
      : `The last one was entry ${last.index} of ${shown(last.log, 200)}, at ${time(last.at)}.`;
  return {
    ...about(null),
    class: 'identity',
    kind: 'missing',
    severity: watch.severity,
    watch: watch.name,
    title: shown(`${watch.name}: no expected signature for ${describeDuration(silentMs)}`, 400),
    summary: [
      seen,
      `This watch awaits one every ${describeDuration(cadenceMs)} (\`cadence\`), and every log is verified up to ${time(from + silentMs)}.`,
      'Whoever publishes with a stolen token, past your CI, leaves no entry in any log: only this silence can tell of it. It may as well mean that there was no release, or that signing fails.',
      'What to do now: compare what was published since then (registry, releases, images) with `sigwatch history`. If anything was that nobody signed, take it back and revoke the tokens that can publish. If nothing was, and that is as it should be, set a longer `cadence`.',
    ].join('\n'),
    dedupeKey: missingKey(watch.name),
    notify: watch.notify,
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
