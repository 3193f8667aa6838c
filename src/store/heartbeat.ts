import type { Store } from './store.ts';

/** The last sign of life of the daemon. */
export interface Heartbeat {
  readonly pid: number;
  readonly version: string;
  readonly startedAt: Date;
  readonly beatAt: Date;
}

/** Says that the daemon lives. */
export function saveHeartbeat(store: Store, daemon: Omit<Heartbeat, 'beatAt'>, now: Date): void {
  store
    .prepare(
      `INSERT INTO heartbeat (id, pid, version, started_at, beat_at) VALUES (1, @pid, @version, @startedAt, @now)
       ON CONFLICT (id) DO UPDATE SET
         pid = excluded.pid, version = excluded.version, started_at = excluded.started_at, beat_at = excluded.beat_at`,
    )
    .run({ pid: daemon.pid, version: daemon.version, startedAt: daemon.startedAt.getTime(), now: now.getTime() });
}

/** Says that the daemon ended as it should: only one that vanished leaves a sign of life behind. */
export function clearHeartbeat(store: Store): void {
  store.prepare('DELETE FROM heartbeat').run();
}

/** The daemon's last sign of life; null when none ever ran, or the last one ended as it should. */
export function readHeartbeat(store: Store): Heartbeat | null {
  const row = store
    .prepare<{ pid: number; version: string; started_at: number; beat_at: number }>(
      'SELECT pid, version, started_at, beat_at FROM heartbeat',
    )
    .get();
  return row === undefined
    ? null
    : { pid: row.pid, version: row.version, startedAt: new Date(row.started_at), beatAt: new Date(row.beat_at) };
}
