import { readHeartbeat, type Heartbeat } from './heartbeat.ts';
import type { Store } from './store.ts';

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
  /** Every entry from `started_at_index` up to here was examined. */
  readonly examined_size: number | null;
  readonly last_error: string | null;
  readonly witnesses: readonly unknown[];
  /** How many entries of each kind were examined. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** Entries that were never examined: `from` ≤ index < `to`. */
export interface Gap {
  readonly log: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
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
    heartbeat: readHeartbeat(store),
  }));
  return read.deferred();
}

function readLogs(store: Store): readonly LogStatus[] {
  const rows = store
    .prepare<Omit<LogStatus, 'witnesses' | 'kinds'>>(
      `SELECT name, origin, type, url, state, verified_size, verified_root, verified_at, seen_size, lag, started_at_index,
         examined_size, last_error
       FROM v_logs ORDER BY name, origin`,
    )
    .all();
  const kinds = store.prepare<{ kind: string; count: number }>(
    'SELECT kind, count FROM entry_counts WHERE log = @origin ORDER BY kind',
  );
  return rows.map((row) => ({
    ...row,
    witnesses: [],
    kinds: Object.fromEntries(kinds.all({ origin: row.origin }).map(({ kind, count }) => [kind, count])),
  }));
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
  return store
    .prepare<Gap>(
      `SELECT origin AS log, 0 AS "from", started_at_index AS "to", 'joined late' AS reason
       FROM logs WHERE started_at_index > 0 ORDER BY source, origin`,
    )
    .all();
}

function readUnparsable(store: Store): number {
  return only(store.prepare<{ count: number }>('SELECT kept + dropped AS count FROM unparsable_totals').get()).count;
}

/** The row of a query that always has one. */
function only<Row>(row: Row | undefined): Row {
  if (row === undefined) {
    throw new Error('Cannot read the database: a query that always has a row had none');
  }
  return row;
}
