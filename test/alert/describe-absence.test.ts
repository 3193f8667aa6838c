import { describe, expect, it } from 'vitest';
import { describeAbsence } from '../../src/alert/describe-absence.ts';
import { UNATTESTED } from '../../src/entry/attestation.ts';
import type { ParsedEntry, PayloadReference } from '../../src/entry/entry.ts';
import { ATTESTATION_CLAIMS } from '../../src/policy/claims.ts';

const HASHED: PayloadReference = { digest: { algorithm: 'sha256', value: Buffer.alloc(32) }, type: null };
const STATEMENT = { payload: Buffer.from('{}'), payloadType: null, statement: { claims: {}, subjects: [] } };

function entry(kind: string, changes: Partial<ParsedEntry> = {}): ParsedEntry {
  const nothing = { apiVersion: '0.0.1', signers: [], artifacts: [], signedDigest: null, payload: null, unread: false };
  return { kind, ...nothing, ...UNATTESTED, ...changes };
}

describe('describeAbsence()', () => {
  it.each<readonly [string, ParsedEntry]>([
    ['the log holds no attestation of such an entry', entry('dsse', { payload: HASHED })],
    ['the log holds no attestation of such an entry', entry('hashedrekord')],
    ['the log served no attestation with this entry', entry('intoto', { payload: HASHED })],
    [
      'the entry records no hash of what was signed, so that no attestation can be held against it',
      entry('intoto', { payload: { digest: null, type: null } }),
    ],
    [
      'the attestation served is not the one that was logged',
      entry('cose', { payload: HASHED, attestationProblem: 'The attestation served hashes to x, expected y' }),
    ],
    [
      'what was signed is no in-toto statement',
      entry('cose', { payload: HASHED, attestation: { ...STATEMENT, statement: null } }),
    ],
    ['the statement that was signed does not have it', entry('intoto', { payload: HASHED, attestation: STATEMENT })],
    [
      'the statement that was signed does not have it',
      entry('intoto', { payload: HASHED, attestation: STATEMENT, attestationProblem: 'so many digests' }),
    ],
  ])('says: %s', (reason, about) => {
    for (const claim of ATTESTATION_CLAIMS) {
      expect(describeAbsence(claim, about)).toBe(reason);
    }
  });

  it('knows nothing of claims that stand in certificates', () => {
    expect(['builder', 'issuer', 'key', 'oid:1.2.3'].map((claim) => describeAbsence(claim, entry('dsse')))).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});
