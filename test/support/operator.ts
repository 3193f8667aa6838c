import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AlertJson } from '../../src/alert/alert-json.ts';
import type { ExitStatus } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/program.ts';
import { startMailReceiver, type MailReceiver } from '../../src/demo/mail-receiver.ts';
import { startSlackReceiver, type SlackReceiver } from '../../src/demo/slack-receiver.ts';
import type { HistoryLine } from '../../src/store/history.ts';
import { captureIo } from '../cli/captured-io.ts';

/** What one run of the program made of its log. An alert is `SEVERITY KIND WATCH CLAIM,CLAIM`, the claims that fail. */
export interface Told {
  readonly exit: ExitStatus;
  /** All alerts that there are, but `started`; `xN` behind one that was seen so often, its state where it is not open. Sorted. */
  readonly alerts: readonly string[];
  /** The alerts that came to people since the last run, by each of both channels. Sorted. */
  readonly slack: readonly string[];
  readonly mail: readonly string[];
}

/** Nothing was found. */
export const SILENT: Told = { exit: 0, alerts: [], slack: [], mail: [] };

/** What an operator has: the program, in this process, a folder for its file and its database, a webhook and a mail server. */
export class Operator {
  readonly slack: SlackReceiver;
  readonly mail: MailReceiver;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sigwatch-operator-'));
  #seen = { slack: 0, mail: 0 };

  protected constructor(slack: SlackReceiver, mail: MailReceiver) {
    this.slack = slack;
    this.mail = mail;
  }

  static async start(): Promise<Operator> {
    return new Operator(...(await Operator.receivers()));
  }

  protected static receivers(): Promise<[SlackReceiver, MailReceiver]> {
    return Promise.all([startSlackReceiver(), startMailReceiver()]);
  }

  /** Absolute path of a file of the folder. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** Writes `sigwatch.yaml`: this, and whom to tell. */
  configureWith(yaml: string): void {
    const smtp = { host: '127.0.0.1', port: this.mail.port, tls: 'none' };
    this.write(
      'sigwatch.yaml',
      `${yaml.trimEnd()}
notify:
  group_wait: 0s
  channels:
    chat: { type: slack, webhook_url: '${this.slack.url}' }
    mail: { type: email, from: sigwatch@acme.example, to: [security@acme.example], smtp: ${JSON.stringify(smtp)} }
`,
    );
  }

  /** `sigwatch run --once`, and what came of it. */
  async run(): Promise<Told> {
    const { status, err } = await this.cli(['run', '--once']);
    if (status > 1) {
      throw new Error(`"run --once" ended with ${status}: ${err}`);
    }
    return { exit: status, ...(await this.look()) };
  }

  /** What there is now, and what came since the last look. */
  async look(): Promise<Omit<Told, 'exit'>> {
    const alerts = await this.alerts(true);
    const named = (text: string): readonly string[] => {
      const found = alerts.filter(({ id }) => text.includes(id));
      return found.length === 0 ? [`something else: ${text}`] : told(found).map(label);
    };
    const slack = this.slack.texts();
    const mail = this.mail.mails().map(({ headers }) => headers.get('x-sigwatch-alert') ?? '');
    const news = {
      slack: slack.slice(this.#seen.slack).flatMap(named).sort(),
      mail: mail.slice(this.#seen.mail).flatMap(named).sort(),
    };
    this.#seen = { slack: slack.length, mail: mail.length };
    return { alerts: told(alerts).map(labelInFull).sort(), ...news };
  }

  /** What `sigwatch alerts list --json` says, but `started`: in the order of the log. */
  async alerts(withStarted = false): Promise<readonly AlertJson[]> {
    const alerts = (await this.lines('alerts', 'list')) as readonly AlertJson[];
    return (withStarted ? alerts : told(alerts)).toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
  }

  /** Each verdict of the history, as `INDEX WATCH VERDICT`, in the order of the log; or only those of one watch. */
  async verdicts(watch?: string): Promise<readonly string[]> {
    const lines = (await this.lines('history', '--limit', '0')) as readonly HistoryLine[];
    return lines
      .filter((line) => watch === undefined || line.watch === watch)
      .map(({ index, watch: name, verdict }) => ({ index, said: `${index} ${name} ${verdict}` }))
      .sort((a, b) => a.index - b.index || (a.said < b.said ? -1 : 1))
      .map(({ said }) => said);
  }

  /** One command of the program, with the configuration of the stage. */
  async cli(
    args: readonly string[],
    signal = new AbortController().signal,
  ): Promise<{ readonly status: ExitStatus; readonly out: string; readonly err: string }> {
    const io = captureIo();
    const machine = { onHangUp: () => undefined, monotonicMicros: () => 0n, pid: 1, self: ['node'] as const };
    const status = await runCli([...args, '--config', this.path('sigwatch.yaml')], {
      ...{ ...io, ...machine, interactive: false, env: {}, signal },
    });
    return { status, out: io.out(), err: io.err() };
  }

  async close(): Promise<void> {
    await Promise.all([this.slack.close(), this.mail.close()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A command that prints one JSON object a line. */
  async lines(...args: readonly string[]): Promise<readonly unknown[]> {
    const { out } = await this.cli([...args, '--json']);
    return out
      .split('\n')
      .slice(0, -1)
      .map((line): unknown => JSON.parse(line));
  }
}

function told(alerts: readonly AlertJson[]): readonly AlertJson[] {
  return alerts.filter(({ kind }) => kind !== 'started');
}

function label({ severity, kind, watch, log, violations }: AlertJson): string {
  const claims = [...new Set(violations.map(({ claim }) => claim))].sort().join(',');
  return [severity, kind, watch ?? log ?? '', claims].filter((part) => part !== '').join(' ');
}

function labelInFull(alert: AlertJson): string {
  const { occurrences, state } = alert;
  return [label(alert), ...(occurrences === 1 ? [] : [`x${occurrences}`]), ...(state === 'open' ? [] : [state])].join(
    ' ',
  );
}
