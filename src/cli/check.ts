import { ConfigError, formatProblem, type ConfigProblem } from '../config/config-error.ts';
import { lintConfig, type ConfigWarning } from '../config/lint.ts';
import { loadWithSource, type LoadedConfig } from '../config/load.ts';
import { quote } from '../config/key-path.ts';
import type { OnlineOutcome, ReachedLog } from './check-online.ts';
import { findConfig } from './find-config.ts';
import type { ExitStatus, Io } from './io.ts';
import { jsonLine, safe } from './print.ts';

/**
 * `sigwatch check`: says everything that is wrong with a configuration, and what looks unmeant. `option` is where `--config` says
 * it is, if it does. 0 when it can be used, also with warnings; 2 when it cannot, or when there is none, and with `strict` also
 * when there are warnings. Reads what the configuration names, writes nothing, and reaches no network but with `online`: then 3
 * when the trust source or a log cannot be reached at one of its addresses, or shows a checkpoint there that its key did not sign.
 */
export async function checkCommand(
  option: string | undefined,
  env: Io['env'],
  io: Pick<Io, 'stdout' | 'stderr' | 'signal'>,
  options: { readonly json: boolean; readonly online: boolean; readonly strict?: boolean },
): Promise<ExitStatus> {
  const offline = examine(option, env);
  const { loaded } = offline;
  const online = loaded !== null && options.online ? await goOnline(loaded, io.signal) : null;
  const outcome = online === null || loaded === null ? offline : withOnline(offline, loaded, online);
  const reached = online === null || (online.trust.ok && online.logs.every(({ ok }) => ok));
  const refused = outcome.errors.length > 0 || (options.strict === true && outcome.warnings.length > 0);
  if (options.json) {
    io.stdout(`${jsonLine(outcomeJson(outcome, online, reached && !refused))}\n`);
  } else {
    printLines(outcome, online, options.strict === true, io);
  }
  return refused ? 2 : reached ? 0 : 3;
}

interface Outcome {
  readonly file: string;
  /** Null when it cannot be used. */
  readonly loaded: LoadedConfig | null;
  readonly errors: readonly ConfigProblem[];
  readonly warnings: readonly ConfigWarning[];
}

function examine(option: string | undefined, env: Io['env']): Outcome {
  try {
    const file = findConfig(option, env);
    const loaded = loadWithSource(file, env);
    return { file, loaded, errors: [], warnings: lintConfig(loaded.config, loaded.source) };
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return { file: error.problems[0]?.file ?? '', loaded: null, errors: error.problems, warnings: [] };
  }
}

async function goOnline({ config }: LoadedConfig, signal: AbortSignal): Promise<OnlineOutcome> {
  // Loaded when it is asked for: it brings HTTP and the trust source.
  const { checkOnline } = await import('./check-online.ts');
  return await checkOnline(config, signal);
}

/** What shows only once it is known which logs there are. */
function withOnline(offline: Outcome, { source }: LoadedConfig, { errors, unknown }: OnlineOutcome): Outcome {
  const { file } = offline;
  const known = new Set(offline.warnings.map(({ path }) => path));
  const unheard = unknown.map((origin): ConfigWarning => {
    const path = ['logs', 'override', origin];
    const message = `neither this file nor the trust source knows a log of the origin ${quote(origin)}: this override changes nothing`;
    return { ...source.keyPlace(path), message, rule: 'unknown-override' };
  });
  return {
    ...offline,
    errors: errors.map((error) => ({ ...error, file })),
    warnings: [...offline.warnings, ...unheard.filter(({ path }) => !known.has(path))],
  };
}

function printLines(
  { file, errors, warnings }: Outcome,
  online: OnlineOutcome | null,
  strict: boolean,
  io: Pick<Io, 'stdout' | 'stderr'>,
): void {
  for (const problem of errors) {
    io.stdout(`${safe(formatProblem(problem))}\n`);
  }
  for (const warning of warnings) {
    const message = `warning: ${warning.message} [${warning.rule}]`;
    io.stdout(`${safe(formatProblem({ ...warning, message }))}\n`);
  }
  if (online !== null) {
    printReached(online, io);
  }
  if (errors.length > 0) {
    io.stderr(`${safe(file)} cannot be used: ${count(errors.length, 'error')}\n`);
  } else if (strict && warnings.length > 0) {
    io.stderr(`${safe(file)} is refused by --strict: ${count(warnings.length, 'warning')}\n`);
  } else {
    io.stdout(`${safe(file)} is good${warnings.length > 0 ? `, with ${count(warnings.length, 'warning')}` : ''}\n`);
  }
}

function printReached({ trust, logs }: OnlineOutcome, io: Pick<Io, 'stdout'>): void {
  if (trust.error !== null) {
    io.stdout(`problem: trust source: ${safe(trust.error)}\n`);
  }
  for (const { origin, name, url, size, error } of logs) {
    const log = safe(name === origin ? origin : `${origin} (${name})`);
    io.stdout(
      error === null
        ? `ok: ${log} at ${safe(url)}: size ${size ?? 0}\n`
        : `problem: ${log} at ${safe(url)}: ${safe(error)}\n`,
    );
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function outcomeJson({ errors, warnings }: Outcome, online: OnlineOutcome | null, ok: boolean): unknown {
  return {
    ok,
    errors: errors.map(problemJson),
    warnings: warnings.map(warningJson),
    ...(online && { logs: online.logs.map(logJson), trust: online.trust }),
  };
}

/** Only the names of the contract, in its order. */
function problemJson({ file, line, column, path, message }: ConfigProblem): ConfigProblem {
  return { file, line, column, path, message };
}

function warningJson(warning: ConfigWarning): ConfigWarning {
  return { ...problemJson(warning), rule: warning.rule };
}

function logJson({ name, origin, url, ok, size, error }: ReachedLog): ReachedLog {
  return { name, origin, url, ok, size, error };
}
