import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../config/config-error.ts';

const PLACES = ['./sigwatch.yaml', '/etc/sigwatch/sigwatch.yaml'];

/** The configuration file: what `--config` says, else $SIGWATCH_CONFIG, else the first usual place that has one. Throws ConfigError. */
export function findConfig(option: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const named = option ?? env['SIGWATCH_CONFIG'];
  if (named !== undefined && named !== '') {
    return resolve(named);
  }
  const found = PLACES.find((place) => existsSync(place));
  if (found === undefined) {
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
  return resolve(found);
}
