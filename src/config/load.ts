import { join, resolve } from 'node:path';
import { checkLogs } from './check-logs.ts';
import type { Config } from './config.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { crossCheck } from './cross-check.ts';
import { describeIssues, type Fault } from './describe-issues.ts';
import { formatPath } from './key-path.ts';
import { machineOf } from './machine.ts';
import { readSmallFile } from './read-small-file.ts';
import { configSchema } from './schema.ts';
import { readYaml, type YamlSource } from './yaml-positions.ts';

const MAX_FILE = 1024 * 1024;

type Env = Readonly<Record<string, string | undefined>>;

/** A configuration beside the text that it was read from, for those who point at lines. */
export interface LoadedConfig {
  readonly config: Config;
  readonly source: YamlSource;
}

/** Reads a configuration, and the files and secrets that it names. Throws ConfigError with every problem of it. */
export function loadConfig(file: string, env: Env): Config {
  return loadWithSource(file, env).config;
}

/**
 * As {@link loadConfig}, but without channels and tokens: for commands that tell nobody anything, so that they also work for who
 * may not read the secrets. Throws ConfigError.
 */
export function loadWithoutSecrets(file: string, env: Env): Config {
  return loadWithSource(file, env, withoutSecrets).config;
}

/** As {@link loadConfig}, with the places of all values. Throws ConfigError. `part`: what of the file is read. */
export function loadWithSource(file: string, env: Env, part: (value: unknown) => unknown = whole): LoadedConfig {
  const source = readYaml(readConfigText(file));
  const yamlProblems = source.problems.map(({ path, place, message }) => ({
    file,
    ...place,
    path: formatPath(path),
    message,
  }));
  if (source.value === undefined) {
    throw new ConfigError(yamlProblems);
  }
  const absolute = resolve(file);
  const shape = configSchema(machineOf(absolute, env)).safeParse(part(source.value));
  const ofShape = [...describeIssues(shape.error?.issues ?? [], source.value), ...crossCheck(source.value)];
  const faults = shape.success && ofShape.length === 0 ? checkLogs(shape.data.logs) : ofShape;
  const problems = [...yamlProblems, ...faults.map((fault) => problemOf(fault, file, source))];
  if (!shape.success || problems.length > 0) {
    throw new ConfigError(inOrder(problems));
  }
  const database = shape.data.database ?? defaultDatabase(absolute, env);
  return { config: { ...shape.data, file: absolute, database }, source };
}

function whole(value: unknown): unknown {
  return value;
}

/** The places of `secret()` in the schema. */
function withoutSecrets(value: unknown): unknown {
  return without(value, 'notify', (key, member) =>
    key === 'watches' && Array.isArray(member)
      ? member.map((watch) =>
          without(watch, null, (name, part) => (name === 'attestations' ? without(part, 'token') : part)),
        )
      : member,
  );
}

/** An object without one of its members, and with the others changed; anything else as it is. */
function without(
  value: unknown,
  name: string | null,
  change: (key: string, member: unknown) => unknown = (_key, member) => member,
): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return value;
  }
  const members = Object.entries(value).filter(([key]) => key !== name);
  return Object.fromEntries(members.map(([key, member]) => [key, change(key, member)]));
}

/** The text of a configuration file, at most 1 MiB of UTF-8. Throws ConfigError. */
export function readConfigText(file: string): string {
  try {
    const bytes = readSmallFile(file, MAX_FILE, 'configuration');
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) {
      throw error;
    }
    const message =
      error instanceof SyntaxError ? error.message : `Cannot read configuration "${file}": it is not UTF-8`;
    throw new ConfigError([{ file, line: null, column: null, path: '', message }], { cause: error });
  }
}

function problemOf(fault: Fault, file: string, source: YamlSource): ConfigProblem {
  const place = fault.atKey ? source.keyPlace(fault.path) : source.valuePlace(fault.path);
  return { file, ...place, path: formatPath(fault.path), message: fault.message };
}

function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** Where the database lies when the configuration names none. Under systemd the state directory is the one place that can be written (systemd.exec: STATE_DIRECTORY, a colon between several). */
export function defaultDatabase(file: string, env: Env): string {
  const state = env['STATE_DIRECTORY']?.split(':')[0] ?? '';
  return state === '' ? resolve(file, '..', 'data', 'sigwatch.db') : join(state, 'sigwatch.db');
}
