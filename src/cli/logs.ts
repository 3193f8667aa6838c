import { listAlerts } from '../store/alerts.ts';
import { findDecision, listDecisions, saveDecision, type Decision } from '../store/decisions.ts';
import { findLog, type LogRecord } from '../store/logs.ts';
import { readStatus, type LogStatus } from '../store/status.ts';
import type { Store } from '../store/store.ts';
import type { ExitStatus, Io } from './io.ts';
import { formatTime, jsonLine, safe } from './print.ts';

/** Who decided and why is read by people. */
const MAX_TEXT = 2000;

/** `sigwatch logs list`: every log with what stopped it and what operators decided about it. */
export function listLogsCommand(
  store: Store,
  options: { readonly json?: boolean | undefined },
  io: Pick<Io, 'stdout' | 'stderr'>,
): ExitStatus {
  const logs = readStatus(store).logs.map((status) => ({
    status,
    record: findLog(store, status.origin),
    decisions: listDecisions(store, status.origin),
  }));
  if (options.json === true) {
    for (const log of logs) {
      io.stdout(`${jsonLine(logJson(log))}\n`);
    }
  } else if (logs.length === 0) {
    io.stderr('No log is known yet\n');
  } else {
    io.stdout(logs.map(formatLog).join(''));
  }
  return 0;
}

interface ListedLog {
  readonly status: LogStatus;
  /** Null for a source that never answered. */
  readonly record: LogRecord | null;
  readonly decisions: readonly Decision[];
}

function logJson({ status, record, decisions }: ListedLog): unknown {
  const { name, origin, type, url, state, verified_size, examined_size, seen_size, last_error } = status;
  return {
    ...{ name, origin, type, url, state, verified_size, examined_size, seen_size },
    frozen_size: record?.frozen?.size ?? null,
    last_error,
    alert: record?.stoppedBy ?? null,
    decisions: decisions.map(decisionJson),
  };
}

function decisionJson({ by, note, alert, decidedAt, appliedAt, outcome }: Decision): unknown {
  return {
    by,
    note,
    alert,
    decided_at: decidedAt.toISOString(),
    applied_at: appliedAt?.toISOString() ?? null,
    outcome,
  };
}

function formatLog({ status, record, decisions }: ListedLog): string {
  const { name, origin, type, state } = status;
  const size = status.verified_size === null ? 'nothing verified' : `verified to ${status.verified_size}`;
  const called = name === origin ? '' : `  (${safe(name)})`;
  const stopped = record?.stoppedBy ?? null;
  return [
    `${safe(origin)}${called}  ${safe(type)}  ${safe(state)}  ${size}`,
    ...(status.last_error === null ? [] : [`    ${safe(status.last_error)}`]),
    ...(stopped === null ? [] : [`    stopped by alert ${stopped}: \`sigwatch alerts show ${stopped}\``]),
    ...(stopped === null || decisions.some(({ appliedAt }) => appliedAt === null)
      ? []
      : ['    until somebody decides: `sigwatch logs resume LOG --by WHO --note WHY`']),
    ...decisions.flatMap(formatDecision),
    '',
  ].join('\n');
}

function formatDecision({ by, note, decidedAt, appliedAt, outcome }: Decision): readonly string[] {
  const then =
    appliedAt === null ? 'not acted on yet' : `acted on ${formatTime(appliedAt)} UTC: ${safe(outcome ?? '')}`;
  return [`    decided ${formatTime(decidedAt)} UTC by ${safe(by)}: "${safe(note)}"`, `    ${then}`];
}

/** Options of `sigwatch logs resume`, as they were written. */
export interface ResumeOptions {
  readonly by: string;
  readonly note: string;
  readonly json?: boolean | undefined;
}

/**
 * `sigwatch logs resume LOG`: writes an operator's decision down, for whoever follows the log to act on. 2 when there is no
 * such log, when it is not stopped, or when nobody or no reason is named.
 */
export function resumeLogCommand(
  store: Store,
  name: string,
  options: ResumeOptions,
  io: Pick<Io, 'stdout' | 'stderr'>,
  now: Date,
): ExitStatus {
  const log = resolve(store, name);
  const refused = typeof log === 'string' ? log : (whyNot(store, log) ?? faultOf(options));
  if (typeof log === 'string' || refused !== null) {
    io.stderr(`Cannot resume "${safe(name)}": ${refused ?? ''}\n`);
    return 2;
  }
  const { by, note } = options;
  const { origin } = log;
  const alert = log.stoppedBy ?? findGrown(store, origin);
  saveDecision(store, { log: origin, by, note, alert }, now);
  if (options.json === true) {
    io.stdout(`${jsonLine({ log: origin, by, note, alert, decided_at: now.toISOString() })}\n`);
  } else {
    const who =
      readStatus(store).heartbeat === null ? '`sigwatch run` acts on it' : 'the daemon acts on it within 10 s';
    io.stdout(`${safe(origin)} goes on, by decision of ${safe(by)}: ${who}; \`sigwatch logs\` says what came of it\n`);
  }
  return 0;
}

/** The log of this origin, or the only one of a configured name; else why there is none. */
function resolve(store: Store, name: string): LogRecord | string {
  const exact = findLog(store, name);
  if (exact !== null) {
    return exact;
  }
  const named = readStatus(store).logs.filter((log) => log.name === name);
  if (named.length > 1) {
    return `${named.length} logs have this name, expected an origin: ${named.map(({ origin }) => `"${safe(origin)}"`).join(', ')}`;
  }
  return findLog(store, named[0]?.origin ?? '') ?? 'no log has this origin or name; see `sigwatch logs`';
}

/** Null when there is something to decide. */
function whyNot(store: Store, { origin, stoppedBy, frozen, position, state }: LogRecord): string | null {
  const waiting = findDecision(store, origin);
  if (waiting !== null) {
    return `a decision of ${safe(waiting.by)} (${formatTime(waiting.decidedAt)} UTC) is not acted on yet`;
  }
  // A tree that was accepted and is never shown holds a log as well.
  const isHeld = position !== null && position.target !== null && state === 'unreachable';
  if (stoppedBy !== null || (frozen !== null && state === 'misbehaving') || isHeld) {
    return null;
  }
  const healing = state === 'misbehaving' ? '; what nobody signed heals by itself' : '';
  return `it is not stopped, its state is ${state}${healing}`;
}

function faultOf({ by, note }: ResumeOptions): string | null {
  const [option] = Object.entries({ by, note }).find(([, text]) => text.trim() === '' || text.length > MAX_TEXT) ?? [];
  const what = option === 'by' ? 'who decides' : 'why';
  return option === undefined ? null : `expected --${option} to say ${what}, in at most ${MAX_TEXT} characters`;
}

/** The alert about a log that grew beyond its end: one that did not stop it. */
function findGrown(store: Store, origin: string): string | null {
  return (
    listAlerts(store, { class: 'log' }).find(({ kind, log }) => kind === 'frozen-log-grew' && log === origin)?.id ??
    null
  );
}
