import type { Clock } from '../lib/clock.ts';
import type { Store } from '../store/store.ts';
import { clearHeartbeat, saveHeartbeat } from '../store/heartbeat.ts';

const INTERVAL_MS = 10_000;

/** Writes a sign of life into the database every ten seconds, and tells the supervisor, until `signal` aborts; then takes the sign back. */
export async function beat(
  store: Store,
  daemon: { readonly pid: number; readonly version: string; readonly onAlive: () => void },
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = clock.now();
  while (!signal.aborted) {
    saveHeartbeat(store, { pid: daemon.pid, version: daemon.version, startedAt }, clock.now());
    daemon.onAlive();
    await clock.sleep(INTERVAL_MS, signal);
  }
  clearHeartbeat(store);
}
