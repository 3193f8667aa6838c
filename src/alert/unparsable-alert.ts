import type { Mention } from '../policy/mentions.ts';
import { about } from './about.ts';
import type { AlertDraft, SignerSummary } from './alert.ts';
import { QUOTED } from './describe-signer.ts';
import { formatExpected } from './describe-violation.ts';
import { shown } from './escape.ts';

/** What stands for the signer of an entry of which nobody knows who signed it. */
export const NOBODY: SignerSummary = { type: 'none', chain: null, fingerprint: null };

/** Longest part of a problem that a summary quotes. */
const PROBLEM = 400;

/** An entry that cannot be read, and in which a watch found what it selects. */
export interface MentioningEntry {
  readonly mention: Mention;
  /** Why it cannot be read. */
  readonly problem: string;
  /** It is of a kind or version that is not known. */
  readonly unread: boolean;
  /** Origin. */
  readonly log: string;
  readonly index: number;
}

/** The alert about an entry that cannot be read and holds what a watch selects, whatever the mode of the watch. There is one for each watch: a further entry repeats it. */
export function unparsableAlert({ mention, problem, unread, log, index }: MentioningEntry): AlertDraft {
  const { watch, claim, written } = mention;
  const pattern = shown(formatExpected(written), QUOTED);
  const advice = unread
    ? 'update sigwatch, if a later version reads this kind; else look at the entry yourself'
    : 'look at the entry yourself (`sigwatch evidence` writes it to a file)';
  return {
    ...about(log),
    class: 'identity',
    kind: 'unparsable',
    severity: watch.severity,
    watch: watch.name,
    title: shown(`${watch.name}: an entry that cannot be read holds ${pattern}`, 400),
    summary: [
      `${shown(problem, PROBLEM)}.`,
      `It holds ${pattern}, which this watch selects by ${claim}. Who signed it, and whether anybody did, is not known; a mention proves nothing.`,
      `What to do now: ${advice}, and find out whether any of your signing made it. What verifies signatures may read it otherwise than sigwatch does.`,
    ].join('\n'),
    index,
    signer: NOBODY,
    dedupeKey: `identity/${watch.name}/unparsable`,
    notify: watch.notify,
  };
}

/** Told once for each of the two sorts of entries that cannot be read: from now on they are searched and counted, but kept no more. */
export function unparsableFullAlert(unread: boolean): AlertDraft {
  const what = unread ? 'Entries of unknown kinds' : 'Entries that cannot be decoded';
  return {
    ...about(null),
    class: 'identity',
    kind: 'unparsable',
    // A log of somebody's own kind of entries is no attack.
    severity: unread ? 'low' : 'high',
    title: `${what} are no longer kept: there is no more room for them`,
    summary: `${what} filled the room that there is for them. From now on they are still searched for what is watched, counted and told of, and those that hold it are kept; but no others.\nWhat to do now: find out who logs so many of them (\`status --json\` counts them by log and kind; the table \`unparsable\` has those that were kept). A flood may be meant to hide something.`,
    dedupeKey: unread ? 'identity/unparsable/full-unread' : 'identity/unparsable/full',
  };
}
