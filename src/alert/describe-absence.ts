import { hasWrongAttestation } from '../entry/attestation.ts';
import type { ParsedEntry } from '../entry/entry.ts';
import { ATTESTATION_CLAIMS } from '../policy/claims.ts';

/** Why a claim of the statement that was signed is not known; null for other claims. */
export function describeAbsence(claim: string, entry: ParsedEntry): string | null {
  if (!ATTESTATION_CLAIMS.has(claim)) {
    return null;
  }
  const { attestation, payload, kind } = entry;
  if (hasWrongAttestation(entry)) {
    return 'the attestation served is not the one that was logged';
  }
  if (attestation !== null) {
    return attestation.statement === null
      ? 'what was signed is no in-toto statement'
      : 'the statement that was signed does not have it';
  }
  // The kinds of which Rekor v1 stores attestations, if it is told to.
  if (kind !== 'intoto' && kind !== 'cose') {
    return 'the log holds no attestation of such an entry';
  }
  return payload?.digest == null
    ? 'the entry records no hash of what was signed, so that no attestation can be held against it'
    : 'the log served no attestation with this entry';
}
