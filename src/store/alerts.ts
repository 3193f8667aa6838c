import { randomBytes } from 'node:crypto';
import type {
  Alert,
  AlertClass,
  AlertDraft,
  AlertKind,
  AlertLinks,
  AlertState,
  SignerSummary,
} from '../alert/alert.ts';
import type { EntryEvidence, Evidence } from '../log/log.ts';
import type { Severity, Violation } from '../policy/watch.ts';
import { decodeEvidence, encodeEvidence } from './evidence-json.ts';
import type { Store } from './store.ts';

export type AlertEvent = 'opened' | 'reopened' | 'repeated';

/** An alert with what is not told in messages. */
export interface StoredAlert extends Alert {
  readonly evidence: Evidence | EntryEvidence | null;
  /** Channels instead of the routes. */
  readonly notify: readonly string[] | null;
}

/** Criteria of a list; what is absent is met by every alert. */
export interface AlertFilter {
  readonly state?: AlertState | undefined;
  readonly class?: AlertClass | undefined;
  readonly watch?: string | undefined;
  /** Seen then or later. */
  readonly since?: Date | undefined;
}

interface Row {
  readonly id: string;
  readonly dedupe_key: string;
  readonly class: AlertClass;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly state: AlertState;
  readonly watch: string | null;
  readonly title: string;
  readonly summary: string;
  readonly log: string | null;
  readonly idx: number | null;
  readonly last_index: number | null;
  readonly violations: string;
  readonly signer: string | null;
  readonly artifacts: string;
  readonly links: string;
  readonly evidence: string | null;
  readonly notify: string | null;
  readonly occurrences: number;
  readonly first_seen: number;
  readonly last_seen: number;
}

const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/**
 * Folds a draft into the alert with its dedupe key: a new one is opened (`started` is born closed), a closed one opens
 * again under its id, an open or acknowledged one is only counted, unless the draft is graver: that is told again.
 */
export function raiseAlert(
  store: Store,
  draft: AlertDraft,
  now: Date,
): { readonly alert: Alert; readonly event: AlertEvent } {
  const existing = store
    .prepare<Pick<Row, 'id' | 'state' | 'severity'>>('SELECT id, state, severity FROM alerts WHERE dedupe_key = @key')
    .get({ key: draft.dedupeKey });
  if (existing === undefined) {
    return { alert: requireAlert(store, insertAlert(store, draft, now)), event: 'opened' };
  }
  const graver = SEVERITIES.indexOf(draft.severity) > SEVERITIES.indexOf(existing.severity);
  const reopens = draft.kind !== 'started' && (existing.state === 'closed' || graver);
  if (reopens) {
    reopenAlert(store, existing.id, draft);
  }
  store
    .prepare(
      `UPDATE alerts SET occurrences = occurrences + 1, last_index = coalesce(@index, last_index), last_seen = @now
       WHERE id = @id`,
    )
    .run({ id: existing.id, index: draft.index, now: now.getTime() });
  return { alert: requireAlert(store, existing.id), event: reopens ? 'reopened' : 'repeated' };
}

/** Closes the alert with this dedupe key, if there is one, because what it tells of is over. */
export function closeAlert(store: Store, dedupeKey: string): void {
  store
    .prepare(`UPDATE alerts SET state = 'closed' WHERE dedupe_key = @dedupeKey AND state <> 'closed'`)
    .run({ dedupeKey });
}

/** Closes what was told of contradictions in what a log signed, because an operator decided about it; the alert that stopped it among them. */
export function closeContradictions(store: Store, log: string): void {
  store
    .prepare(`UPDATE alerts SET state = 'closed' WHERE log = @log AND kind IN ('fork', 'rollback', 'frozen-log-grew')`)
    .run({ log });
}

/** True when an alert with this dedupe key is not closed. */
export function isUnclosed(store: Store, dedupeKey: string): boolean {
  const found = store
    .prepare(`SELECT 1 FROM alerts WHERE dedupe_key = @dedupeKey AND state <> 'closed'`)
    .get({ dedupeKey });
  return found !== undefined;
}

/** True when the alert with this dedupe key is not closed, and this entry is the latest that it was raised for. */
export function isToldOf(store: Store, dedupeKey: string, index: number): boolean {
  const found = store
    .prepare(`SELECT 1 FROM alerts WHERE dedupe_key = @dedupeKey AND state <> 'closed' AND last_index = @index`)
    .get({ dedupeKey, index });
  return found !== undefined;
}

/** True when there is, or was, an alert with this dedupe key. */
export function hasAlert(store: Store, dedupeKey: string): boolean {
  return store.prepare('SELECT 1 FROM alerts WHERE dedupe_key = @dedupeKey').get({ dedupeKey }) !== undefined;
}

/** The alert with this id; null when there is none. */
export function findAlert(store: Store, id: string): StoredAlert | null {
  const row = store.prepare<Row>('SELECT * FROM alerts WHERE id = @id').get({ id });
  return row === undefined ? null : { ...toAlert(row), ...toRest(row) };
}

/** The alerts that meet all criteria: open ones first, then acknowledged, then closed; the latest seen first. */
export function listAlerts(store: Store, filter: AlertFilter = {}): Alert[] {
  return store
    .prepare<Row>(
      `SELECT * FROM alerts
       WHERE (@state IS NULL OR state = @state) AND (@class IS NULL OR class = @class)
         AND (@watch IS NULL OR watch = @watch) AND (@since IS NULL OR last_seen >= @since)
       ORDER BY CASE state WHEN 'open' THEN 0 WHEN 'acknowledged' THEN 1 ELSE 2 END, last_seen DESC, rowid DESC`,
    )
    .all({
      state: filter.state ?? null,
      class: filter.class ?? null,
      watch: filter.watch ?? null,
      since: filter.since?.getTime() ?? null,
    })
    .map(toAlert);
}

/** True when another alert about the same misbehaviour of the same log is not closed. */
export function hasUnclosedLike(store: Store, alert: Alert): boolean {
  const found = store
    .prepare(`SELECT 1 FROM alerts WHERE log = @log AND kind = @kind AND id <> @id AND state <> 'closed' LIMIT 1`)
    .get({ log: alert.log, kind: alert.kind, id: alert.id });
  return found !== undefined;
}

function insertAlert(store: Store, draft: AlertDraft, now: Date): string {
  const id = newId();
  store
    .prepare(
      `INSERT INTO alerts (id, dedupe_key, class, kind, severity, state, watch, title, summary, log, idx, last_index,
         violations, signer, artifacts, links, evidence, notify, occurrences, first_seen, last_seen)
       VALUES (@id, @dedupeKey, @class, @kind, @severity, @state, @watch, @title, @summary, @log, @index, @index,
         @violations, @signer, @artifacts, @links, @evidence, @notify, 1, @now, @now)`,
    )
    .run({
      id,
      dedupeKey: draft.dedupeKey,
      class: draft.class,
      kind: draft.kind,
      state: draft.kind === 'started' ? 'closed' : 'open',
      watch: draft.watch,
      log: draft.log,
      index: draft.index,
      evidence: draft.evidence === null ? null : encodeEvidence(draft.evidence),
      now: now.getTime(),
      ...content(draft),
    });
  return id;
}

/** Opens it again, or makes it graver, with what is known now; its first index, and the evidence first found, stay. */
function reopenAlert(store: Store, id: string, draft: AlertDraft): void {
  store
    .prepare(
      `UPDATE alerts SET state = 'open', severity = @severity, title = @title, summary = @summary, notify = @notify,
         violations = @violations, signer = @signer, artifacts = @artifacts, links = @links
       WHERE id = @id`,
    )
    .run({ id, ...content(draft) });
}

function content(draft: AlertDraft) {
  return {
    severity: draft.severity,
    title: draft.title,
    summary: draft.summary,
    violations: JSON.stringify(draft.violations),
    signer: draft.signer === null ? null : JSON.stringify(draft.signer),
    artifacts: JSON.stringify(draft.artifacts),
    links: JSON.stringify(draft.links),
    notify: draft.notify === null ? null : JSON.stringify(draft.notify),
  };
}

function requireAlert(store: Store, id: string): StoredAlert {
  const alert = findAlert(store, id);
  if (alert === null) {
    throw new Error(`Alert "${id}" does not exist although it was just written`);
  }
  return alert;
}

function toAlert(row: Row): Alert {
  // Written by this file, so the shapes are known.
  return {
    id: row.id,
    class: row.class,
    kind: row.kind,
    severity: row.severity,
    state: row.state,
    watch: row.watch,
    title: row.title,
    summary: row.summary,
    log: row.log,
    index: row.idx,
    lastIndex: row.last_index,
    violations: JSON.parse(row.violations) as Violation[],
    signer: row.signer === null ? null : (JSON.parse(row.signer) as SignerSummary),
    artifacts: JSON.parse(row.artifacts) as string[],
    dedupeKey: row.dedupe_key,
    links: JSON.parse(row.links) as AlertLinks,
    occurrences: row.occurrences,
    firstSeen: new Date(row.first_seen),
    lastSeen: new Date(row.last_seen),
  };
}

function toRest(row: Row): Pick<StoredAlert, 'evidence' | 'notify'> {
  return {
    evidence: row.evidence === null ? null : decodeEvidence(row.evidence),
    notify: row.notify === null ? null : (JSON.parse(row.notify) as string[]),
  };
}

/** Ten characters that are hard to mistake for one another (Crockford's base 32): short enough to read out. */
function newId(): string {
  return [...randomBytes(10)].map((byte) => '0123456789abcdefghjkmnpqrstvwxyz'[byte % 32]).join('');
}
