import { z } from 'zod';
import type { NonEmpty } from '../lib/non-empty.ts';
import type { LogSettings, PinnedNote } from './config.ts';
import { parseCheckpoint } from '../tlog/checkpoint.ts';
import { parseNote } from '../tlog/note.ts';
import { quote } from './key-path.ts';
import type { Machine } from './machine.ts';
import { parseCtKey, parsePublicKey } from './pem.ts';
import { converted, duration, fileContent, httpUrl, oneOrMore } from './schema-parts.ts';

const MAX_PEM = 64 * 1024;
const MAX_NOTE = 64 * 1024;

/** What an origin of one shard of Rekor v1 looks like: its host part and its tree ID (rekor pkg/util/checkpoint.go). */
const SHARD = /^(.+) - \d+$/s;

/** The keys that any log may have in the configuration besides what it is. */
export function settingsShape(machine: Machine) {
  return {
    also: oneOrMore(httpUrl, 'a URL').optional().describe('Further addresses whose checkpoints are compared.'),
    checkpoint: pinnedNote(machine)
      .optional()
      .describe('File of a signed checkpoint that the log must agree with before it is joined; head means there.'),
    stale_after: staleAfter.optional().describe('Default: logs.stale_after.'),
    enabled: z.boolean().optional().describe('false: neither followed nor shown. Default: true.'),
  };
}

/** Those keys as the rest of the program names them, without the ones that are not set. */
export function settingsOf(log: {
  readonly also?: NonEmpty<string> | undefined;
  readonly checkpoint?: PinnedNote | undefined;
  readonly stale_after?: number | null | undefined;
  readonly enabled?: boolean | undefined;
}): LogSettings {
  const { also, checkpoint, stale_after: staleAfterMs, enabled } = log;
  return withoutUndefined({ also, checkpoint, staleAfterMs, enabled });
}

/** An object without the keys whose value is undefined: a key that is absent is as for every log. */
export function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // What remains has just these keys and no undefined.
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Milliseconds, or null for `none`. */
export const staleAfter: z.ZodType<number | null, string> = z.union(
  [z.literal('none').transform(() => null), duration('10ms', '3650d')],
  { error: 'expected a duration such as 1h, or none' },
);

/** Keys that sign notes. */
export function publicKeys(machine: Machine): z.ZodType<NonEmpty<Buffer>> {
  return oneOrMore(fileContent(machine, 'public key', MAX_PEM, parsePublicKey), 'the path of a PEM file');
}

/** Keys that sign tree heads of certificate transparency logs. */
export function ctKeys(machine: Machine): z.ZodType<NonEmpty<Buffer>> {
  return oneOrMore(fileContent(machine, 'public key', MAX_PEM, parseCtKey), 'the path of a PEM file');
}

function pinnedNote(machine: Machine): z.ZodType<PinnedNote, string> {
  return fileContent(machine, 'checkpoint', MAX_NOTE, (note, file) => {
    try {
      parseCheckpoint(parseNote(note).text);
    } catch (error) {
      const why = error instanceof SyntaxError ? error.message : String(error);
      throw new SyntaxError(`Cannot use "${file}" as a checkpoint: ${why}`, { cause: error });
    }
    return { file, note };
  });
}

/** The host part of the origin of a shard; null for an origin of any other log. */
export function hostOfShard(origin: string): string | null {
  return SHARD.exec(origin)?.[1] ?? null;
}

/** The same for a JSON Schema. */
const KEY_NAME = '[^\\s+\\p{C}]{1,200}';

/** The key of an override: an origin, also that of one shard. */
export const ORIGIN_KEY = `^${KEY_NAME}(?: - [0-9]+)?$`;

const KEY_NAME_FORM = { pattern: `^${KEY_NAME}$` };

export const originV1 = converted(z.string().meta(KEY_NAME_FORM), (origin) => {
  if (origin.includes(' - ')) {
    throw new SyntaxError(
      `Cannot use ${quote(origin)} as an origin: expected only what stands before " - "; it covers every shard`,
    );
  }
  return requireKeyName(origin);
});

export const origin = converted(z.string().meta(KEY_NAME_FORM), requireKeyName);

/** An origin also names the key of a signed note (c2sp.org/signed-note), which holds neither white space nor a plus sign. Throws SyntaxError. */
export function requireKeyName(name: string): string {
  if (name === '' || /[\s+\p{C}]/u.test(name) || name.length > 200) {
    throw new SyntaxError(
      `Cannot use ${quote(name)} as an origin: expected 1 to 200 characters without white space and "+"`,
    );
  }
  return name;
}

export const readPath = z
  .string()
  .regex(/^(?:\/[\w.~-]+)*$/, 'expected a path such as /api/v2 without a slash at its end, or "" for the root')
  .meta({ pattern: '^(?:/(?!\\.{1,2}(?:/|$))[\\w.~-]+)*$' })
  .refine((value) => !/\/\.{1,2}(?:\/|$)/.test(value), 'expected a path without "." and ".."');
