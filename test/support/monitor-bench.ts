import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Alert } from '../../src/alert/alert.ts';
import { loadConfig } from '../../src/config/load.ts';
import { runOnce, type OnceOutcome } from '../../src/daemon.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { findAlert, listAlerts } from '../../src/store/alerts.ts';
import type { Evidence, MisbehaviourKind } from '../../src/log/log.ts';
import { readHistory, type HistoryLine } from '../../src/store/history.ts';
import { readStatus, type LogStatus } from '../../src/store/status.ts';
import { Store } from '../../src/store/store.ts';

/** After everything that was recorded, so that no recorded certificate begins in the future. */
const NOW = new Date('2027-01-01T00:00:00Z');

const clock: Clock = { ...systemClock, now: () => NOW };
const nothing = (): void => undefined;
const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A checkpoint that was seen. */
export interface SeenCheckpoint {
  readonly log: string;
  readonly size: number;
  readonly root: string;
}

/** What the database holds, as operators read it. */
export interface Known {
  readonly logs: readonly LogStatus[];
  /** By log, index, watch, fingerprint. */
  readonly history: readonly HistoryLine[];
  /** By what they are about. */
  readonly alerts: readonly Alert[];
  readonly checkpoints: readonly SeenCheckpoint[];
  readonly unparsable: readonly { readonly log: string; readonly index: number; readonly problem: string }[];
}

/** The whole program in this process: a folder with a configuration, and a database in a file that outlives each run. */
export class MonitorBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigwatch-real-'));

  /** Writes a file beside the configuration and gives its path. */
  write(name: string, content: string | Buffer): string {
    writeFileSync(this.#path(name), content);
    return this.#path(name);
  }

  /** Writes the configuration of the runs that follow. Its database is the default one. */
  configure(yaml: string): void {
    this.write('sigwatch.yaml', yaml);
  }

  /** `run --once`. */
  async run(): Promise<OnceOutcome> {
    const config = loadConfig(this.#path('sigwatch.yaml'), {});
    const deps = { clock, logger: silent, pid: 1, onProgress: nothing, onReady: nothing, onAlive: nothing };
    return runOnce(config, deps, new AbortController().signal);
  }

  read(): Known {
    return this.#open((store) => ({
      logs: readStatus(store).logs,
      history: [...readHistory(store, {})].sort(byPlace),
      alerts: listAlerts(store).sort((a, b) => a.dedupeKey.localeCompare(b.dedupeKey)),
      checkpoints: store
        .prepare<SeenCheckpoint>('SELECT log, size, root FROM v_checkpoints ORDER BY log, size, root')
        .all(),
      unparsable: store
        .prepare<Known['unparsable'][number]>(
          'SELECT log, idx AS "index", problem FROM unparsable WHERE unread = 0 ORDER BY log, idx',
        )
        .all(),
    }));
  }

  /** The evidence of every alert of this kind. */
  evidence(kind: MisbehaviourKind): readonly (Evidence | null)[] {
    return this.#open((store) =>
      listAlerts(store)
        .filter((alert) => alert.kind === kind)
        // An alert of such a kind has no other evidence.
        .map(({ id }) => (findAlert(store, id)?.evidence ?? null) as Evidence | null),
    );
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #open<T>(read: (store: Store) => T): T {
    const store = Store.open(this.#path('data/sigwatch.db'), { readonly: true });
    try {
      return read(store);
    } finally {
      store.close();
    }
  }

  #path(name: string): string {
    return join(this.folder, name);
  }
}

function byPlace(a: HistoryLine, b: HistoryLine): number {
  return (
    a.log.localeCompare(b.log) ||
    a.index - b.index ||
    a.watch.localeCompare(b.watch) ||
    (a.signer.fingerprint ?? '').localeCompare(b.signer.fingerprint ?? '')
  );
}
