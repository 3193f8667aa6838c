import { findAlert, listAlerts, type StoredAlert } from '../store/alerts.ts';
import { DatabaseError } from '../store/database-error.ts';
import { readHistory } from '../store/history.ts';
import { readStatus } from '../store/status.ts';
import { Store } from '../store/store.ts';

/** What the daemon's database shows of the demo's one log. */
export interface DemoView {
  /** The last verified checkpoint; root in hex. */
  readonly verified: { readonly size: number; readonly root: string } | null;
  /** Verdicts by entry index. */
  readonly verdicts: ReadonlyMap<number, string>;
  /** The alert about the fork with its signed notes. */
  readonly fork: { readonly id: string; readonly title: string; readonly notes: readonly string[] } | null;
}

/** Reads the database as `sigwatch status`, `history` and `alerts` do, beside the daemon that writes it. Null while the daemon is still making it. */
export function readDemo(database: string): DemoView | null {
  const store = openBesideDaemon(database);
  if (store === null) {
    return null;
  }
  try {
    const log = readStatus(store).logs[0];
    const fork = listAlerts(store, { class: 'log' }).find(({ kind }) => kind === 'fork');
    return {
      verified:
        log?.verified_size == null || log.verified_root === null
          ? null
          : { size: log.verified_size, root: log.verified_root },
      verdicts: new Map([...readHistory(store, {})].map(({ index, verdict }) => [index, verdict])),
      fork: fork === undefined ? null : { id: fork.id, title: fork.title, notes: notesOf(findAlert(store, fork.id)) },
    };
  } finally {
    store.close();
  }
}

function notesOf(alert: StoredAlert | null): readonly string[] {
  const evidence = alert?.evidence ?? null;
  return evidence === null || evidence.kind === 'inclusion' ? [] : evidence.notes;
}

function openBesideDaemon(database: string): Store | null {
  try {
    return Store.open(database, { readonly: true });
  } catch (error) {
    if (error instanceof DatabaseError) {
      return null;
    }
    throw error;
  }
}
