import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readSmallFile } from './read-small-file.ts';

/** What a configuration may take from its surroundings. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Makes a path absolute: relative ones are so to the configuration file. */
  resolve(path: string): string;
  /** Throws SyntaxError that names `what` and the reason. */
  readFile(path: string, maxBytes: number, what: string): Buffer;
}

/** The surroundings of one configuration file. */
export function machineOf(file: string, env: Readonly<Record<string, string | undefined>>): Machine {
  return {
    env,
    resolve: (path) => resolve(dirname(file), path),
    readFile(path, maxBytes, what) {
      if (!existsSync(path)) {
        const remedy = 'expected a path relative to the configuration file, or an absolute one';
        throw new SyntaxError(`Cannot read ${what} "${path}": no such file; ${remedy}`);
      }
      return readSmallFile(path, maxBytes, what);
    },
  };
}
