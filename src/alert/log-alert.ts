import type { Severity } from '../policy/watch.ts';
import type { Evidence, LogMisbehaved, MisbehaviourKind } from '../log/log.ts';
import { parseCheckpoint, type Checkpoint } from '../tlog/checkpoint.ts';
import { Frontier } from '../tlog/frontier.ts';
import type { Hash } from '../tlog/hash.ts';
import { parseNote } from '../tlog/note.ts';
import { about } from './about.ts';
import type { AlertDraft } from './alert.ts';
import { shown } from './escape.ts';

/** Longest part of an error message that a summary quotes. */
const QUOTED = 1000;

/** So many witnesses a summary names. */
const MAX_OBSERVERS = 8;

const SEVERITY: Readonly<Record<MisbehaviourKind, Severity>> = {
  fork: 'critical',
  rollback: 'critical',
  'entry-mismatch': 'critical',
  'bad-signature': 'high',
  'wrong-origin': 'high',
  'frozen-log-grew': 'critical',
  'entries-withheld': 'high',
  'witness-missing': 'high',
};

const TITLE: Readonly<Record<MisbehaviourKind, string>> = {
  fork: 'the log signed two histories that contradict each other',
  rollback: 'the log signed a smaller tree that is no prefix of the one it signed before',
  'entry-mismatch': 'what the log serves does not make the root it signed',
  'bad-signature': 'a checkpoint is not signed by a key of this log',
  'wrong-origin': 'a checkpoint is of another log',
  'frozen-log-grew': 'the log signed a larger tree than the one it had ended with',
  'entries-withheld': 'the log signed entries that it does not serve',
  'witness-missing': 'a checkpoint lacks the cosignatures that the witness policy asks for',
};

/** Only a contradiction between signed notes is proof; the rest may be a broken cache or proxy on the way. */
const ADVICE: Readonly<Record<MisbehaviourKind, string>> = {
  fork: 'Both signed notes are kept as evidence. This log is stopped until an operator decides; the others go on.\nWhat to do now: keep this database, compare the two notes with what others see of this log, and do not trust entries of it that are younger than the contradiction.',
  rollback:
    'Both signed notes are kept as evidence. This log is stopped until an operator decides; the others go on.\nWhat to do now: keep this database, compare the two notes with what others see of this log, and do not trust entries of it that are younger than the contradiction.',
  'entry-mismatch':
    'Nothing past the last verified entry is believed; it is fetched again at every poll and heals by itself.\nWhat to do now: if it stays, ask the operator of the log, and look for a cache or proxy on the way.',
  'bad-signature':
    'Nothing of it is believed; it is fetched again at every poll and heals by itself.\nWhat to do now: if it stays, find out whether the log changed its key, and whether the configured address is right.',
  'wrong-origin':
    'Nothing of it is believed; it is fetched again at every poll and heals by itself.\nWhat to do now: if it stays, compare the configured origin and address with what the operator of the log publishes.',
  'frozen-log-grew':
    'Both notes are kept as evidence. Nothing past the end that was verified is read until an operator decides; the other logs go on.\nWhat to do now: ask the operator of the log why a tree that had ended grew, and then use `sigwatch logs resume`.',
  'entries-withheld':
    'They are named as a gap and asked for again; what follows them is read where the log proves it.\nWhat to do now: ask the operator of the log for them. Somebody may hide a signature there.',
  'witness-missing':
    'The log itself is verified and goes on.\nWhat to do now: find out whether the witnesses are down. If they are not, this view of the log may be shown to you alone.',
};

/** Somebody else who saw a tree that the evidence is about. */
export interface Observer {
  /** A witness, as the policy names it. */
  readonly name: string;
  /** When it cosigned, in milliseconds since 1970; 0: it does not say. */
  readonly time: number;
  readonly size: number;
  readonly root: Hash;
}

/** The alert about a log that contradicts itself or its signature, with its evidence. Equal contradictions share a dedupe key, also after the log has grown. */
export function logAlert(error: LogMisbehaved, observers: readonly Observer[] = []): AlertDraft {
  const { evidence } = error;
  return {
    ...about(evidence.log),
    class: 'log',
    kind: evidence.kind,
    severity: SEVERITY[evidence.kind],
    title: shown(`${evidence.log}: ${TITLE[evidence.kind]}`, 400),
    summary: [`${shown(error.message, QUOTED)}.`, ...describeObservers(observers), ADVICE[evidence.kind]].join('\n'),
    dedupeKey: ['log', evidence.log, evidence.kind, ...contradictingRoots(evidence)].join('/'),
    evidence,
  };
}

function describeObservers(observers: readonly Observer[]): readonly string[] {
  const more = observers.length - MAX_OBSERVERS;
  return [
    ...observers.slice(0, MAX_OBSERVERS).map(describeObserver),
    ...(more > 0 ? [`${more} more cosignatures of witnesses hold.`] : []),
  ];
}

function describeObserver({ name, time, size, root }: Observer): string {
  const when = time === 0 ? '' : ` at ${new Date(time).toISOString()}`;
  return `The witness ${shown(name, 100)} cosigned the tree of size ${size} with root ${root.toString('hex')}${when}.`;
}

/** Told once for each log, at its first verified checkpoint: a monitor never begins in silence. */
export function startedAlert(log: string, checkpoint: Checkpoint): AlertDraft {
  return {
    ...about(log),
    class: 'operational',
    kind: 'started',
    severity: 'low',
    title: shown(`${log}: watching, verified to size ${checkpoint.size}`, 400),
    summary: `The first checkpoint of this log is verified: size ${checkpoint.size}, root ${checkpoint.root.toString('hex')}.\nWhat to do now: nothing. From here on every entry is read, proven and judged.`,
    dedupeKey: `operational/started/${log}`,
  };
}

/** There is one alert about stale trust data, which closes when the data is fresh again. */
export const TRUST_STALE_KEY = 'operational/trust-stale';

/** The trust data could not be refreshed. `isKnown`: what was known before stays in use; else nothing can be watched. */
export function trustStaleAlert(reason: string, isKnown = true): AlertDraft {
  const effect = isKnown
    ? 'The keys and certificate authorities known before stay in use.'
    : 'None are known from before: nothing is watched.';
  return {
    ...about(null),
    class: 'operational',
    kind: 'trust-stale',
    severity: 'high',
    title: 'The trust data could not be refreshed',
    summary: `${shown(reason, QUOTED)}.\n${effect}\nWhat to do now: make sure that the trust source can be reached from this machine, then restart.`,
    dedupeKey: TRUST_STALE_KEY,
  };
}

/** The two roots, of one size, that cannot both be true; sorted. None where nobody signed a contradiction: what is served then changes at every poll. */
function contradictingRoots(evidence: Evidence): readonly string[] {
  if (!evidence.signed) {
    return [];
  }
  // A forked tree grows on, but its prefix of the size that was signed before stays the same.
  const known = evidence.notes.slice(0, evidence.prefix === undefined ? 2 : 1).map(rootOf);
  const other =
    evidence.prefix === undefined ? [] : [Frontier.from(evidence.prefix.size, evidence.prefix.frontier).root()];
  return [...known, ...other.map((root) => root.toString('hex'))].sort();
}

function rootOf(note: string): string {
  return parseCheckpoint(parseNote(note).text).root.toString('hex');
}
