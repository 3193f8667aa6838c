import type { AlertDraft, AlertKind } from '../alert/alert.ts';
import type { Severity, Verdict } from '../policy/watch.ts';
import type { FoundEntry } from './findings.ts';
import type { Store } from './store.ts';

/** What a watch in audit mode would have told: alerts that were seen since some time. Times are RFC 3339. */
export interface Audit {
  readonly watch: string;
  /** How many alerts: findings that would have been folded into one count once, however often they were seen. */
  readonly alerts: number;
  /** The same by kind, the most first. */
  readonly kinds: Readonly<Partial<Record<AlertKind, number>>>;
  /** The one that was seen last; null: there was none. */
  readonly latest: AuditAlert | null;
}

export interface AuditAlert {
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly title: string;
  readonly log: string | null;
  /** Of the first entry. */
  readonly index: number | null;
  readonly occurrences: number;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly dedupe_key: string;
}

/** Writes down what a watch in audit mode would have told, folded by dedupe key as alerts are. Call inside a transaction. */
export function noteAuditAlert(store: Store, draft: AlertDraft, now: Date): void {
  store
    .prepare(
      `INSERT INTO audit_alerts (watch, dedupe_key, kind, severity, title, log, idx, occurrences, first_seen, last_seen)
       VALUES (@watch, @dedupeKey, @kind, @severity, @title, @log, @index, 1, @now, @now)
       ON CONFLICT (dedupe_key) DO UPDATE SET
         occurrences = occurrences + 1, last_seen = excluded.last_seen, severity = excluded.severity, title = excluded.title`,
    )
    .run({
      watch: draft.watch,
      dedupeKey: draft.dedupeKey,
      kind: draft.kind,
      severity: draft.severity,
      title: draft.title,
      log: draft.log,
      index: draft.index,
      now: now.getTime(),
    });
}

/** True when what a watch makes of a signer was found before: in this entry, or, of a CT log, in the other one of the same issuance. */
export function isFound(
  store: Store,
  { log, index, leafHash, issuance }: Pick<FoundEntry, 'log' | 'index' | 'leafHash' | 'issuance'>,
  { watch, signer, verdict }: { readonly watch: string; readonly signer: number; readonly verdict: Verdict },
): boolean {
  const found = store
    .prepare(
      `SELECT 1 FROM entries AS e JOIN findings AS f ON f.entry = e.id
       WHERE f.watch = @watch AND f.verdict = @verdict AND f.signer_position = @signer
         AND ((e.log = @log AND e.idx = @index AND e.leaf_hash = @leafHash) OR e.issuance = @issuance) LIMIT 1`,
    )
    .get({ log, index, leafHash, issuance: issuance ?? null, watch, signer, verdict });
  return found !== undefined;
}

/** What each watch in audit mode would have told that was seen `since`, by name; also of those that would have told nothing. */
export function listAudits(store: Store, since: Date): readonly Audit[] {
  const kinds = store.prepare<{ kind: AlertKind; alerts: number }>(
    `SELECT kind, count(*) AS alerts FROM audit_alerts WHERE watch = @watch AND last_seen >= @since
     GROUP BY kind ORDER BY alerts DESC, kind`,
  );
  const latest = store.prepare<AuditAlert>(
    `SELECT kind, severity, title, log, "index", occurrences, first_seen, last_seen, dedupe_key FROM v_audit_alerts
     WHERE dedupe_key = (SELECT dedupe_key FROM audit_alerts WHERE watch = @watch AND last_seen >= @since
                         ORDER BY last_seen DESC, rowid DESC LIMIT 1)`,
  );
  return auditedWatches(store).map((watch) => {
    const given = { watch, since: since.getTime() };
    const counts = kinds.all(given);
    return {
      watch,
      alerts: counts.reduce((sum, { alerts }) => sum + alerts, 0),
      kinds: Object.fromEntries(counts.map(({ kind, alerts }) => [kind, alerts])),
      latest: latest.get(given) ?? null,
    };
  });
}

/** Forgets what was last seen before `olderThan`. Returns how much. */
export function pruneAuditAlerts(store: Store, olderThan: Date): number {
  return store.prepare('DELETE FROM audit_alerts WHERE last_seen < @olderThan').run({ olderThan: olderThan.getTime() })
    .changes;
}

function auditedWatches(store: Store): readonly string[] {
  return store
    .prepare<{ name: string }>(
      `SELECT name FROM watches WHERE in_force = 1 AND definition ->> '$.mode' = 'audit' ORDER BY name`,
    )
    .all()
    .map(({ name }) => name);
}
