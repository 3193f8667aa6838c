import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Alert } from '../../src/alert/alert.ts';
import { createDemoAuthority, type DemoAuthority } from '../../src/demo/certificate-authority.ts';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';
import { loadConfig } from '../../src/config/load.ts';
import { keyToPem } from '../../src/evidence/log-key.ts';
import { runDaemon, type DaemonDeps } from '../../src/daemon.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import { DatabaseError } from '../../src/store/database-error.ts';
import { readHistory, type HistoryLine } from '../../src/store/history.ts';
import { readStatus, type LastReload, type LogStatus } from '../../src/store/status.ts';
import { Store } from '../../src/store/store.ts';
import { FakeLog } from '../fakes/fake-log.ts';
import { FakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { startFakeTuf, type FakeTuf } from '../fakes/fake-tuf.ts';
import { trustedRootJson, type ListedLog } from './trusted-root-json.ts';
import { until } from './until.ts';

const REFRESH_MS = 6 * 3_600_000;
const HOUR = 3_600_000;

/** A Rekor v2 log whose origin is the host that serves it, as the logs of a trusted root are. */
export interface HostedLog extends Listening {
  readonly origin: string;
  /** What answers; another log with the same leaves is the same log under another key. */
  log: FakeLog;
}

/** A daemon in this process that follows what a TUF repository names, over real HTTP. */
export interface TrustStage {
  readonly repository: FakeTuf;
  readonly authority: DemoAuthority;
  /** Writes its key to `log.pub` as well. */
  startLog(): Promise<HostedLog>;
  startRekorV1(): Promise<FakeRekorV1 & Listening>;
  /** Publishes these logs, and the stage's authority unless others are named. */
  publish(logs: readonly ListedLog[], authorities?: readonly DemoAuthority[]): void;
  /** Starts the daemon, with these `override`s of logs; `end` ends it. */
  start(override?: Readonly<Record<string, unknown>>): void;
  end(): Promise<void>;
  /** Has the daemon read its configuration again, with these sections in place of the stage's own. Gives the last reload that is done by then. */
  reload(sections?: Readonly<Record<string, unknown>>): Promise<LastReload | null>;
  /** Lets the regular six hours pass. */
  refresh(): void;
  /** What the daemon's clock shows from now on is later by so much. */
  advance(ms: number): void;
  log(origin: string): LogStatus | undefined;
  logs(): readonly LogStatus[];
  alerts(): readonly Alert[];
  /** Oldest first. */
  history(): readonly HistoryLine[];
  close(): Promise<void>;
}

export async function setTrustStage(): Promise<TrustStage> {
  const folder = mkdtempSync(join(tmpdir(), 'sigwatch-trust-stage-'));
  const repository = await startFakeTuf();
  const authority = createDemoAuthority({ name: 'test-ca' });
  const servers: Listening[] = [repository];
  const database = join(folder, 'sigwatch.db');
  writeFileSync(join(folder, 'root.json'), repository.root);

  let store: Store | null = null;
  let running: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;
  let ahead = 0;
  let wake = (): void => undefined;
  let hangUp = (): void => undefined;
  let reloads = 0;
  const clock: Clock = {
    now: () => new Date(Date.now() + ahead),
    sleep: (ms, signal) => (ms === REFRESH_MS ? untilWoken(signal) : systemClock.sleep(ms, signal)),
  };
  const untilWoken = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      signal.addEventListener('abort', () => {
        resolve();
      });
      if (signal.aborted) {
        resolve();
      }
    });
  const read = <T>(look: (opened: Store) => T, none: T): T => {
    try {
      store ??= Store.open(database, { readonly: true });
      return look(store);
    } catch (error) {
      if (error instanceof DatabaseError) {
        return none;
      }
      throw error;
    }
  };
  const stage: TrustStage = {
    repository,
    authority,
    async startLog() {
      const { listening, listener } = await host();
      const { host: origin } = new URL(listening.url);
      const hosted = { ...listening, origin, log: new FakeLog(origin) };
      writeFileSync(join(folder, 'log.pub'), keyToPem(hosted.log.key.spki));
      listener.current = (request, response) => {
        hosted.log.handle(request, response);
      };
      servers.push(listening);
      return hosted;
    },
    async startRekorV1() {
      const { listening, listener } = await host();
      const rekor = new FakeRekorV1({ host: new URL(listening.url).host });
      listener.current = (request, response) => {
        void rekor.handle(request, response);
      };
      servers.push(listening);
      return Object.assign(rekor, listening);
    },
    publish(logs, authorities = [authority]) {
      repository.publish(trustedRootJson({ logs, authorities }), new Date(Date.now() + 1000 * HOUR));
    },
    start(override = {}) {
      writeFileSync(join(folder, 'sigwatch.yaml'), configuration(repository.url, override));
      const stop = new AbortController();
      const nothing = (): void => undefined;
      const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
      const readConfig = () => loadConfig(join(folder, 'sigwatch.yaml'), {});
      const config = readConfig();
      const deps: DaemonDeps = {
        ...{ clock, logger, pid: 1, onProgress: nothing, onReady: nothing, onAlive: nothing, onReloading: nothing },
        readConfig,
        onHangUp: (listener) => {
          hangUp = listener;
        },
        onReloaded: () => {
          reloads += 1;
        },
      };
      running = { stop, ended: runDaemon(config, deps, stop.signal) };
    },
    async end() {
      running?.stop.abort();
      await running?.ended;
      running = null;
    },
    async reload(sections = {}) {
      writeFileSync(join(folder, 'sigwatch.yaml'), configuration(repository.url, {}, sections));
      const before = reloads;
      hangUp();
      await until('the configuration was read', () => reloads > before);
      return read((opened) => readStatus(opened).last_reload, null);
    },
    refresh() {
      wake();
    },
    advance(ms) {
      ahead += ms;
    },
    log: (origin) => stage.logs().find((log) => log.origin === origin),
    logs: () => read((opened) => readStatus(opened).logs, []),
    alerts: () => read((opened) => listAlerts(opened), []),
    history: () => read((opened) => [...readHistory(opened, {})].reverse(), []),
    async close() {
      await stage.end();
      store?.close();
      await Promise.all(servers.map((server) => server.close()));
      rmSync(folder, { recursive: true });
    },
  };
  return stage;
}

/** A server whose answers are decided once its address is known. */
async function host(): Promise<{ listening: Listening; listener: { current: RequestListener } }> {
  const listener: { current: RequestListener } = { current: (_, response) => response.end() };
  const server = createServer((request, response) => {
    listener.current(request, response);
  });
  return { listening: await listenOnLoopback(server), listener };
}

function configuration(
  mirror: string,
  override: Readonly<Record<string, unknown>>,
  sections: Readonly<Record<string, unknown>> = {},
): string {
  const own = parse(`
version: 1
database: ./sigwatch.db
trust: { source: { tuf: "${mirror}", root: ./root.json } }
logs: { poll_interval: 20ms, start: head, override: ${JSON.stringify(override)} }
watches:
  - name: widget-release
    select: [{ source_repository: acme/widget }]
    expect: { source_ref: refs/tags/v* }
`) as object;
  // JSON is YAML (YAML 1.2 §1.2).
  return JSON.stringify({ ...own, ...sections });
}
