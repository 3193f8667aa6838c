import { readHeartbeat, type Heartbeat } from './heartbeat.ts';
import { lastReload, type ReloadCause, type ReloadOutcome } from './reloads.ts';
import { findBehindSince, findGrowth, findRate } from './rates.ts';
import type { Store } from './store.ts';
import { listVantages } from './vantages.ts';
import { listWatches, type KnownWatch } from './watches.ts';

/** One log, or a source that never answered, as operators read it (contract: `status --json`). Times are RFC 3339. */
export interface LogStatus {
  readonly name: string;
  readonly origin: string;
  readonly type: string;
  readonly url: string;
  readonly state: string;
  readonly verified_size: number | null;
  readonly verified_root: string | null;
  readonly verified_at: string | null;
  readonly seen_size: number | null;
  readonly lag: number | null;
  readonly started_at_index: number | null;
  /** Every entry from `started_at_index` up to here was examined, but for those of the gaps. */
  readonly examined_size: number | null;
  readonly last_error: string | null;
  /** Its last sign of life: growth, a newer cosignature, the time of a tree head. */
  readonly alive_at: string | null;
  /** Who cosigned the last verified checkpoint, by the witness policy; `time` is null where a cosignature says none. */
  readonly witnesses: readonly { readonly name: string; readonly time: string | null }[];
  /** The same log at further addresses, and what of each was compared last; `error` says why it could not be at the last poll. */
  readonly also: readonly VantageStatus[];
  /** How many entries of each kind were examined. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Entries a second that were read when it was last caught up with for some time; null before that. */
  readonly rate: number | null;
  /** Entries a second by which it grew of late; null where it was not looked at for long enough. */
  readonly growth: number | null;
  /** When the oldest checkpoint was seen of whose entries not all are examined; null where all are. */
  readonly behind_since: string | null;
}

/** One further address of a log. */
export interface VantageStatus {
  readonly url: string;
  readonly error: string | null;
  readonly seen_size: number | null;
  readonly seen_at: string | null;
}

/** Entries that were never examined: `from` ≤ index < `to`. */
export interface Gap {
  readonly log: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** How the configuration was last read again while the daemon ran. `at` is RFC 3339. */
export interface LastReload {
  readonly at: string;
  readonly cause: ReloadCause;
  readonly outcome: ReloadOutcome['outcome'];
  /** Why it was refused. */
  readonly problem: string | null;
}

export interface Status {
  readonly database: string;
  readonly logs: readonly LogStatus[];
  readonly alerts: { readonly open: number; readonly acknowledged: number };
  /** `pending`: not sent yet; `failing`: those of them that were tried in vain. */
  readonly deliveries: { readonly pending: number; readonly failing: number };
  readonly gaps: readonly Gap[];
  /** Entries that could not be decoded, those that found no room too. */
  readonly unparsable: number;
  /** The watches in force, as the daemon loaded them last. */
  readonly watches: readonly KnownWatch[];
  readonly last_reload: LastReload | null;
  readonly heartbeat: Heartbeat | null;
}

/** How everything stands, as one moment of the database shows it. */
export function readStatus(store: Store): Status {
  // Deferred: a reader beside the daemon needs one snapshot, no lock.
  const read = store.db.transaction((): Status => ({
    database: store.path,
    logs: readLogs(store),
    alerts: readAlerts(store),
    deliveries: readDeliveries(store),
    gaps: readGaps(store),
    unparsable: readUnparsable(store),
    watches: listWatches(store),
    last_reload: readLastReload(store),
    heartbeat: readHeartbeat(store),
  }));
  return read.deferred();
}

function readLogs(store: Store): readonly LogStatus[] {
  const rows = store
    .prepare<
      Omit<LogStatus, 'witnesses' | 'also' | 'kinds' | 'rate' | 'growth' | 'behind_since'> & {
        readonly witnesses: string;
      }
    >(
      `SELECT name, origin, type, url, state, verified_size, verified_root, verified_at, seen_size, lag, started_at_index,
         examined_size, last_error, alive_at, witnesses
       FROM v_logs ORDER BY name, origin`,
    )
    .all();
  const kinds = store.prepare<{ kind: string; count: number }>(
    'SELECT kind, count FROM entry_counts WHERE log = @origin ORDER BY kind',
  );
  return rows.map((row) => ({
    ...row,
    // The view makes it of our own rows.
    witnesses: JSON.parse(row.witnesses) as LogStatus['witnesses'],
    also: readAlso(store, row.origin),
    kinds: Object.fromEntries(kinds.all({ origin: row.origin }).map(({ kind, count }) => [kind, count])),
    rate: findRate(store, row.origin)?.reading ?? null,
    growth: findGrowth(store, row.origin),
    behind_since: findBehindSince(store, row.origin)?.toISOString() ?? null,
  }));
}

function readAlso(store: Store, log: string): readonly VantageStatus[] {
  return listVantages(store, log).map(({ url, error, seenSize, seenAt }) => {
    return { url, error, seen_size: seenSize, seen_at: seenAt === null ? null : new Date(seenAt).toISOString() };
  });
}

function readAlerts(store: Store): Status['alerts'] {
  return only(
    store
      .prepare<Status['alerts']>(
        `SELECT count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE state = 'acknowledged') AS acknowledged
       FROM alerts WHERE state IN ('open', 'acknowledged')`,
      )
      .get(),
  );
}

function readDeliveries(store: Store): Status['deliveries'] {
  return only(
    store
      .prepare<Status['deliveries']>(
        `SELECT count(*) AS pending, count(*) FILTER (WHERE attempts > 0) AS failing FROM v_deliveries WHERE state = 'pending'`,
      )
      .get(),
  );
}

function readGaps(store: Store): readonly Gap[] {
  const rows = store
    .prepare<Gap>(
      `SELECT l.origin AS log, 0 AS "from", l.started_at_index AS "to", 'joined late' AS reason, l.name AS source
       FROM v_logs AS l WHERE l.started_at_index > 0
       UNION ALL
       SELECT g.log, g.from_index, g.to_index, g.reason, l.name AS source FROM gaps AS g JOIN v_logs AS l ON l.origin = g.log
       ORDER BY source, log, "from"`,
    )
    .all();
  // They are kept as they are asked for again, one by one; read, those that lie side by side are one.
  const gaps: Gap[] = [];
  for (const { log, from, to, reason } of rows) {
    const last = gaps.at(-1);
    if (last !== undefined && last.log === log && last.reason === reason && last.to === from) {
      gaps[gaps.length - 1] = { ...last, to };
    } else {
      gaps.push({ log, from, to, reason });
    }
  }
  return gaps;
}

function readUnparsable(store: Store): number {
  return only(
    store.prepare<{ count: number }>('SELECT kept + dropped AS count FROM unparsable_totals WHERE unread = 0').get(),
  ).count;
}

function readLastReload(store: Store): LastReload | null {
  const last = lastReload(store);
  if (last === null || last.doneAt === null || last.result === null) {
    return null;
  }
  const { cause, doneAt, result } = last;
  const problem = result.outcome === 'refused' ? result.problem : null;
  return { at: doneAt.toISOString(), cause, outcome: result.outcome, problem };
}

/** The row of a query that always has one. */
function only<Row>(row: Row | undefined): Row {
  if (row === undefined) {
    throw new Error('Cannot read the database: a query that always has a row had none');
  }
  return row;
}
