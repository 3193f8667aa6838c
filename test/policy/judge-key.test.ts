import { describe, expect, it } from 'vitest';
import type { Signer } from '../../src/entry/entry.ts';
import { judge } from '../../src/policy/judge.ts';
import { contextOf, entryOf, watchOf, withKey } from './signers.ts';

const PRIMARY = 'aa'.repeat(20);
const SUBKEY = 'bb'.repeat(20);
const pgp: Signer = {
  ...withKey(PRIMARY),
  type: 'pgp',
  claims: { key: [PRIMARY, SUBKEY], key_subject: ['a@example.com', 'b@example.com'] },
  spki: null,
};
const context = contextOf({ signatureOf: () => 'not-checkable' });

describe('judge() by the claim `key`', () => {
  it.each([PRIMARY, SUBKEY])('selects a PGP key by its fingerprint and by that of a subkey: %s', (fingerprint) => {
    expect(judge(entryOf(pgp), [watchOf([{ key: fingerprint }], null)], context)).toMatchObject([
      { verdict: 'observed' },
    ]);
  });

  it('does not select it by another', () => {
    expect(judge(entryOf(pgp), [watchOf([{ key: 'cc'.repeat(20) }], null)], context)).toEqual([]);
  });

  it('expects the primary key, however many subkeys it has', () => {
    expect(judge(entryOf(pgp), [watchOf([{ key: SUBKEY }], { key: PRIMARY })], context)).toMatchObject([
      { verdict: 'expected', violations: [] },
    ]);
  });

  it('is not content with a subkey: whoever makes a key can add the subkey of another', () => {
    expect(judge(entryOf(pgp), [watchOf([{ key: SUBKEY }], { key: SUBKEY })], context)).toMatchObject([
      { verdict: 'unexpected', violations: [{ claim: 'key', expected: SUBKEY, found: PRIMARY }] },
    ]);
  });

  it.each([
    ['id', '0123456789abcdef', 'expected'],
    ['hash', 'dd'.repeat(32), 'expected'],
    ['another hash', 'ee'.repeat(32), 'unexpected'],
  ])('takes either name of a minisign key: its %s', (_, key, verdict) => {
    const id = '0123456789abcdef';
    const minisign: Signer = { ...withKey(id), type: 'minisign', claims: { key: [id, 'dd'.repeat(32)] } };
    expect(judge(entryOf(minisign), [watchOf([{ key: id }], { key })], context)).toMatchObject([{ verdict }]);
  });

  it('expects every address to be right, and selects by any', () => {
    const verdicts = [
      { key_subject: 'a@example.com' },
      { key_subject: ['a@example.com', 'b@example.com'] as const },
    ].map((expected) => judge(entryOf(pgp), [watchOf([{ key_subject: 'b@*' }], expected)], context)[0]?.verdict);
    expect(verdicts).toEqual(['unexpected', 'expected']);
  });
});
