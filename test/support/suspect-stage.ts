import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AlertJson } from '../../src/alert/alert-json.ts';
import type { ExitStatus } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/program.ts';
import { startSlackReceiver, type SlackReceiver } from '../../src/demo/slack-receiver.ts';
import { keyToPem } from '../../src/evidence/log-key.ts';
import type { Status } from '../../src/store/status.ts';
import { Store } from '../../src/store/store.ts';
import { captureIo } from '../cli/captured-io.ts';
import { startFakeLog, type RunningFakeLog } from '../fakes/fake-log.ts';
import { authority } from './actors.ts';
import { siteV2, type LogSite } from './log-sites.ts';
import { WIDGET } from './stage.ts';

/** What a command did. */
export interface Done {
  readonly status: ExitStatus;
  readonly out: string;
  readonly err: string;
}

/** A daemon in this process. */
export interface RunningDaemon {
  /** As a signal does, and the exit status. */
  stop(): Promise<ExitStatus>;
}

/** What stands in the configuration besides, or instead. */
export interface SuspectSettings {
  /** Of the item of `logs.custom` that is the suspect. */
  readonly suspect?: Readonly<Record<string, unknown>>;
  /** Of the section `logs`. */
  readonly logs?: Readonly<Record<string, unknown>>;
  /** Of the section `notify`. */
  readonly notify?: Readonly<Record<string, unknown>>;
  /** Instead of {@link WIDGET}. */
  readonly watches?: readonly unknown[];
}

/**
 * The program in this process, with a configuration file, a database and a webhook of its own: it follows a log that is
 * suspected, and an honest one. Each run has nothing of the one before but the database.
 */
export class SuspectStage {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigwatch-suspect-'));
  readonly suspect: LogSite;
  /** A Rekor v2 log. */
  readonly honest: LogSite;
  /** The same, for what is done to its files. */
  readonly honestLog: RunningFakeLog;
  readonly slack: SlackReceiver;
  #running: RunningDaemon | null = null;
  #store: Store | null = null;
  #files = 0;

  private constructor(suspect: LogSite, honest: RunningFakeLog, slack: SlackReceiver) {
    this.suspect = suspect;
    this.honest = siteV2(honest);
    this.honestLog = honest;
    this.slack = slack;
    this.write('ca.pem', authority.chainPem());
  }

  static async open(suspect: LogSite, settings: SuspectSettings = {}): Promise<SuspectStage> {
    const [honest, slack] = await Promise.all([startFakeLog('honest.test'), startSlackReceiver()]);
    const stage = new SuspectStage(suspect, honest, slack);
    stage.configure(settings);
    return stage;
  }

  /** Absolute path of a file of the folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** Writes `sigwatch.yaml`. Messages wait for an hour: what is told before did not wait. */
  configure({ suspect = {}, logs = {}, notify = {}, watches = [WIDGET] }: SuspectSettings = {}): string {
    const config = {
      version: 1,
      trust: { source: 'none', certificate_authorities: [{ name: 'test-ca', chain: './ca.pem' }] },
      logs: {
        discover: false,
        poll_interval: '20ms',
        custom: [
          { ...this.item(this.suspect, 'suspect'), ...suspect },
          // It must not be told as stalled where a row lets time pass.
          { ...this.item(this.honest, 'honest'), stale_after: 'none' },
        ],
        ...logs,
      },
      watches,
      notify: { group_wait: '1h', channels: { slack: { type: 'slack', webhook_url: this.slack.url } }, ...notify },
    };
    // JSON is YAML (YAML 1.2 §1.2).
    return this.write('sigwatch.yaml', JSON.stringify(config));
  }

  /** An item of `logs.custom`; writes the log's keys. */
  item(site: LogSite, name: string): Readonly<Record<string, unknown>> {
    const keys = site.keys.map(({ spki }, place) => {
      this.write(`${name}-${place}.pub`, keyToPem(spki));
      return `./${name}-${place}.pub`;
    });
    return {
      name,
      type: site.type,
      url: site.url,
      // Of Rekor v1, the host that its shards are named after.
      origin: site.keys[0].name,
      public_key: keys,
      start: 'genesis',
    };
  }

  /** One command of the program. */
  async cli(...args: readonly string[]): Promise<Done> {
    const io = captureIo();
    const status = await this.#run(args, new AbortController().signal, io);
    return { status, out: io.out(), err: io.err() };
  }

  /** `sigwatch run --once`: its exit status. */
  async once(): Promise<ExitStatus> {
    return (await this.cli('run', '--once', ...this.#config())).status;
  }

  /** `sigwatch run`, until it is stopped. */
  start(): RunningDaemon {
    const end = new AbortController();
    const ended = this.#run(['run', ...this.#config()], end.signal, captureIo());
    const running = {
      stop: () => {
        end.abort();
        return ended;
      },
    };
    this.#running = running;
    return running;
  }

  /** A command that reads, with the configuration of the stage. */
  async ask(...args: readonly string[]): Promise<Done> {
    return this.cli(...args, ...this.#config());
  }

  /** What `sigwatch status --json` says. */
  async status(): Promise<Pick<Status, 'logs' | 'gaps'>> {
    const { out } = await this.cli('status', '--json', ...this.#config());
    return JSON.parse(out) as Status;
  }

  /** What `sigwatch alerts list --json` says, but `started`: oldest first. */
  async alerts(): Promise<readonly AlertJson[]> {
    const { out } = await this.cli('alerts', 'list', '--json', ...this.#config());
    return out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as AlertJson)
      .filter(({ kind }) => kind !== 'started')
      .reverse();
  }

  /** The messages of the webhook that name this alert. */
  told(id: string): readonly string[] {
    return this.slack.texts().filter((text) => text.includes(id));
  }

  /** The database beside a running daemon. */
  store(): Store {
    this.#store ??= Store.open(this.path('data/sigwatch.db'), { readonly: true });
    return this.#store;
  }

  /** `sigwatch evidence ID`, to a file of the folder. */
  async evidence(id: string): Promise<string> {
    const file = this.path(`evidence-${(this.#files += 1)}.json`);
    const { status, err } = await this.cli('evidence', id, '--out', file, ...this.#config());
    if (status !== 0) {
      throw new Error(`Cannot write evidence of "${id}": ${err}`);
    }
    return file;
  }

  /** `sigwatch evidence verify`, with nothing but the file and the key of the suspect. */
  async verify(file: string): Promise<Done> {
    return this.cli('evidence', 'verify', file, '--key', this.path('suspect-0.pub'));
  }

  /** The exit statuses for copies of the file, in each of which one byte is another; each once. */
  async verifyAltered(file: string, copies = 3): Promise<readonly ExitStatus[]> {
    const bytes = readFileSync(file);
    const statuses = new Set<ExitStatus>();
    for (let copy = 0; copy < copies; copy += 1) {
      const at = Math.floor((bytes.length * (copy + 0.5)) / copies);
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      statuses.add((await this.verify(this.write('altered.json', altered))).status);
    }
    return [...statuses];
  }

  async close(): Promise<void> {
    await this.#running?.stop();
    this.#store?.close();
    await Promise.all([this.suspect.close(), this.honest.close(), this.slack.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #config(): readonly string[] {
    return ['--config', this.path('sigwatch.yaml')];
  }

  #run(args: readonly string[], signal: AbortSignal, io: ReturnType<typeof captureIo>): Promise<ExitStatus> {
    const machine = { onHangUp: () => undefined, monotonicMicros: () => 0n, pid: 1 };
    return runCli(args, { ...io, ...machine, interactive: false, env: {}, signal, self: ['node'] });
  }
}
