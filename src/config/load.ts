import { join, resolve } from 'node:path';
import { checkLogs } from './check-logs.ts';
import type { Config } from './config.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { combineSources, SHARED_LISTS, type ConfigSource, type FilePlace } from './config-source.ts';
import { crossCheck } from './cross-check.ts';
import { describeIssues, type Fault } from './describe-issues.ts';
import { readIncluded } from './include.ts';
import { inherit, type Inherited } from './inherit.ts';
import { formatPath } from './key-path.ts';
import { machineOf } from './machine.ts';
import { readText } from './read-text.ts';
import { configSchema } from './schema.ts';
import { readYaml } from './yaml-positions.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A configuration beside what it was read from, for those who point at lines. */
export interface LoadedConfig {
  readonly config: Config;
  readonly source: ConfigSource;
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

/** As {@link loadConfig}, with the places of all values. Throws ConfigError. `part`: what of it is read. */
export function loadWithSource(file: string, env: Env, part: (value: unknown) => unknown = whole): LoadedConfig {
  const main = readYaml(readConfigText(file));
  const ofYaml = main.problems.map(({ path, place, message }) => ({ file, ...place, path: formatPath(path), message }));
  if (main.value === undefined) {
    throw new ConfigError(ofYaml);
  }
  const absolute = resolve(file);
  const included = readIncluded(main.value, file);
  const combined = combineSources({ file, yaml: main }, included.files);
  const inherited = inherit(combined, included.isWhole);
  const { source } = inherited;
  if (inherited.isTooLarge) {
    throw new ConfigError(inherited.faults.map((fault) => problemOf(fault, source)));
  }
  const shape = configSchema(machineOf(absolute, env)).safeParse(part(source.value));
  const ofShape = [
    ...included.faults,
    ...inherited.faults,
    ...describeIssues(shape.error?.issues ?? [], source.value).filter((fault) => !isFollowing(fault, inherited)),
    ...crossCheck(source.value, (path) => nameOfPlace(source.valuePlace(path), file), included.isWhole),
  ];
  const faults = shape.success && ofShape.length === 0 ? checkLogs(shape.data.logs) : ofShape;
  const problems = [...ofYaml, ...included.problems, ...faults.map((fault) => problemOf(fault, source))];
  if (!shape.success || problems.length > 0) {
    throw new ConfigError(eachOnce(inOrder(problems, file)));
  }
  const database = shape.data.database ?? defaultDatabase(absolute, env);
  return { config: { ...shape.data, file: absolute, database }, source };
}

/** Whether something is missing only because it is not known what is taken over. */
function isFollowing({ path, missing }: Fault, inherited: Inherited): boolean {
  return missing === 'select' && path.length === 2 && inherited.isCutOff(path);
}

function nameOfPlace(place: FilePlace, main: string): string {
  return place.file === main ? place.path : `${place.path} of "${place.file}"`;
}

function whole(value: unknown): unknown {
  return value;
}

/** The places of `secret()` in the schema. */
function withoutSecrets(value: unknown): unknown {
  return without(value, 'notify', (key, member) =>
    SHARED_LISTS.some((list) => list === key) && Array.isArray(member)
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
    return readText(file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
    throw new ConfigError([{ file, line: null, column: null, path: '', message: error.message }], { cause: error });
  }
}

function problemOf({ path, atKey, message }: Fault, source: ConfigSource): ConfigProblem {
  const { file, line, column, path: inFile } = atKey ? source.keyPlace(path) : source.valuePlace(path);
  return { file, line, column, path: inFile, message };
}

function inOrder(problems: readonly ConfigProblem[], main: string): readonly ConfigProblem[] {
  const rank = ({ file }: ConfigProblem): string => (file === main ? '' : file);
  return [...problems].sort(
    (a, b) =>
      (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

/** What many take over, by `extends` or by an alias, is one problem at one place. */
function eachOnce(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const known = new Set<string>();
  return problems.filter(({ file, line, column, message }) => {
    const identity = JSON.stringify([file, line, column, message]);
    return known.size < known.add(identity).size;
  });
}

/** Where the database lies when the configuration names none. Under systemd the state directory is the one place that can be written (systemd.exec: STATE_DIRECTORY, a colon between several). */
export function defaultDatabase(file: string, env: Env): string {
  const state = env['STATE_DIRECTORY']?.split(':')[0] ?? '';
  return state === '' ? resolve(file, '..', 'data', 'sigwatch.db') : join(state, 'sigwatch.db');
}
