import { describe, expect, it } from 'vitest';
import { CLAIMS, COMPUTED_CLAIMS, isCertificateClaim, isOidClaim, nameOfOid } from '../../src/policy/claims.ts';

describe('isOidClaim()', () => {
  it.each([
    ['oid:1.3.6.1.4.1.57264.1.5', true],
    ['oid:2.999', true],
    ['oid:0.39.0', true],
    ['oid:1.2', true],
    ['oid:1', false],
    ['oid:1.40', false],
    ['oid:3.1', false],
    ['oid:1.2.03', false],
    ['oid:1.2.', false],
    ['oid:1..2', false],
    ['oid: 1.2', false],
    ['OID:1.2', false],
    ['1.2.3', false],
    [`oid:1.2${'.1'.repeat(100)}`, false],
  ])('says of %s: %s', (claim, expected) => {
    expect(isOidClaim(claim)).toBe(expected);
  });
});

describe('nameOfOid()', () => {
  it.each([
    ['oid:1.3.6.1.4.1.57264.1.1', null],
    ['oid:1.3.6.1.4.1.57264.1.8', 'issuer'],
    ['oid:1.3.6.1.4.1.57264.1.9', 'builder'],
    ['oid:1.3.6.1.4.1.57264.1.24', 'token_subject'],
    ['oid:1.3.6.1.4.1.57264.1.5', null],
    ['oid:1.3.6.1.4.1.57264.1.25', null],
    ['oid:1.3.6.1.4.1.57264.2.9', null],
  ])('names %s: %s', (claim, expected) => {
    expect(nameOfOid(claim)).toBe(expected);
  });
});

describe('isCertificateClaim()', () => {
  it.each([
    ['issuer', true],
    ['subject', true],
    ['token_subject', true],
    ['oid:1.2.3', true],
    ['key', false],
    ['key_subject', false],
    ['artifact', false],
    ['sct', false],
    ['slsa_builder', false],
  ])('says of %s: %s', (claim, expected) => {
    expect(isCertificateClaim(claim)).toBe(expected);
  });
});

describe('COMPUTED_CLAIMS', () => {
  it('are claims', () => {
    expect([...COMPUTED_CLAIMS].filter((claim) => !CLAIMS.has(claim))).toEqual([]);
  });
});
