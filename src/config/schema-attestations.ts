import { z } from 'zod';
import type { AttestationPlace } from '../policy/watch.ts';
import { isPlainHttpOffLoopback } from './http-url.ts';
import { quote } from './key-path.ts';
import type { Machine } from './machine.ts';
import { converted, httpUrl, path, secret, strict } from './schema-parts.ts';

/** Where GitHub itself answers (docs.github.com, REST API). */
const GITHUB_API = 'https://api.github.com';

/** `attestations` of a watch. */
export function attestationPlace(machine: Machine): z.ZodType<AttestationPlace> {
  const github = strict({
    github: z.literal(true).describe('Ask the attestation API of GitHub by the digests of an entry.'),
    token: secret(machine).optional().describe('A secret. Absent: as anybody, of whom few requests are answered.'),
    url: converted(httpUrl, requireEncrypted).prefault(GITHUB_API).describe('Base URL of the API.'),
  }).transform(({ token, url }) => ({ kind: 'github' as const, url, token: token ?? null }));
  const directory = strict({
    directory: path(machine).describe('A folder of envelopes, Sigstore bundles or statements.'),
  }).transform(({ directory: folder }) => ({ kind: 'directory' as const, path: folder }));
  return z.union([github, directory], {
    error: 'expected { github: true } with token and url if need be, or { directory: PATH }',
  });
}

/** A token travels to this address, and what comes back decides verdicts. Throws SyntaxError. */
function requireEncrypted(url: string): string {
  if (isPlainHttpOffLoopback(url)) {
    throw new SyntaxError(`Cannot use ${quote(url)} for attestations: it is not encrypted, expected https`);
  }
  return url;
}
