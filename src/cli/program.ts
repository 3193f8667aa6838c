import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { loadDatabasePath } from '../config/database-path.ts';
import { systemClock } from '../lib/clock.ts';
import { toDatabaseError } from '../store/database-error.ts';
import { Store } from '../store/store.ts';
import { TrustUnavailable } from '../trust/trust-unavailable.ts';
import { VERSION } from '../version.ts';
import { listAlertsCommand, showAlertCommand, type ListOptions } from './alerts.ts';
import { checkCommand } from './check.ts';
import { findConfig } from './find-config.ts';
import { historyCommand, type HistoryOptions } from './history.ts';
import { initCommand } from './init.ts';
import type { ExitStatus, Io } from './io.ts';
import { safe, safeLines } from './print.ts';
import { statusCommand, type StatusOptions } from './status.ts';

/** Runs the command that `args` name and returns the exit status. What goes wrong is said on stderr; only our own faults are thrown. */
export async function runCli(args: readonly string[], io: Io): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const program = createProgram(io, (ended) => {
    status = ended;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    return explain(error, io);
  }
}

function explain(error: unknown, io: Io): ExitStatus {
  if (error instanceof CommanderError) {
    // Help and version end with 0; everything else is wrong usage, and commander has said why.
    return error.exitCode === 0 ? 0 : 2;
  }
  if (error instanceof ConfigError) {
    io.stderr(`${safeLines(error.message)}\n`);
    return 2;
  }
  const operational = error instanceof TrustUnavailable ? error : toDatabaseError(error);
  if (operational !== null) {
    io.stderr(`${safeLines(operational.message)}\n`);
    return 3;
  }
  throw error;
}

function createProgram(io: Io, end: (status: ExitStatus) => void): Command {
  const program = new Command('sigwatch')
    .description(
      'Watches the transparency logs of Sigstore for signatures made in your name: proves each log append-only, ' +
        'judges who signed, and tells people once.',
    )
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .showHelpAfterError('(--help says more)')
    .addHelpText(
      'after',
      '\nExit status: 0 done, nothing found; 1 something was found; 2 usage or configuration; 3 operational.\n' +
        '\nExample:\n  sigwatch init --github-org acme && sigwatch check && sigwatch run\n',
    );

  const add = (name: string, description: string, example: string): Command =>
    describe(program.command(name), description, example);
  const configured = (command: Command): Command =>
    command.option(
      '--config <file>',
      'configuration (default: $SIGWATCH_CONFIG, ./sigwatch.yaml, /etc/sigwatch/sigwatch.yaml)',
    );
  const withStore = (config: string | undefined, use: (store: Store) => ExitStatus): void => {
    const store = Store.open(loadDatabasePath(findConfig(config, io.env), io.env), { readonly: true });
    try {
      end(use(store));
    } finally {
      store.close();
    }
  };

  add('init', 'Write a commented sigwatch.yaml to start from', 'sigwatch init --github-org acme')
    .requiredOption('--github-org <name>', 'the GitHub organisation or user to watch')
    .option('--config <file>', 'the file to write', 'sigwatch.yaml')
    .option('--force', 'replace a file that is there already')
    .action((options: { githubOrg: string; config: string; force?: boolean }) => {
      const { githubOrg, config: file, force } = options;
      end(initCommand({ githubOrg, file, force: force === true }, io));
    });

  configured(
    add('check', 'Say everything that is wrong with the configuration', 'sigwatch check --config sigwatch.yaml'),
  )
    .option('--json', 'one JSON object')
    .action((options: { config?: string; json?: boolean }) => {
      end(checkCommand(options.config, io.env, io, { json: options.json === true }));
    });

  configured(add('run', 'Watch: the daemon', 'sigwatch run --config /etc/sigwatch/sigwatch.yaml'))
    .option('--once', 'one pass over every log to the checkpoint it shows now, deliver, and end')
    .option('--verbose', 'log more')
    .action(async (options: { config?: string; once?: boolean; verbose?: boolean }) => {
      const { once, verbose } = options;
      // Loaded when it is asked for: the daemon brings most of the libraries, and reading commands answer at once.
      const { runCommand } = await import('./run.ts');
      end(await runCommand(findConfig(options.config, io.env), { once: once === true, verbose: verbose === true }, io));
    });

  add('demo', 'The whole thing offline: a local log, a release, an attack, the alert', 'sigwatch demo')
    .option('--keep', 'leave it running at the end')
    .addOption(new Option('--pace <seconds>', 'time between scenes').default(2).argParser(parsePace))
    .action(async (options: { keep?: boolean; pace: number }) => {
      const { demoCommand } = await import('./demo.ts');
      end(await demoCommand({ keep: options.keep === true, paceMs: options.pace * 1000 }, io));
    });

  configured(add('status', 'Each log: size verified, lag, age, state; what is open and waiting', 'sigwatch status'))
    .option('--json', 'one JSON object')
    .option('--healthy', 'print nothing; 3 unless a daemon gave a sign of life within a minute')
    .action((options: StatusOptions & { config?: string }) => {
      withStore(options.config, (store) => statusCommand(store, options, io, systemClock.now()));
    });

  configured(
    add(
      'history',
      'Matched entries, newest first',
      'sigwatch history --watch widget-release --verdict unexpected --since 7d',
    ),
  )
    .option('--watch <name>', 'of this watch')
    .option('--verdict <verdict>', 'expected, unexpected, forged, unverifiable or observed')
    .option('--log <log>', 'of this log: its origin or its configured name')
    .option('--since <time>', 'observed since: a duration (7d) or RFC 3339')
    .option('--until <time>', 'observed until: a duration or RFC 3339')
    .option('--repo <repository>', 'source repository: owner/repo or URI')
    .option('--ref <ref>', 'source ref')
    .option('--builder <uri>', 'build signer: owner/repo/path@ref or URI')
    .option('--issuer <url>', 'OIDC issuer')
    .option('--subject <san>', 'any subject alternative name')
    .option('--artifact <digest>', 'artifact digest: sha256:hex')
    .option('--key <fingerprint>', 'SHA-256 of the public key, hex')
    .option('--limit <number>', 'at most so many (default 100; 0: all)')
    .addOption(new Option('--json', 'one JSON object a line').conflicts('csv'))
    .option('--csv', 'comma-separated values with a head line')
    .action((options: HistoryOptions & { config?: string }) => {
      withStore(options.config, (store) => historyCommand(store, options, io, systemClock.now()));
    });

  const alerts = add('alerts', 'What people were told, and what is still open', 'sigwatch alerts list --state open');
  configured(
    describe(
      alerts.command('list', { isDefault: true }),
      'Every alert, open ones first',
      'sigwatch alerts list --class identity --since 7d',
    ),
  )
    .option('--state <state>', 'open, acknowledged or closed')
    .option('--class <class>', 'identity, log or operational')
    .option('--watch <name>', 'of this watch')
    .option('--since <time>', 'last seen since: a duration (7d) or RFC 3339')
    .option('--json', 'one JSON object a line')
    .allowExcessArguments()
    .action((options: ListOptions & { config?: string }, command: Command) => {
      // As the default command it is handed every word that is no command.
      const [word] = command.args;
      if (word !== undefined) {
        command.error(`error: unknown command '${safe(word)}': \`sigwatch alerts show ID\` shows one alert`);
      }
      withStore(options.config, (store) => listAlertsCommand(store, options, io, systemClock.now()));
    });
  configured(
    describe(
      alerts.command('show <id>'),
      'One alert with all that is known of it, its evidence included',
      'sigwatch alerts show k3v9x0m2qa',
    ),
  )
    .option('--json', 'one JSON object')
    .action((id: string, options: { config?: string; json?: boolean }) => {
      withStore(options.config, (store) => showAlertCommand(store, id, options, io));
    });
  return program;
}

function describe(command: Command, description: string, example: string): Command {
  return command.description(description).addHelpText('after', `\nExample:\n  ${example}\n`);
}

function parsePace(text: string): number {
  const pace = Number(text);
  if (!(pace >= 0 && pace <= 60)) {
    throw new InvalidArgumentError('Expected a number of seconds from 0 to 60.');
  }
  return pace;
}
