import { z } from 'zod';
import type { NonEmpty } from '../lib/non-empty.ts';
import type { Start } from '../log/log.ts';
import type { CustomLog, LogsConfig } from './config.ts';
import { quote } from './key-path.ts';
import type { Machine } from './machine.ts';
import { parsePublicKey } from './pem.ts';
import { converted, duration, fileContent, httpUrl, name, oneOrMore, strict } from './schema-parts.ts';

const MAX_PEM = 64 * 1024;

const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

const START_FORM = 'head, genesis, an index, or (for rekor-v1) a date such as 2026-01-31 or 2026-01-31T12:00:00Z';

/** The section `logs`. */
export function logsSchema(machine: Machine): z.ZodType<LogsConfig> {
  return strict({
    discover: z.boolean().default(true).describe('Follow every Rekor log that the trust source knows.'),
    poll_interval: duration('10ms', '24h').prefault('10s').describe('How often each log is asked for its checkpoint.'),
    start: start('rekor-v1').prefault('head').describe('Where to begin with a source never seen before.'),
    custom: z.array(customLog(machine)).default([]).describe('Logs that the trust source does not know.'),
  }).transform((logs) => ({
    discover: logs.discover,
    pollIntervalMs: logs.poll_interval,
    start: logs.start,
    custom: logs.custom.map((log) => ({ ...log, start: log.start ?? logs.start })),
  }));
}

type CustomLogInput = Omit<CustomLog, 'start'> & { readonly start: Start | undefined };

function customLog(machine: Machine): z.ZodType<CustomLogInput> {
  const common = {
    name: name.describe('How this log is called in tables and commands.'),
    url: httpUrl.describe('Base URL.'),
    public_key: publicKeys(machine).describe('PEM file of the key, or a list: any of them may sign.'),
  };
  const v1 = strict({
    type: z.literal('rekor-v1'),
    ...common,
    origin: originV1.describe('What the first line of the checkpoint says before " - TREEID".'),
    start: start('rekor-v1').optional().describe('Default: logs.start.'),
  });
  const v2 = strict({
    type: z.literal('rekor-v2'),
    ...common,
    read_path: readPath.prefault('/api/v2').describe('Where `checkpoint` and `tile/` lie under the URL.'),
    origin: originV2.describe('The first line of the checkpoint.'),
    start: start('rekor-v2').optional().describe('Default: logs.start.'),
  });
  return z.discriminatedUnion('type', [v1, v2]).transform((log) => ({
    name: log.name,
    type: log.type,
    url: log.url,
    readPath: log.type === 'rekor-v2' ? log.read_path : '',
    origin: log.origin,
    publicKeys: log.public_key,
    start: log.start,
  }));
}

function publicKeys(machine: Machine): z.ZodType<NonEmpty<Buffer>> {
  return oneOrMore(fileContent(machine, 'public key', MAX_PEM, parsePublicKey), 'the path of a PEM file');
}

/** Date only where entries carry a time. */
function start(type: 'rekor-v1' | 'rekor-v2'): z.ZodType<Start, number | string> {
  const form = z.union([z.int().min(0, `expected ${START_FORM}`), z.string()], { error: `expected ${START_FORM}` });
  return converted(form, (value) => {
    if (typeof value === 'number' || value === 'head' || value === 'genesis') {
      return value;
    }
    const date = new Date(value);
    // The day must exist: the engine would take the 30th of February for the 1st of March.
    if (!ISO_DATE.test(value) || Number.isNaN(date.getTime()) || !dayExists(value)) {
      throw new SyntaxError(`Cannot use ${quote(value)} as a start: expected ${START_FORM}`);
    }
    if (type === 'rekor-v2') {
      throw new SyntaxError(
        'a date needs entries with a time, and those of rekor-v2 have none; expected head, genesis or an index',
      );
    }
    return date;
  });
}

function dayExists(iso: string): boolean {
  const day = iso.slice(0, 10);
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().slice(0, 10) === day;
}

const originV1 = converted(z.string(), (origin) => {
  if (origin.includes(' - ')) {
    throw new SyntaxError(
      `Cannot use ${quote(origin)} as an origin: expected only what stands before " - "; it covers every shard`,
    );
  }
  return requireKeyName(origin);
});

const originV2 = converted(z.string(), requireKeyName);

/** An origin also names the key of a signed note (c2sp.org/signed-note), which holds neither white space nor a plus sign. */
function requireKeyName(origin: string): string {
  if (origin === '' || /[\s+\p{C}]/u.test(origin) || origin.length > 200) {
    throw new SyntaxError(
      `Cannot use ${quote(origin)} as an origin: expected 1 to 200 characters without white space and "+"`,
    );
  }
  return origin;
}

const readPath = z
  .string()
  .regex(/^(?:\/[\w.~-]+)*$/, 'expected a path such as /api/v2 without a slash at its end, or "" for the root')
  .refine((value) => !/\/\.{1,2}(?:\/|$)/.test(value), 'expected a path without "." and ".."');
