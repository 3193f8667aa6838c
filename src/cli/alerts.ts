import type { AlertClass, AlertState } from '../alert/alert.ts';
import { linkList, placeFacts, signerFacts, type Fact } from '../alert/alert-facts.ts';
import { alertJson } from '../alert/alert-json.ts';
import { parseDuration } from '../config/duration.ts';
import { findAlert, listAlerts, type AlertFilter, type StoredAlert } from '../store/alerts.ts';
import { encodeEvidence } from '../store/evidence-json.ts';
import type { Store } from '../store/store.ts';
import type { ExitStatus, Io } from './io.ts';
import { formatTable, formatTime, jsonLine, safe, safeLines } from './print.ts';

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

/** `sigwatch alerts list`: every alert that meets the filters, open ones first. 0, or 2 for a filter that can mean nothing. */
export function listAlertsCommand(
  store: Store,
  options: ListOptions,
  io: Pick<Io, 'stdout' | 'stderr' | 'columns'>,
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
    io.stderr('No alert meets this.\n');
  } else {
    const rows = alerts.map(({ id, state, severity, kind, occurrences, lastSeen, title }) => [
      id,
      state,
      severity,
      kind,
      String(occurrences),
      formatTime(lastSeen),
      title,
    ]);
    io.stdout(formatTable(COLUMNS, rows, io.columns));
  }
  return 0;
}

const COLUMNS = [
  { title: 'ALERT' },
  { title: 'STATE' },
  { title: 'SEVERITY' },
  { title: 'KIND' },
  { title: 'SEEN', align: 'right' },
  { title: 'LAST SEEN (UTC)' },
  { title: 'TITLE', shrinks: true },
] as const;

/** `sigwatch alerts show ID`: one alert whole, with what is kept as its evidence. 0, or 2 when there is none with this id. */
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
    ...(alert.evidence?.notes ?? []).map((note, position) => [
      `Signed note ${position + 1}`,
      `  ${safeLines(note, '  ')}`,
    ]),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n').trimEnd()}\n`)
    .join('\n');
}

function formatFact({ label, value }: Fact): string {
  return `${label.padEnd(26)}${safe(value)}`;
}

/** The filter, or what is wrong with it. */
function parseFilter(options: ListOptions, now: Date): AlertFilter | string {
  const state = STATES.find((name) => name === options.state);
  if (options.state !== undefined && state === undefined) {
    return `Cannot list alerts of state "${options.state}": expected ${STATES.join(', ')}`;
  }
  const kindOf = CLASSES.find((name) => name === options.class);
  if (options.class !== undefined && kindOf === undefined) {
    return `Cannot list alerts of class "${options.class}": expected ${CLASSES.join(', ')}`;
  }
  const since = options.since === undefined ? undefined : parseSince(options.since, now);
  if (since === null) {
    return `Cannot list alerts since "${options.since ?? ''}": expected a duration such as 24h or 7d, or a time as in RFC 3339`;
  }
  return { state, class: kindOf, watch: options.watch, since };
}

/** A duration before `now`, or a moment (RFC 3339); null when it is neither. */
function parseSince(text: string, now: Date): Date | null {
  if (/^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/.test(text)) {
    const time = new Date(text);
    return Number.isNaN(time.getTime()) ? null : time;
  }
  try {
    return new Date(now.getTime() - parseDuration(text));
  } catch (error) {
    if (error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}
