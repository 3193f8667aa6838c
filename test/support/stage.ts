import { createDemoAuthority, type DemoAuthority } from '../../src/demo/certificate-authority.ts';
import { startMailReceiver, type MailReceiver } from '../../src/demo/mail-receiver.ts';
import { startSlackReceiver, type SlackReceiver } from '../../src/demo/slack-receiver.ts';
import { DatabaseError } from '../../src/store/database-error.ts';
import { readStatus, type Status } from '../../src/store/status.ts';
import { Store } from '../../src/store/store.ts';
import { startFakeLog, type RunningFakeLog } from '../fakes/fake-log.ts';
import { ProgramBench } from './program.ts';

/** What acme/widget's releases must look like. */
export const WIDGET = {
  name: 'widget-release',
  select: [{ source_repository: 'acme/widget' }],
  expect: {
    issuer: 'https://token.actions.githubusercontent.com',
    builder: 'acme/widget/.github/workflows/release.yml@refs/tags/v*',
    source_ref: 'refs/tags/v*',
  },
  severity: 'critical',
} as const;

/** The program with all that it meets: a log, certificates, a webhook, a mail server, on loopback. */
export interface Stage {
  readonly bench: ProgramBench;
  /** Of origin `log.test`, configured as `test-log`. */
  readonly log: RunningFakeLog;
  readonly authority: DemoAuthority;
  readonly slack: SlackReceiver;
  readonly mail: MailReceiver;
  readonly database: string;
  /** How everything stands, as the database beside the daemon shows it; null while there is none. */
  status(): Status | null;
  /** Rows of the database. */
  query(sql: string): readonly Readonly<Record<string, unknown>>[];
  /** Writes `sigwatch.yaml` and gives its path. What is named here stands instead of the whole section. */
  configure(sections?: Readonly<Record<string, unknown>>): string;
  /** The channels `slack` and `mail`, and messages that wait for nothing. */
  notify(): Readonly<Record<string, unknown>>;
  /** An item of `logs.custom`; writes the log's key. */
  customLog(log: RunningFakeLog, name: string, changes?: Readonly<Record<string, unknown>>): unknown;
  close(): Promise<void>;
}

export async function setStage(): Promise<Stage> {
  const [log, slack, mail] = await Promise.all([startFakeLog('log.test'), startSlackReceiver(), startMailReceiver()]);
  const bench = new ProgramBench();
  const authority = createDemoAuthority({ name: 'test-ca' });
  bench.write('ca.pem', authority.chainPem());

  const database = bench.path('data/sigwatch.db');

  const stage: Stage = {
    bench,
    log,
    authority,
    slack,
    mail,
    database,
    status: () => readBeside(database, readStatus),
    query: (sql) => readBeside(database, (store) => store.prepare<Record<string, unknown>>(sql).all()) ?? [],
    configure: (sections = {}) => {
      const config = {
        version: 1,
        trust: { source: 'none', certificate_authorities: [{ name: 'test-ca', chain: './ca.pem' }] },
        logs: { discover: false, poll_interval: '100ms', custom: [stage.customLog(log, 'test-log')] },
        watches: [WIDGET],
        notify: stage.notify(),
        ...sections,
      };
      // JSON is YAML (YAML 1.2 §1.2).
      return bench.write('sigwatch.yaml', JSON.stringify(config, null, 2));
    },
    notify: () => ({
      group_wait: '0s',
      channels: {
        slack: { type: 'slack', webhook_url: slack.url },
        mail: {
          type: 'email',
          from: 'sigwatch@acme.example',
          to: ['security@acme.example'],
          smtp: { host: '127.0.0.1', port: mail.port, tls: 'none' },
        },
      },
    }),
    customLog: (custom, name, changes = {}) => {
      bench.write(`${custom.origin}.pub`, custom.publicKeyPem);
      return {
        name,
        type: 'rekor-v2',
        url: custom.url,
        origin: custom.origin,
        public_key: `./${custom.origin}.pub`,
        start: 'genesis',
        ...changes,
      };
    },
    close: async () => {
      await bench.close();
      await Promise.all([log.close(), slack.close(), mail.close()]);
    },
  };
  return stage;
}

/** Null while the daemon is still making the database. */
function readBeside<T>(database: string, read: (store: Store) => T): T | null {
  let store: Store | undefined;
  try {
    store = Store.open(database, { readonly: true });
    return read(store);
  } catch (error) {
    if (error instanceof DatabaseError) {
      return null;
    }
    throw error;
  } finally {
    store?.close();
  }
}
