import type { ParsedEntry, Signer } from '../entry/entry.ts';
import type { Standing } from '../policy/standing.ts';
import type { SignerSummary } from './alert.ts';

/** Claims that show as a list always. */
const LISTS: ReadonlySet<string> = new Set(['subject']);

/**
 * A signer as operators read it: its claims and those of the entry as a whole by name, `subject` as a list, of every other claim one
 * string, or a list where it has several values; then what is known of the signer, and which claims are written wrongly. The claim
 * `key` is the fingerprint; `keys` are all its names, where it has several (subkeys of PGP, the hash of a minisign key).
 */
export function summarizeSigner(
  entry: Pick<ParsedEntry, 'claims'>,
  signer: Signer,
  { chain, signature, signingTime, sct }: Standing,
): SignerSummary {
  const claims = Object.entries({ ...entry.claims, ...signer.claims })
    .filter(([name]) => name !== 'key')
    .map(([name, values]) => [name, LISTS.has(name) || values.length > 1 ? values : (values[0] ?? null)] as const);
  const problem = signer.certificate?.problems ?? {};
  const keys = signer.claims['key'] ?? [];
  return {
    type: signer.type,
    chain,
    fingerprint: signer.fingerprint,
    ...Object.fromEntries(claims),
    ...(keys.length > 1 && { keys }),
    signature,
    signing_time: signingTime,
    ...(sct !== null && { sct }),
    ...(Object.keys(problem).length > 0 && { problem }),
  };
}
