import { z } from 'zod';
import type { CertificateAuthority } from '../trust/chain.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import type { Config, TrustSource } from './config.ts';
import type { Machine } from './machine.ts';
import { parseCaChain } from './pem.ts';
import { logsSchema } from './schema-logs.ts';
import { networkSchema } from './schema-network.ts';
import { notifySchema } from './schema-notify.ts';
import { duration, fileContent, httpUrl, name, path, strict } from './schema-parts.ts';
import { includeSchema } from './schema-include.ts';
import { templateSchema, watchSchema } from './schema-watch.ts';

const MAX_TRUSTED_ROOT = 1024 * 1024;
const MAX_CHAIN = 256 * 1024;

/** A configuration without what its own name and surroundings add. */
export type ConfigContent = Omit<Config, 'file' | 'database'> & { readonly database: string | null };

/**
 * The shape of the whole file. It turns each value into ours where it stands: files are read and patterns compiled, so that
 * whatever is wrong is found in one pass, at its place.
 */
export function configSchema(machine: Machine): z.ZodType<ConfigContent> {
  return strict({
    version: z.literal(1).describe('The version of this format.'),
    database: path(machine)
      .optional()
      .describe('Default: ./data/sigwatch.db; under systemd $STATE_DIRECTORY/sigwatch.db.'),
    trust: strict({
      source: trustSource(machine).prefault('public-good'),
      certificate_authorities: z.array(authority(machine)).default([]).describe('Private Fulcio-style CAs.'),
    })
      .prefault({})
      .describe('Whose certificates, logs and times are believed.')
      .transform(({ source, certificate_authorities: authorities }) => ({ source, authorities })),
    logs: logsSchema(machine).prefault({}).describe('Which transparency logs are read, and from where on.'),
    include: includeSchema
      .optional()
      .describe('Files with further watches and templates; * stands for any run of characters but "/".'),
    templates: z
      .array(templateSchema(machine))
      .optional()
      .describe('What watches may extend. They watch nothing by themselves.'),
    watches: z.array(watchSchema(machine)).default([]).describe('What is yours, and what must hold of it.'),
    notify: notifySchema(machine).optional().describe('Absent: nothing is sent.'),
    retention: strict({
      checkpoints: duration('1h', '3650d').prefault('400d').describe('How long checkpoints are kept.'),
      deliveries: duration('1h', '3650d').prefault('90d').describe('How long it is kept what was sent.'),
    })
      .prefault({})
      .describe('How long what is no finding and no alert is kept.')
      .transform(({ checkpoints, deliveries }) => ({ checkpointsMs: checkpoints, deliveriesMs: deliveries })),
    network: networkSchema(machine).prefault({}).describe('How everything outside is reached.'),
  }).transform(({ database, trust, logs, watches, notify, retention, network }) => ({
    database: database ?? null,
    trust,
    logs,
    watches,
    notify: notify ?? null,
    retention,
    network,
  }));
}

function trustSource(machine: Machine): z.ZodType<TrustSource> {
  return z
    .union(
      [
        z.enum(['public-good', 'staging', 'none']).transform((kind) => ({ kind })),
        strict({
          tuf: httpUrl.describe('TUF repository.'),
          root: fileContent(machine, 'TUF root', MAX_TRUSTED_ROOT, requireTufRoot).describe(
            'Its root.json, trusted as it is.',
          ),
        }).transform(({ tuf, root }) => ({ kind: 'tuf' as const, url: tuf, root })),
        strict({
          trusted_root: fileContent(machine, 'trusted root', MAX_TRUSTED_ROOT, (content, file) => ({
            kind: 'trusted-root' as const,
            file,
            data: parseTrustedRoot(content),
          })),
        }).transform(({ trusted_root: source }) => source),
      ],
      { error: 'expected public-good, staging, none, { tuf: URL, root: FILE } or { trusted_root: FILE }' },
    )
    .describe('Where keys and authorities come from. none: only what stands here.');
}

function authority(machine: Machine): z.ZodType<CertificateAuthority> {
  return strict({
    name,
    chain: fileContent(machine, 'CA chain', MAX_CHAIN, parseCaChain).describe(
      'PEM file: intermediates, then their root.',
    ),
  }).transform(({ name: authorityName, chain }) => ({ name: authorityName, chain, validFrom: null, validTo: null }));
}

const TUF_ROOT = z.object({ signed: z.object({ _type: z.literal('root') }), signatures: z.array(z.unknown()) });

/** The path of a file that is a root.json by its form; its signatures are checked where it is used. Throws SyntaxError. */
function requireTufRoot(content: string, file: string): string {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw new SyntaxError(`Cannot use "${file}" as a TUF root: it is not JSON`, { cause: error });
  }
  if (!TUF_ROOT.safeParse(json).success) {
    throw new SyntaxError(`Cannot use "${file}" as a TUF root: expected root.json as a TUF repository publishes it`);
  }
  return file;
}
