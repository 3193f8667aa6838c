import type { Heartbeat } from '../store/heartbeat.ts';
import { readStatus, type LogStatus, type Status } from '../store/status.ts';
import type { Store } from '../store/store.ts';
import { VERSION } from '../version.ts';
import type { ExitStatus, Io } from './io.ts';
import { lagSeconds, secondsLeft } from './pace.ts';
import { formatAge, formatTable, formatTime, jsonLine, safe } from './print.ts';
import { formatWatchStatus, readWatchStatus } from './watch-status.ts';

export interface StatusOptions {
  readonly json?: boolean | undefined;
  /** Only say by the exit status whether a daemon lives: for a container's health check. */
  readonly healthy?: boolean | undefined;
}

/** A daemon gives a sign of life every ten seconds; one that gave none for so long hangs or is gone. */
const LIFELESS_AFTER_MS = 60_000;

/** `sigwatch status`: how far each log is, and what waits. 3 only with `healthy`, when no daemon lives. */
export function statusCommand(
  store: Store,
  options: StatusOptions,
  io: Pick<Io, 'stdout' | 'stderr' | 'columns'>,
  now: Date,
): ExitStatus {
  const status = readStatus(store);
  const alive = isAlive(status.heartbeat, now);
  if (options.healthy === true) {
    if (alive) {
      return 0;
    }
    io.stderr(`${describeDaemon(status.heartbeat, now)}\n`);
    return 3;
  }
  const ofWatches = readWatchStatus(store, now);
  io.stdout(
    options.json === true
      ? `${jsonLine({ ...statusJson(status, now), ...ofWatches })}\n`
      : formatStatus(status, io.columns, now) + formatWatchStatus(ofWatches, now),
  );
  return 0;
}

function statusJson({ heartbeat, database, logs, ...status }: Status, now: Date): object {
  return {
    version: VERSION,
    database,
    logs: logs.map((log) => ({ ...log, lag_seconds: lagSeconds(log, now), caught_up_in_seconds: secondsLeft(log) })),
    ...status,
    daemon:
      heartbeat === null
        ? null
        : {
            pid: heartbeat.pid,
            version: heartbeat.version,
            started_at: heartbeat.startedAt.toISOString(),
            beat_at: heartbeat.beatAt.toISOString(),
          },
  };
}

function formatStatus(status: Status, columns: number, now: Date): string {
  const { alerts, deliveries } = status;
  return [
    `sigwatch ${VERSION}, database ${safe(status.database)}\n`,
    `${describeDaemon(status.heartbeat, now)}\n\n`,
    formatLogs(status.logs, columns, now),
    ...status.logs.map((log) => formatPace(log, now)),
    ...status.logs.map(formatError),
    ...status.logs.map((log) => formatLife(log, now)),
    ...status.logs.map(formatAlso),
    ...status.logs.map((log) => formatWitnesses(log, now)),
    '\n',
    `Alerts: ${alerts.open} open, ${alerts.acknowledged} acknowledged\n`,
    `Deliveries: ${deliveries.pending} waiting, ${deliveries.failing} of them failing\n`,
    ...status.gaps.map((gap) => `Never examined: ${safe(gap.log)} from ${gap.from} to ${gap.to - 1} (${gap.reason})\n`),
    formatWatches(status.watches),
    formatReload(status.last_reload),
    ...(status.unparsable === 0 ? [] : [`Entries that could not be decoded: ${status.unparsable}\n`]),
  ].join('');
}

function describeDaemon(heartbeat: Heartbeat | null, now: Date): string {
  if (heartbeat === null) {
    return 'No daemon runs on this database';
  }
  if (isAlive(heartbeat, now)) {
    return `The daemon runs since ${formatTime(heartbeat.startedAt)} UTC (pid ${heartbeat.pid})`;
  }
  const age = formatAge(now.getTime() - heartbeat.beatAt.getTime());
  return `No daemon runs, and the last one did not end as it should: its last sign of life is ${age} old`;
}

/** Whether a daemon lives. A clock that was set back makes a sign of life of the future: that one is no proof either. */
export function isAlive(heartbeat: Heartbeat | null, now: Date): boolean {
  return heartbeat !== null && Math.abs(now.getTime() - heartbeat.beatAt.getTime()) <= LIFELESS_AFTER_MS;
}

/** How many watches are in force, and what was last changed in them. */
function formatWatches(watches: Status['watches']): string {
  const [first, ...others] = watches;
  if (first === undefined) {
    return '';
  }
  const last = others.reduce((latest, watch) => (watch.changed_at > latest.changed_at ? watch : latest), first);
  const same = watches.filter(({ changed_at: at }) => at === last.changed_at).length - 1;
  const more = same === 0 ? '' : ` and ${same} more`;
  return `Watches: ${watches.length}, last changed ${utc(last.changed_at)}: ${safe(last.name)}${more}\n`;
}

function formatReload(last: Status['last_reload']): string {
  if (last === null) {
    return '';
  }
  const [problem = '', ...others] = (last.problem ?? '').split('\n');
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return last.outcome === 'loaded'
    ? `Configuration read again ${utc(last.at)}\n`
    : `Configuration refused ${utc(last.at)}, the one from before is in force: ${safe(problem)}${more}\n`;
}

function utc(time: string): string {
  return `${formatTime(new Date(time))} UTC`;
}

function formatLogs(logs: readonly LogStatus[], columns: number, now: Date): string {
  if (logs.length === 0) {
    return 'No log is known yet\n';
  }
  return formatTable(
    [
      { title: 'LOG', shrinks: true },
      { title: 'STATE' },
      { title: 'VERIFIED', align: 'right' },
      { title: 'LAG', align: 'right' },
      { title: 'CHECKED', align: 'right' },
    ],
    logs.map((log) => [
      log.name === log.origin ? log.origin : `${log.origin} (${log.name})`,
      describeState(log),
      String(log.verified_size ?? '-'),
      String(log.lag ?? '-'),
      log.verified_at === null ? '-' : `${formatAge(now.getTime() - Date.parse(log.verified_at))} ago`,
    ]),
    columns,
  );
}

/** With how much of a catch-up is done. */
function describeState({
  state,
  examined_size: examined,
  seen_size: seen,
  started_at_index: start,
}: LogStatus): string {
  if (state !== 'catching-up' || examined === null || seen === null || start === null || seen <= start) {
    return state;
  }
  return `${state} ${Math.floor(((examined - start) / (seen - start)) * 100)} %`;
}

/** How fast a log is read that is behind, and when it will have been caught up with. */
function formatPace(log: LogStatus, now: Date): string {
  const { origin, rate, growth } = log;
  const behind = lagSeconds(log, now);
  if (behind === null || behind === 0 || rate === null) {
    return '';
  }
  const left = secondsLeft(log);
  const end =
    left === null
      ? 'it grows as fast as it is read, or faster: it will not be caught up with'
      : `caught up in ${formatAge(left * 1000)}`;
  const grows = growth === null ? '' : `, grows by ${formatRate(growth)}`;
  return `  ${safe(origin)}: behind for ${formatAge(behind * 1000)}; read at ${formatRate(rate)}${grows}: ${end}\n`;
}

function formatRate(rate: number): string {
  return `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} entries/s`;
}

function formatError(log: LogStatus): string {
  return log.last_error === null ? '' : `  ${safe(log.origin)}: ${safe(log.last_error)}\n`;
}

/** Since when a log stands still that should not. */
function formatLife({ origin, state, alive_at: aliveAt }: LogStatus, now: Date): string {
  return state !== 'stalled' || aliveAt === null
    ? ''
    : `  ${safe(origin)}: no sign of life for ${formatAge(now.getTime() - Date.parse(aliveAt))}\n`;
}

/** Further addresses of a log at which nothing could be compared. */
function formatAlso({ origin, also }: LogStatus): string {
  return also
    .filter(({ error }) => error !== null)
    .map(({ url, error }) => `  ${safe(origin)}: not compared with ${safe(url)}: ${safe(error ?? '')}\n`)
    .join('');
}

/** Who else saw the last verified checkpoint. */
function formatWitnesses({ origin, witnesses }: LogStatus, now: Date): string {
  const names = witnesses.map(
    ({ name, time }) =>
      `${safe(name)}${time === null ? '' : ` ${formatAge(Math.max(now.getTime() - Date.parse(time), 0))} ago`}`,
  );
  return names.length === 0 ? '' : `  ${safe(origin)}: cosigned by ${names.join(', ')}\n`;
}
