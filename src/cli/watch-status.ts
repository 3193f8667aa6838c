import { silenceOf, type SilenceState } from '../policy/silence.ts';
import { listAudits, type Audit } from '../store/audit-alerts.ts';
import { listCadences, listVerified, type Cadence, type VerifiedLog } from '../store/cadence.ts';
import type { Store } from '../store/store.ts';
import { formatAge, formatTime, safe } from './print.ts';

/** How far `status` looks back at what watches in audit mode would have told. */
const AUDIT_DAYS = 7;
const DAY_MS = 86_400_000;

/** How it stands with a watch that awaits expected entries (`status --json`). Times are RFC 3339. */
export interface CadenceStatus {
  readonly watch: string;
  readonly cadence_seconds: number;
  /** `held`: it is overdue by the clock, but a log is not verified far enough to say so. */
  readonly state: SilenceState;
  /** When something is missing, or since when. */
  readonly due_at: string;
  /** Until then; null where nothing is left. */
  readonly left_seconds: number | null;
  /** Since when the watch is in force. */
  readonly since: string;
  readonly last_expected: { readonly at: string; readonly log: string; readonly index: number } | null;
  /** Every log is verified up to then; null: one is not verified at all. */
  readonly verified_to: string | null;
  /** The log that is verified least far, where that holds it up. */
  readonly held_by: string | null;
}

/** What a watch in audit mode would have told in the last days (`status --json`). */
export interface AuditStatus extends Audit {
  readonly days: number;
}

/** What `status` says of watches. */
export interface WatchStatus {
  readonly cadences: readonly CadenceStatus[];
  readonly audit: readonly AuditStatus[];
}

export function readWatchStatus(store: Store, now: Date): WatchStatus {
  const [least] = listVerified(store);
  return {
    cadences: listCadences(store).map((cadence) => cadenceStatus(cadence, least ?? null, now)),
    audit: listAudits(store, new Date(now.getTime() - AUDIT_DAYS * DAY_MS)).map((audit) => ({
      watch: audit.watch,
      days: AUDIT_DAYS,
      alerts: audit.alerts,
      kinds: audit.kinds,
      latest: audit.latest,
    })),
  };
}

function cadenceStatus(
  { watch, cadenceMs, since, last, toldAs }: Cadence,
  least: VerifiedLog | null,
  now: Date,
): CadenceStatus {
  const verifiedTo = least?.verifiedTo ?? null;
  const silence = silenceOf({ cadenceMs, from: last?.at ?? since, verifiedTo, now: now.getTime() });
  // What was told stays so while a log that came later, or fails now, is not verified that far.
  const state = silence.state === 'held' && toldAs !== null ? 'missing' : silence.state;
  return {
    watch,
    cadence_seconds: cadenceMs / 1000,
    state,
    due_at: new Date(silence.dueAt).toISOString(),
    left_seconds: state === 'quiet' ? Math.ceil((silence.dueAt - now.getTime()) / 1000) : null,
    since: new Date(since).toISOString(),
    last_expected: last && { at: new Date(last.at).toISOString(), log: last.log, index: last.index },
    verified_to: verifiedTo === null ? null : new Date(verifiedTo).toISOString(),
    held_by: state === 'held' ? (least?.origin ?? null) : null,
  };
}

/** The lines of `status` about watches: what is missing or will be, and what those in audit mode would have told. */
export function formatWatchStatus({ cadences, audit }: WatchStatus, now: Date): string {
  return [...cadences.map((cadence) => formatCadence(cadence, now)), ...audit.map(formatAudit)].join('');
}

function formatCadence(cadence: CadenceStatus, now: Date): string {
  const { state, left_seconds: left, last_expected: last, held_by: log } = cadence;
  const watch = safe(cadence.watch);
  const due = new Date(cadence.due_at);
  if (state === 'quiet') {
    return `Cadence ${watch}: the next expected signature is due in ${formatAge((left ?? 0) * 1000)}\n`;
  }
  if (state === 'held') {
    const upTo = cadence.verified_to === null ? 'not verified yet' : `verified only up to ${utc(cadence.verified_to)}`;
    const why = log === null ? 'no log of signatures is followed' : `${safe(log)} is ${upTo}`;
    return `Cadence ${watch}: an expected signature was due ${utc(cadence.due_at)}; it stands still, for ${why}\n`;
  }
  const seen = last === null ? 'none was ever seen' : `the last one was made ${utc(last.at)}`;
  return `Missing ${watch}: an expected signature is overdue for ${formatAge(now.getTime() - due.getTime())}; ${seen}\n`;
}

function formatAudit({ watch, days, alerts, kinds }: AuditStatus): string {
  const each = Object.entries(kinds).map(([kind, count]) => `${kind} ${count}`);
  const times = alerts === 1 ? '1 time' : `${alerts} times`;
  return alerts === 0
    ? `Audit ${safe(watch)}: would not have alerted in ${days} days\n`
    : `Audit ${safe(watch)}: would have alerted ${times} in ${days} days (${each.join(', ')})\n`;
}

function utc(time: string): string {
  return `${formatTime(new Date(time))} UTC`;
}
