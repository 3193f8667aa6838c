import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../config/config-error.ts';

const PLACES = ['./sigwatch.yaml', '/etc/sigwatch/sigwatch.yaml'];

type Env = Readonly<Record<string, string | undefined>>;

/** The configuration file: what `--config` says, else $SIGWATCH_CONFIG, else the first usual place that has one. Throws ConfigError. */
export function findConfig(option: string | undefined, env: Env): string {
  const found = lookForConfig(option, env);
  if (found === null) {
    throw new ConfigError([
      {
        file: PLACES[0] ?? '',
        line: null,
        column: null,
        path: '',
        message:
          `no configuration found (looked for ${PLACES.join(', ')}): write one with ` +
          '`sigwatch init --github-org NAME`, or name it with --config FILE or $SIGWATCH_CONFIG',
      },
    ]);
  }
  return found;
}

/** As {@link findConfig}; null where none is named and no usual place has one. */
export function lookForConfig(option: string | undefined, env: Env): string | null {
  const named = option ?? env['SIGWATCH_CONFIG'];
  if (named !== undefined && named !== '') {
    return resolve(named);
  }
  const found = PLACES.find((place) => existsSync(place));
  return found === undefined ? null : resolve(found);
}
