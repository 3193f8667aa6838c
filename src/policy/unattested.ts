import type { ParsedEntry } from '../entry/entry.ts';
import { ATTESTATION_CLAIMS } from './claims.ts';
import type { AttestationPlace, Judgement, Watch } from './watch.ts';

/**
 * Where what is missing may lie: nothing but claims of an attestation keeps this signer from being expected, the log holds none,
 * and the watch says where to look. Null where something else fails as well, or nobody says; a CT log holds nothing that was
 * attested.
 */
export function placeOfMissing(
  entry: Pick<ParsedEntry, 'attestation' | 'issuance'>,
  { verdict, violations }: Pick<Judgement, 'verdict' | 'violations'>,
  { attestations }: Pick<Watch, 'attestations'>,
): AttestationPlace | null {
  if (verdict !== 'unexpected' || entry.attestation !== null || entry.issuance !== undefined) {
    return null;
  }
  const isOnlyMissing =
    violations.length > 0 && violations.every(({ claim, found }) => ATTESTATION_CLAIMS.has(claim) && found === null);
  return isOnlyMissing ? attestations : null;
}
