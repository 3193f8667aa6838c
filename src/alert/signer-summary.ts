import type { Signer } from '../entry/entry.ts';
import type { ChainVerdict } from '../policy/watch.ts';
import type { SignerSummary } from './alert.ts';

/** A signer as operators read it: its claims by name, `subject` as a list and every other claim as one string. The claim `key` is the fingerprint. */
export function summarizeSigner(signer: Signer, chain: ChainVerdict | null): SignerSummary {
  const claims = Object.entries(signer.claims)
    .filter(([name]) => name !== 'key')
    .map(([name, values]) => [name, name === 'subject' ? values : (values[0] ?? null)] as const);
  return { type: signer.type, chain, fingerprint: signer.fingerprint, ...Object.fromEntries(claims) };
}
