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
import { closeAlertCommand, type CloseOptions } from './close-alert.ts';
import type { EntryOptions } from './entry.ts';
import type { EvidenceOptions } from './evidence.ts';
import type { ExplainOptions } from './explain.ts';
import { findConfig } from './find-config.ts';
import { historyCommand, type HistoryOptions } from './history.ts';
import type { InitOptions } from './init.ts';
import type { ExitStatus, Io } from './io.ts';
import { listLogsCommand, resumeLogCommand, type ResumeOptions } from './logs.ts';
import { safe, safeLines } from './print.ts';
import { reloadCommand, type ReloadOptions } from './reload.ts';
import type { ReplayOptions } from './replay.ts';
import { statusCommand, type StatusOptions } from './status.ts';
import type { SuggestOptions } from './suggest.ts';
import type { VerifyOptions } from './verify-evidence.ts';

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

  const withWritableStore = (config: string | undefined, use: (store: Store) => ExitStatus): void => {
    const path = loadDatabasePath(findConfig(config, io.env), io.env);
    // Opened to be read first: that makes no database, and brings none up to date beside an older daemon.
    Store.open(path, { readonly: true }).close();
    const store = Store.open(path);
    try {
      end(use(store));
    } finally {
      store.close();
    }
  };

  add(
    'init',
    'Write a commented sigwatch.yaml to start from, for one thing to watch',
    'sigwatch init --github-repo acme/widget',
  )
    .option('--github-org <name>', 'a GitHub organisation or user')
    .option('--github-repo <owner/repo>', 'a GitHub repository')
    .option('--email <address>', 'a person who signs with this address')
    .option('--issuer <url>', 'beside --email: who vouches for the address')
    .option('--key <file>', 'a public key: PEM, PGP, SSH or minisign')
    .option('--artifact <digest-or-file>', 'whoever signs this artifact: sha256:HEX, or a file')
    .option('--config <file>', 'the file to write', 'sigwatch.yaml')
    .option('--force', 'replace a file that is there already')
    .action(async ({ config: file, ...options }: Omit<InitOptions, 'file'> & { config: string }) => {
      const { initCommand } = await import('./init.ts');
      end(await initCommand({ ...options, file }, io));
    });

  configured(
    add('check', 'Say everything that is wrong with the configuration', 'sigwatch check --config sigwatch.yaml'),
  )
    .option('--online', 'reach the trust source and each log, and verify its checkpoint')
    .option('--strict', 'take warnings for errors: status 2')
    .option('--json', 'one JSON object')
    .action(async (options: { config?: string; online?: boolean; strict?: boolean; json?: boolean }) => {
      const [json, online, strict] = [options.json === true, options.online === true, options.strict === true];
      end(await checkCommand(options.config, io.env, io, { json, online, strict }));
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

  configured(
    add(
      'reload',
      'Have the running daemon read its configuration again, as SIGHUP does, and say what came of it',
      'sigwatch reload --config /etc/sigwatch/sigwatch.yaml',
    ),
  )
    .option('--json', 'one JSON object')
    .action(async (options: ReloadOptions & { config?: string }) => {
      end(await reloadCommand(findConfig(options.config, io.env), options, io, systemClock));
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
    .option('--verdict <verdict>', 'expected, unexpected, forged, unverifiable, observed or unparsable')
    .option('--log <log>', 'of this log: its origin or its configured name')
    .option('--since <time>', 'observed since: a duration (7d) or RFC 3339')
    .option('--until <time>', 'observed until: a duration or RFC 3339')
    .option('--repo <repository>', 'source repository: owner/repo or URI')
    .option('--ref <ref>', 'source ref')
    .option('--builder <uri>', 'build signer: owner/repo/path@ref or URI')
    .option('--issuer <url>', 'OIDC issuer')
    .option('--subject <san>', 'any subject alternative name')
    .option('--artifact <digest>', 'artifact digest: sha256:hex')
    .option('--key <fingerprint>', 'fingerprint or ID of the key, as sigwatch shows it')
    .option('--limit <number>', 'at most so many (default 100; 0: all)')
    .addOption(new Option('--json', 'one JSON object a line').conflicts('csv'))
    .option('--csv', 'comma-separated values with a head line')
    .action((options: HistoryOptions & { config?: string }) => {
      withStore(options.config, (store) => historyCommand(store, options, io, systemClock.now()));
    });

  configured(
    add(
      'replay',
      'Judge the recorded history by the configuration: what would change, and what would be told; writes nothing',
      'sigwatch replay --since 30d --config new.yaml',
    ),
  )
    .option('--since <time>', 'observed since: a duration (7d) or RFC 3339', '30d')
    .option('--until <time>', 'observed until: a duration or RFC 3339')
    .option('--watch <name>', 'only of this watch')
    .option('--database <file>', 'the recorded history, instead of that of the configuration')
    .option('--json', 'one JSON object a line for each judgement that would change')
    .action(async (options: ReplayOptions & { config?: string }) => {
      const { replayCommand } = await import('./replay.ts');
      end(await replayCommand(findConfig(options.config, io.env), options, io, systemClock.now()));
    });

  configured(
    add(
      'suggest',
      'Draft an expect block, as YAML to paste, from what a watch has seen',
      'sigwatch suggest --watch widget-release --since 90d',
    ),
  )
    .requiredOption('--watch <name>', 'from the history of this watch')
    .option('--since <time>', 'observed since: a duration (90d) or RFC 3339 (default: all of it)')
    .option('--json', 'one JSON object')
    .action(async (options: SuggestOptions & { config?: string }) => {
      const { suggestCommand } = await import('./suggest.ts');
      withStore(options.config, (store) => suggestCommand(store, options, io, systemClock.now()));
    });

  configured(
    add(
      'explain',
      'What the entries in files say, and what each watch makes of them; no network',
      'sigwatch explain widget.sigstore.json',
    ),
  )
    .argument(
      '<files...>',
      'canonical entries, answers of Rekor v1, TransparencyLogEntries or Sigstore bundles; -: standard input',
    )
    .option('--json', 'one JSON object a line for each entry')
    .action(async (files: readonly string[], options: ExplainOptions) => {
      const { explainCommand } = await import('./explain.ts');
      end(await explainCommand(files, options, io, systemClock.now()));
    });

  add(
    'import',
    'Turn policies and monitors of other tools (Kyverno, policy-controller, rekor-monitor, cosign, slsa-verifier) into a configuration on stdout',
    'sigwatch import policy.yaml verify.sh > sigwatch.yaml',
  )
    .argument('<files...>', 'YAML with one or more policies, a workflow, or text with command lines; -: standard input')
    .action(async (files: readonly string[]) => {
      const { importCommand } = await import('./import.ts');
      end(await importCommand(files, io));
    });

  configured(
    add(
      'entry',
      'One entry of a log, decoded, with its verdicts and its proof',
      'sigwatch entry log2025-1.rekor.example 4711',
    ),
  )
    .argument('<log>', 'its origin, or its configured name where that means one log')
    .argument('<index>', 'inside that tree, from 0 on')
    .option('--json', 'one JSON object')
    .action(async (log: string, index: string, options: EntryOptions & { config?: string }) => {
      const { entryCommand } = await import('./entry.ts');
      const file = findConfig(options.config, io.env);
      end(await entryCommand(file, { log, index }, options, io, systemClock.now()));
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

  configured(
    describe(
      alerts.command('close <id>'),
      'Close an alert that is dealt with; it opens again if it happens again',
      'sigwatch alerts close k3v9x0m2qa --by you --note "the new nightly workflow"',
    ),
  )
    .option('--by <who>', 'who closes it')
    .option('--note <text>', 'why')
    .action((id: string, options: CloseOptions & { config?: string }) => {
      withWritableStore(options.config, (store) => closeAlertCommand(store, id, options, io, systemClock.now()));
    });

  const logs = add('logs', 'Each log, why it is stopped, and what operators decided', 'sigwatch logs list --json');
  configured(
    describe(
      logs.command('list', { isDefault: true }),
      'Every log, what stopped it, and decisions',
      'sigwatch logs list',
    ),
  )
    .option('--json', 'one JSON object a line')
    .allowExcessArguments()
    .action((options: { config?: string; json?: boolean }, command: Command) => {
      const [word] = command.args;
      if (word !== undefined) {
        command.error(`error: unknown command '${safe(word)}': \`sigwatch logs resume LOG\` resumes one`);
      }
      withStore(options.config, (store) => listLogsCommand(store, options, io));
    });
  configured(
    describe(
      logs.command('resume <log>'),
      'Go on with a log that contradicted itself: an operator decides, and says why',
      'sigwatch logs resume log2025-1.rekor.example --by alice --note "restored from backup, see INC-42"',
    ),
  )
    .requiredOption('--by <who>', 'who decides')
    .requiredOption('--note <text>', 'why')
    .option('--json', 'one JSON object')
    .action((log: string, options: ResumeOptions & { config?: string }) => {
      withWritableStore(options.config, (store) => resumeLogCommand(store, log, options, io, systemClock.now()));
    });

  const evidence = add(
    'evidence',
    'Proof of an alert in one file, and its verification',
    'sigwatch evidence k3v9x0m2qa',
  );
  configured(
    describe(
      evidence.command('write <id>', { isDefault: true }),
      'Write everything that proves an alert to a new file',
      'sigwatch evidence k3v9x0m2qa',
    ),
  )
    .option('--out <file>', 'the file to write (default: sigwatch-evidence-ID.json in the current folder)')
    .option('--json', 'one JSON object')
    .action(async (id: string, options: EvidenceOptions & { config?: string }) => {
      const { evidenceCommand } = await import('./evidence.ts');
      end(await evidenceCommand(findConfig(options.config, io.env), id, options, io));
    });
  configured(
    describe(
      evidence.command('verify <file>'),
      'Say what such a file proves, by keys from elsewhere and without network; 0 only when it is proven',
      'sigwatch evidence verify sigwatch-evidence-k3v9x0m2qa.json --key rekor.pub',
    ),
  )
    .addOption(
      new Option(
        '--key <key>',
        'PEM file or verifier key of the log, instead of what the configuration trusts; may be repeated',
      ).argParser<readonly string[] | undefined>((key, keys) => [...(keys ?? []), key]),
    )
    .option('--json', 'one JSON object')
    .action(async (file: string, options: VerifyOptions) => {
      const { verifyEvidenceCommand } = await import('./verify-evidence.ts');
      end(verifyEvidenceCommand(file, options, io, systemClock.now()));
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
