import { QUOTED, signerSentence } from '../alert/describe-signer.ts';
import { violationSentence } from '../alert/describe-violation.ts';
import { shown } from '../alert/escape.ts';
import type { ComparedJudgement } from '../monitor/replay.ts';
import type { Watch } from '../policy/watch.ts';
import { listTold, type ToldAlert, type ToldCount } from '../store/simulation.ts';
import type { Store } from '../store/store.ts';
import { formatTime, safe } from './print.ts';

/** So many changes of one watch are shown, and so many in all; so many alerts of one watch. The others are counted. */
const MOST_OF_WATCH = 100;
const MOST = 10_000;
/** So many failing claims of one judgement are shown. */
const MOST_CLAIMS = 20;
/** Longest title that is shown. */
const TITLE = 300;

const DAY_MS = 86_400_000;

/** What is known of the judgements of one watch. */
interface WatchTally {
  judgements: number;
  changed: number;
  otherReasons: number;
  /** The first changes, as text. */
  readonly shown: string[];
}

/** Counts judgements as they come, and keeps the first changes of each watch. */
export class ReplayTally {
  readonly #watches = new Map<string, WatchTally>();
  #kept = 0;

  add(compared: ComparedJudgement): void {
    const tally = this.#watches.get(compared.watch) ?? { judgements: 0, changed: 0, otherReasons: 0, shown: [] };
    this.#watches.set(compared.watch, tally);
    tally.judgements += 1;
    tally.otherReasons += compared.hasOtherReasons ? 1 : 0;
    if (compared.before === compared.after) {
      return;
    }
    tally.changed += 1;
    if (tally.shown.length < MOST_OF_WATCH && this.#kept < MOST) {
      this.#kept += 1;
      tally.shown.push(formatChange(compared));
    }
  }

  /** Names of the watches that judged or would judge something, in the order in which they did. */
  get watches(): readonly string[] {
    return [...this.#watches.keys()];
  }

  of(watch: string): Readonly<WatchTally> | null {
    return this.#watches.get(watch) ?? null;
  }

  get judgements(): number {
    return [...this.#watches.values()].reduce((sum, { judgements }) => sum + judgements, 0);
  }

  get changed(): number {
    return [...this.#watches.values()].reduce((sum, { changed }) => sum + changed, 0);
  }
}

/** A replay that has ended. */
export interface EndedReplay {
  readonly simulation: Store;
  readonly watches: readonly Watch[];
  /** The only watch that is asked for; null: all are. */
  readonly watch: string | null;
  readonly since: Date;
  readonly until: Date | null;
  readonly now: Date;
  readonly entries: number;
  readonly tally: ReplayTally;
  readonly told: readonly ToldCount[];
}

/** What a configuration would change, watch by watch, and what it would tell; safe to print. */
export function renderReplay(replay: EndedReplay): string {
  const { since, until, now, entries, tally, watch } = replay;
  const from = `${formatTime(since)} UTC`;
  const span = until === null ? `since ${from}` : `from ${from} to ${formatTime(until)} UTC`;
  const head = `${count(entries, 'entry', 'entries')} recorded ${span}: ${changesOf(tally)}.\n`;
  const named = replay.watches.map(({ name }) => name);
  const gone = tally.watches.filter((name) => !named.includes(name)).sort();
  const all = [...named, ...gone].filter((name) => watch === null || name === watch);
  const busy = all.filter((name) => tally.of(name) !== null || replay.told.some((told) => told.watch === name));
  const idle = all.length - busy.length;
  return [
    head,
    ...busy.map((name) => formatWatch(name, gone.includes(name), tally.of(name))),
    ...(idle === 0 ? [] : [`\n${count(idle, 'watch selects', 'watches select')} nothing of it.\n`]),
    '\n',
    formatAllTold(replay, busy, daysOf(since, until ?? now)),
  ].join('');
}

function formatWatch(name: string, isGone: boolean, tally: Readonly<WatchTally> | null): string {
  const title = `${safe(name)}${isGone ? ' (not configured)' : ''}: ${changesOf(tally ?? NONE)}`;
  if (tally === null) {
    return `\n${title}\n`;
  }
  const others =
    tally.otherReasons === 0
      ? ''
      : `  ${count(tally.otherReasons, 'judgement stays as it is', 'judgements stay as they are')}, but for other claims\n`;
  const left = tally.changed - tally.shown.length;
  const more = left === 0 ? '' : `  … and ${left} more (--json has all)\n`;
  return `\n${title}\n${tally.shown.join('')}${more}${others}`;
}

const NONE = { judgements: 0, changed: 0 };

/** `of 412 judgements 3 change`. */
function changesOf({ judgements, changed }: { readonly judgements: number; readonly changed: number }): string {
  if (judgements === 0) {
    return 'no judgements';
  }
  const verb = changed === 0 ? 'none changes' : changed === 1 ? '1 changes' : `${changed} change`;
  return judgements === 1
    ? changed === 0
      ? '1 judgement, unchanged'
      : '1 judgement changes'
    : `of ${judgements} judgements ${verb}`;
}

/** When and where, what becomes of what, who signed and what fails. */
function formatChange(compared: ComparedJudgement): string {
  const { log, index, observedAt, before, after, violations, summary } = compared;
  const place = `${shown(log, QUOTED)}, index ${index}`;
  const who =
    (after ?? before) === 'unparsable'
      ? 'It cannot be read, and holds what this watch selects.'
      : signerSentence(summary);
  const failing = violations.slice(0, MOST_CLAIMS).map((violation) => violationSentence(violation, QUOTED));
  const more = violations.length > MOST_CLAIMS ? [`and ${violations.length - MOST_CLAIMS} more claims.`] : [];
  const change = `${before ?? 'not selected'} → ${after ?? 'not selected'}`;
  return [
    `  ${formatTime(observedAt)}  ${place}: ${change}`,
    ...[who, ...failing, ...more].filter((line) => line !== '').map((line) => `    ${line}`),
    '',
  ].join('\n');
}

function formatAllTold({ simulation, told }: EndedReplay, watches: readonly string[], days: string): string {
  const alerts = sum(told.filter(({ isAudited }) => !isAudited));
  const audited = sum(told.filter(({ isAudited }) => isAudited));
  const silent = audited === 0 ? '' : `; watches in audit mode would only write down ${audited} more`;
  const head = alerts === 0 ? `Would not alert in ${days}` : `Would alert ${times(alerts)} in ${days}`;
  const sections = watches.flatMap((name) => {
    const counts = told.filter(({ watch }) => watch === name);
    return counts.length === 0 ? [] : [formatTold(name, counts, listTold(simulation, name, MOST_OF_WATCH))];
  });
  return [`${head}${silent}.\n`, ...sections].join('');
}

function formatTold(name: string, counts: readonly ToldCount[], alerts: readonly ToldAlert[]): string {
  const each = counts.map(({ severity, kind, alerts: number }) => `${severity} ${kind} ${number}`).join(', ');
  const audit = counts.some(({ isAudited }) => isAudited) ? ' (audit: nobody is told)' : '';
  const left = sum(counts) - alerts.length;
  const more = left === 0 ? '' : `  … and ${left} more\n`;
  return `\n${safe(name)}${audit}: ${each}\n${alerts.map(formatAlert).join('')}${more}`;
}

function formatAlert({ severity, kind, title, log, index, occurrences, firstSeen, lastSeen }: ToldAlert): string {
  const seen =
    occurrences === 1
      ? `once, ${formatTime(firstSeen)} UTC`
      : `${times(occurrences)}, ${formatTime(firstSeen)} to ${formatTime(lastSeen)} UTC`;
  const place = log === null ? '' : `, first ${shown(log, QUOTED)}, index ${index ?? '-'}`;
  return `  [${severity}] ${kind}: ${shown(title, TITLE)}\n    seen ${seen}${place}\n`;
}

function sum(counts: readonly ToldCount[]): number {
  return counts.reduce((total, { alerts }) => total + alerts, 0);
}

function times(number: number): string {
  return number === 1 ? 'once' : `${number} times`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** `30 days`; the time of a day in hours. */
function daysOf(since: Date, until: Date): string {
  const ms = Math.max(until.getTime() - since.getTime(), 0);
  return ms < 2 * DAY_MS
    ? count(Math.max(Math.round(ms / 3_600_000), 1), 'hour', 'hours')
    : count(Math.round(ms / DAY_MS), 'day', 'days');
}
