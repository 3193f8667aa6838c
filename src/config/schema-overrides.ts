import { z } from 'zod';
import type { LogOverride } from './config.ts';
import type { Machine } from './machine.ts';
import {
  ctKeys,
  hostOfShard,
  origin,
  ORIGIN_KEY,
  publicKeys,
  readPath,
  requireKeyName,
  settingsOf,
  settingsShape,
  withoutUndefined,
} from './schema-log-parts.ts';
import { httpUrl, name, strict } from './schema-parts.ts';
import { start } from './schema-start.ts';

/** What may stand for a single shard of Rekor v1: the rest is of the server, and so of all its shards. */
const OF_SHARD = ['also', 'checkpoint', 'stale_after', 'enabled', 'start'] as const;

/** The section `logs.override`: by origin, what stands instead of that which is configured or known by the trust source. */
export function overridesSchema(
  machine: Machine,
): z.ZodType<ReadonlyMap<string, LogOverride>, Record<string, OverrideInput>> {
  return z
    .record(key, override(machine))
    .meta(SHARDS_FORM)
    .transform((overrides, context) => {
      const found = new Map<string, LogOverride>();
      for (const [origin, { given, keys }] of Object.entries(overrides)) {
        for (const [wrong, message] of faultsOf(origin, keys)) {
          context.issues.push({ code: 'custom', path: [origin, wrong], message, input: undefined });
        }
        found.set(origin, given);
      }
      return found;
    });
}

/** That rule for editors; beside the rest, so that what holds for every override holds for those of shards too. */
const SHARDS_FORM = { allOf: [{ patternProperties: { ' - [0-9]+$': { propertyNames: { enum: [...OF_SHARD] } } } }] };

interface Override {
  readonly given: LogOverride;
  /** As they stand in the file. */
  readonly keys: readonly string[];
}

function override(machine: Machine): z.ZodType<Override, OverrideInput> {
  const common = {
    name: name.optional().describe('How this log is called in tables and commands. Default: its origin.'),
    url: httpUrl.optional().describe('Base URL to read it at.'),
    read_path: readPath.optional().describe('rekor-v2 only: where `checkpoint` and `tile/` lie under the URL.'),
    origin: origin.optional().describe('What its checkpoints say, where that is another origin than this one.'),
    start: start('rekor-v1').optional().describe('Default: logs.start.'),
    ...settingsShape(machine),
  };
  const rekor = strict({
    type: z.enum(['rekor-v1', 'rekor-v2']).optional(),
    ...common,
    public_key: publicKeys(machine).optional().describe('Instead of the keys known: any of them may sign.'),
  });
  const ct = strict({
    type: z.literal('ct'),
    ...common,
    public_key: ctKeys(machine).optional().describe('Instead of the keys known: any of them may sign.'),
  });
  return z.discriminatedUnion('type', [rekor, ct]).transform((log) => ({
    given: {
      ...withoutUndefined({
        name: log.name,
        type: log.type,
        url: log.url,
        readPath: log.read_path,
        origin: log.origin,
        publicKeys: log.public_key,
        start: log.start,
      }),
      ...settingsOf(log),
    },
    keys: Object.keys(log),
  }));
}

type OverrideInput = object;

/** An origin, also that of a single shard. */
const key = z
  .string()
  .meta({ pattern: ORIGIN_KEY })
  .superRefine((origin, context) => {
    try {
      requireKeyName(hostOfShard(origin) ?? origin);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    }
  });

/** The keys that an override of a single shard cannot have, each with what is wrong. */
function faultsOf(origin: string, keys: readonly string[]): readonly (readonly [key: string, message: string])[] {
  const host = hostOfShard(origin);
  const allowed: readonly string[] = OF_SHARD;
  const wrong = host === null ? [] : keys.filter((one) => !allowed.includes(one));
  return wrong.map((one) => [
    one,
    `"${one}" is of the server and not of one shard: expected it under "${host ?? ''}", or one of: ${OF_SHARD.join(', ')}`,
  ]);
}
