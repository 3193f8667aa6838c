import { resolve } from 'node:path';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { defaultDatabase, loadConfig, readConfigText } from './load.ts';
import { readYaml } from './yaml-positions.ts';

/**
 * Where the database of a configuration lies. Commands that only read the database need nothing else of it, so that
 * they also work for who may not read its secrets. Throws ConfigError.
 */
export function loadDatabasePath(file: string, env: Readonly<Record<string, string | undefined>>): Config['database'] {
  const { value } = readYaml(readConfigText(file));
  if (typeof value !== 'object' || value === null) {
    // Nothing can be made of it: the full reading says why.
    return loadConfig(file, env).database;
  }
  const database: unknown = 'database' in value ? value.database : undefined;
  if (database === undefined) {
    return defaultDatabase(resolve(file), env);
  }
  if (typeof database !== 'string' || database === '') {
    throw new ConfigError([
      { file, line: null, column: null, path: 'database', message: 'expected the path of a file' },
    ]);
  }
  return resolve(file, '..', database);
}
