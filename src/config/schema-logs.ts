import { z } from 'zod';
import type { Start } from '../log/log.ts';
import { parseWitnessPolicy } from '../tlog/witness-policy.ts';
import type { CustomLog, LogsConfig, WitnessesConfig } from './config.ts';
import type { Machine } from './machine.ts';
import {
  ctKeys,
  origin,
  originV1,
  publicKeys,
  readPath,
  requireKeyName,
  settingsOf,
  settingsShape,
  staleAfter,
} from './schema-log-parts.ts';
import { overridesSchema } from './schema-overrides.ts';
import { converted, duration, fileContent, httpUrl, name, strict } from './schema-parts.ts';
import { start } from './schema-start.ts';

const MAX_POLICY = 1024 * 1024;

/** The section `logs`. */
export function logsSchema(machine: Machine): z.ZodType<LogsConfig> {
  return strict({
    discover: z.boolean().default(true).describe('Follow every Rekor log that the trust source knows.'),
    ct: z.boolean().default(false).describe('Follow the certificate transparency logs that it knows as well.'),
    poll_interval: duration('10ms', '24h').prefault('10s').describe('How often each log is asked for its checkpoint.'),
    start: start('rekor-v1').prefault('head').describe('Where to begin with a source never seen before.'),
    stale_after: staleAfter
      .optional()
      .describe('No sign of life for so long: the log is told as stalled. none: never. Default: 1h; CT logs 24h.'),
    custom: z.array(customLog(machine)).default([]).describe('Logs that the trust source does not know.'),
    override: overridesSchema(machine).prefault({}).describe('What stands instead for one log, by its origin.'),
    witnesses: witnesses(machine).optional().describe('Absent: nobody looks at cosignatures.'),
  }).transform((logs) => ({
    discover: logs.discover,
    ct: logs.ct,
    pollIntervalMs: logs.poll_interval,
    start: logs.start,
    staleAfterMs: logs.stale_after,
    custom: logs.custom.map((log) => ({ ...log, start: log.start ?? logs.start })),
    override: logs.override,
    witnesses: logs.witnesses ?? null,
  }));
}

type CustomLogInput = Omit<CustomLog, 'start'> & { readonly start: Start | undefined };

function customLog(machine: Machine): z.ZodType<CustomLogInput> {
  const common = {
    name: name.describe('How this log is called in tables and commands.'),
    url: httpUrl.describe('Base URL.'),
    public_key: publicKeys(machine).describe('PEM file of the key, or a list: any of them may sign.'),
    ...settingsShape(machine),
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
    origin: origin.describe('The first line of the checkpoint.'),
    start: start('rekor-v2').optional().describe('Default: logs.start.'),
  });
  const ct = strict({
    type: z.literal('ct'),
    ...common,
    public_key: ctKeys(machine).describe('PEM file of the key, or a list: any of them may sign.'),
    origin: origin.optional().describe('Default: the URL without its scheme.'),
    start: start('ct').optional().describe('Default: logs.start.'),
  });
  return converted(z.discriminatedUnion('type', [v1, v2, ct]), (log) => ({
    name: log.name,
    type: log.type,
    url: log.url,
    readPath: log.type === 'rekor-v2' ? log.read_path : '',
    origin: log.origin ?? requireKeyName(ctOrigin(log.url)),
    publicKeys: log.public_key,
    start: log.start,
    ...settingsOf(log),
  }));
}

/** How a certificate transparency log is called: its URL without scheme and last slash. */
function ctOrigin(url: string): string {
  return url.replace(/^https?:\/\//i, '');
}

function witnesses(machine: Machine): z.ZodType<WitnessesConfig> {
  return strict({
    policy: fileContent(machine, 'witness policy', MAX_POLICY, parseWitnessPolicy).describe(
      'File in the form of c2sp.org/tlog-policy: which cosignatures must be there.',
    ),
    on_missing: z.enum(['ignore', 'warn', 'alert']).default('warn').describe('What is done when they are not.'),
  }).transform(({ policy, on_missing: onMissing }) => ({ policy, onMissing }));
}
