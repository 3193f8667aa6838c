import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** A log that somebody runs, as the environment names it. */
export interface LiveLog {
  readonly type: 'rekor-v1' | 'rekor-v2' | 'ct';
  readonly url: string;
  /** Absolute path of its key, PEM. */
  readonly key: string;
  readonly origin: string;
  /** Only of Rekor v2. */
  readonly readPath: string | null;
}

/** How many of its last entries are read. */
export const ENTRIES = Number(process.env['SIGWATCH_INTEROP_ENTRIES'] ?? 300);

/** The logs to test against: of each type one, or null with a line that says what is not set. */
export function liveLogs(): readonly (readonly [LiveLog['type'], LiveLog | null])[] {
  return (['rekor-v1', 'rekor-v2', 'ct'] as const).map((type) => [type, liveLog(type)]);
}

function liveLog(type: LiveLog['type']): LiveLog | null {
  const prefix = `SIGWATCH_INTEROP_${type.toUpperCase().replace('-', '_')}`;
  const url = process.env[`${prefix}_URL`]?.replace(/\/+$/, '');
  const key = process.env[`${prefix}_KEY`];
  if (url === undefined || url === '' || key === undefined || key === '') {
    console.warn(`Skipped: ${type}, because ${prefix}_URL and ${prefix}_KEY are not set`);
    return null;
  }
  if (!existsSync(key)) {
    throw new Error(`Cannot test against "${url}": ${prefix}_KEY names "${key}", expected a PEM file`);
  }
  const byDefault = type === 'ct' ? url.replace(/^https?:\/\//, '') : new URL(url).host;
  const origin = process.env[`${prefix}_ORIGIN`] ?? byDefault;
  const readPath = type === 'rekor-v2' ? (process.env[`${prefix}_READ_PATH`] ?? null) : null;
  return { type, url, key: resolve(key), origin, readPath };
}
