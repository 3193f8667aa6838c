import type { Alert, AlertClass, AlertState } from '../alert/alert.ts';
import { linkList, placeFacts, signerFacts, type Fact } from '../alert/alert-facts.ts';
import { alertJson } from '../alert/alert-json.ts';
import type { EntryEvidence, Evidence } from '../log/log.ts';
import { findAlert, listAlerts, type AlertFilter, type StoredAlert } from '../store/alerts.ts';
import { encodeEvidence } from '../store/evidence-json.ts';
import type { Store } from '../store/store.ts';
import type { ExitStatus, Io } from './io.ts';
import { formatTime, jsonLine, safe, safeLines } from './print.ts';
import { parseTimeBound } from './time-bound.ts';

const STATES: readonly AlertState[] = ['open', 'acknowledged', 'closed'];
const CLASSES: readonly AlertClass[] = ['identity', 'log', 'operational'];

/** Options of `sigwatch alerts list`, as they were written. */
export interface ListOptions {
  readonly state?: string | undefined;
  readonly class?: string | undefined;
  readonly watch?: string | undefined;
  readonly since?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `sigwatch alerts list`: every alert that meets the filters, open ones first. 2 for options that cannot be understood. */
export function listAlertsCommand(
  store: Store,
  options: ListOptions,
  io: Pick<Io, 'stdout' | 'stderr'>,
  now: Date,
): ExitStatus {
  const filter = parseFilter(options, now);
  if (typeof filter === 'string') {
    io.stderr(`${safe(filter)}\n`);
    return 2;
  }
  const alerts = listAlerts(store, filter);
  if (options.json === true) {
    for (const alert of alerts) {
      io.stdout(`${jsonLine(alertJson(alert))}\n`);
    }
  } else if (alerts.length === 0) {
    io.stderr('No alert fits\n');
  } else {
    io.stdout(alerts.map(formatAlert).join(''));
  }
  return 0;
}

/** Two lines an alert: a title needs a line of its own. */
function formatAlert({ id, state, severity, kind, occurrences, lastSeen, title }: Alert): string {
  const seen = occurrences === 1 ? 'once' : `${occurrences} times, last`;
  return `${id}  ${state}  ${severity}  ${kind}  seen ${seen} ${formatTime(lastSeen)} UTC\n    ${safe(title)}\n`;
}

/** `sigwatch alerts show ID`: one alert whole, with what is kept as its evidence. 2 when there is none with this id. */
export function showAlertCommand(
  store: Store,
  id: string,
  options: { readonly json?: boolean | undefined },
  io: Pick<Io, 'stdout' | 'stderr'>,
): ExitStatus {
  const alert = findAlert(store, id);
  if (alert === null) {
    io.stderr(`Cannot show alert "${safe(id)}": there is none; see \`sigwatch alerts list\`\n`);
    return 2;
  }
  if (options.json === true) {
    const evidence: unknown = alert.evidence === null ? null : JSON.parse(encodeEvidence(alert.evidence));
    io.stdout(`${jsonLine({ ...alertJson(alert), evidence })}\n`);
  } else {
    io.stdout(describe(alert));
  }
  return 0;
}

function describe(alert: StoredAlert): string {
  const sections = [
    [`[${alert.severity}] ${safe(alert.title)}`],
    [safeLines(alert.summary)],
    [{ label: 'State', value: alert.state }, ...placeFacts(alert)].map(formatFact),
    signerFacts(alert).map(formatFact),
    alert.artifacts.map((artifact) => formatFact({ label: 'Artifact', value: artifact })),
    linkList(alert).map(({ caption, url }) => formatFact({ label: caption, value: url })),
    ...evidenceSections(alert),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n').trimEnd()}\n`)
    .join('\n');
}

function evidenceSections({ id, evidence }: StoredAlert): readonly (readonly string[])[] {
  if (evidence === null) {
    return [];
  }
  const kept =
    evidence.kind === 'inclusion'
      ? [[inclusionLine(evidence)]]
      : [
          ...evidence.notes.map((note, position) => [`Signed note ${position + 1}`, `  ${safeLines(note, '  ')}`]),
          ...(evidence.prefix === undefined ? [] : [[prefixLine(evidence.prefix)]]),
          ...(evidence.served === undefined ? [] : [servedLines(evidence.served)]),
          ...(evidence.unserved === undefined ? [] : [unservedLines(evidence.unserved)]),
        ];
  return [...kept, [`\`sigwatch evidence ${id}\` writes it to a file that others can check`]];
}

function inclusionLine({ leaf, proof }: EntryEvidence): string {
  return `Hashes lead from entry ${leaf.index} to the root that the log signed for size ${proof.size} (--json has them)`;
}

/** Nobody checks hashes by eye: a program reads them. */
function prefixLine({ size, frontier, nodes }: NonNullable<Evidence['prefix']>): string {
  return (
    `${frontier.length + nodes.length} nodes make the root of the last note, and for its first ${size} entries ` +
    'another root than the first note signs (--json has them)'
  );
}

/** What was served may be anything, and nobody signed that it was. */
function servedLines({ url, sha256, excerpt }: NonNullable<Evidence['served']>): readonly string[] {
  return [
    'Served, by our own report (nobody signed that it was)',
    `  ${safe(url)}`,
    `  SHA-256 ${safe(sha256)}, beginning with`,
    `  ${safeLines(excerpt, '  ')}`,
  ];
}

function unservedLines({ from, to, answer }: NonNullable<Evidence['unserved']>): readonly string[] {
  const entries = to - from === 1 ? `Entry ${from} was` : `Entries ${from} to ${to - 1} were`;
  return [`${entries} asked for in vain, by our own report; what came instead`, `  ${safeLines(answer, '  ')}`];
}

function formatFact({ label, value }: Fact): string {
  return `${label.padEnd(26)}${safe(value)}`;
}

/** Returns what is wrong with the options, if anything is. */
function parseFilter(options: ListOptions, now: Date): AlertFilter | string {
  const state = STATES.find((known) => known === options.state);
  if (options.state !== undefined && state === undefined) {
    return `Cannot use --state "${options.state.slice(0, 40)}": expected one of ${STATES.join(', ')}`;
  }
  const alertClass = CLASSES.find((known) => known === options.class);
  if (options.class !== undefined && alertClass === undefined) {
    return `Cannot use --class "${options.class.slice(0, 40)}": expected one of ${CLASSES.join(', ')}`;
  }
  try {
    const since = options.since === undefined ? undefined : parseTimeBound(options.since, '--since', now);
    return { state, class: alertClass, watch: options.watch, since };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return error.message;
    }
    throw error;
  }
}
