import { ConfigError, formatProblem, type ConfigProblem } from '../config/config-error.ts';
import { lintConfig, type ConfigWarning } from '../config/lint.ts';
import { loadWithSource } from '../config/load.ts';
import { findConfig } from './find-config.ts';
import type { ExitStatus, Io } from './io.ts';
import { jsonLine, safe } from './print.ts';

/**
 * `sigwatch check`: says everything that is wrong with a configuration, and what looks unmeant. `option` is where `--config` says
 * it is, if it does. 0 when it can be used, also with warnings; 2 when it cannot, or when there is none. Reads what the configuration names, writes nothing, reaches no network.
 */
export function checkCommand(
  option: string | undefined,
  env: Io['env'],
  io: Pick<Io, 'stdout' | 'stderr'>,
  options: { readonly json: boolean },
): ExitStatus {
  const { file, errors, warnings } = examine(option, env);
  if (options.json) {
    io.stdout(
      `${jsonLine({ ok: errors.length === 0, errors: errors.map(problemJson), warnings: warnings.map(warningJson) })}\n`,
    );
  } else {
    printLines(file, errors, warnings, io);
  }
  return errors.length === 0 ? 0 : 2;
}

interface Outcome {
  readonly file: string;
  readonly errors: readonly ConfigProblem[];
  readonly warnings: readonly ConfigWarning[];
}

function examine(option: string | undefined, env: Io['env']): Outcome {
  try {
    const file = findConfig(option, env);
    const { config, source } = loadWithSource(file, env);
    return { file, errors: [], warnings: lintConfig(config, source) };
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return { file: error.problems[0]?.file ?? '', errors: error.problems, warnings: [] };
  }
}

function printLines(
  file: string,
  errors: Outcome['errors'],
  warnings: Outcome['warnings'],
  io: Pick<Io, 'stdout' | 'stderr'>,
): void {
  for (const problem of errors) {
    io.stdout(`${safe(formatProblem(problem))}\n`);
  }
  for (const warning of warnings) {
    const message = `warning: ${warning.message} [${warning.rule}]`;
    io.stdout(`${safe(formatProblem({ ...warning, message }))}\n`);
  }
  if (errors.length > 0) {
    io.stderr(`${safe(file)} cannot be used: ${count(errors.length, 'error')}\n`);
  } else {
    io.stdout(`${safe(file)} is good${warnings.length > 0 ? `, with ${count(warnings.length, 'warning')}` : ''}\n`);
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Only the names of the contract, in its order. */
function problemJson({ file, line, column, path, message }: ConfigProblem): ConfigProblem {
  return { file, line, column, path, message };
}

function warningJson(warning: ConfigWarning): ConfigWarning {
  return { ...problemJson(warning), rule: warning.rule };
}
