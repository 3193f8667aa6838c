import { describe, expect, it } from 'vitest';
import type { Signer } from '../../src/entry/entry.ts';
import { identityOf, isAllowed, isGenuine } from '../../src/policy/resigning.ts';
import type { Standing } from '../../src/policy/standing.ts';
import { certified, entryOf, RELEASE, watchOf, withKey } from './signers.ts';

const STANDING: Standing = { chain: 'trusted', signature: 'verified', signingTime: 'unknown', sct: 'verified' };
const ARTIFACT = `sha256:${'ab'.repeat(32)}`;

type Rules = Parameters<typeof watchOf>[0][number];

function allowed(signer: Signer, allow: readonly [Rules, ...Rules[]], standing: Partial<Standing> = {}): boolean {
  const rule = { follow: true, allow: watchOf(allow, null).select };
  return isAllowed(rule, ARTIFACT, entryOf(signer), signer, { ...STANDING, ...standing });
}

describe('isAllowed()', () => {
  it('takes any of the items, all of an item', () => {
    const signer = certified(RELEASE);
    expect(allowed(signer, [{ source_owner: 'globex' }, { source_owner: 'acme' }])).toBe(true);
    expect(allowed(signer, [{ source_owner: 'acme', trigger: 'schedule' }])).toBe(false);
    expect(allowed(signer, [{ source_owner: 'acme', environment: { not: 'test' } }])).toBe(true);
    expect(allowed(signer, [{ key_subject: { not: 'nobody' } }])).toBe(false);
  });

  it('takes nobody for one of several names, nor for a claim that is written wrongly', () => {
    const allow = [{ subject: 'https://github.com/downstream/**' }] as const;
    const one = 'https://github.com/downstream/packages';
    expect(allowed(certified({ subject: [one] }), allow)).toBe(true);
    expect(allowed(certified({ subject: [one, 'https://evil.example'] }), allow)).toBe(false);
    const odd = certified({ subject: [one] });
    const { certificate } = odd;
    expect(certificate).not.toBeNull();
    const wrong = {
      ...odd,
      certificate: certificate && { ...certificate, problems: { subject: 'it stands there twice' } },
    };
    expect(allowed(wrong, allow)).toBe(false);
  });

  it('knows a key by its own name, not by one that it lists', () => {
    const [key, subkey] = ['11'.repeat(20), '22'.repeat(20)];
    const signer: Signer = { ...withKey(key), type: 'pgp', claims: { key: [key, subkey] } };
    expect(allowed(signer, [{ key }], { chain: null })).toBe(true);
    expect(allowed(signer, [{ key: subkey }], { chain: null })).toBe(false);
  });

  it('takes the artifact that is followed, whatever else the entry holds', () => {
    const signer = certified(RELEASE);
    const entry = { ...entryOf(signer), artifacts: [ARTIFACT, `sha256:${'cd'.repeat(32)}`] };
    const rule = { follow: true, allow: watchOf([{ artifact: ARTIFACT }], null).select };
    expect(isAllowed(rule, ARTIFACT, entry, signer, STANDING)).toBe(true);
    expect(isAllowed(rule, `sha256:${'cd'.repeat(32)}`, entry, signer, STANDING)).toBe(false);
  });

  it('takes nobody for whom nobody vouches', () => {
    const signer = certified(RELEASE);
    const allow = [{ source_owner: 'acme' }] as const;
    expect(allowed(signer, allow, { signature: 'not-checkable' })).toBe(true);
    expect(allowed(signer, allow, { chain: 'untrusted' })).toBe(false);
    expect(allowed(signer, allow, { chain: 'unknown' })).toBe(false);
    expect(allowed(signer, allow, { signature: 'invalid' })).toBe(false);
    expect(isGenuine({ chain: null, signature: 'verified' })).toBe(true);
    expect(isGenuine({ chain: null, signature: 'invalid' })).toBe(false);
  });
});

describe('identityOf()', () => {
  const at = (subject: string) => identityOf(certified({ issuer: ['https://issuer.example'], subject: [subject] }));

  it('is the same for a workflow at whatever ref, and another for another workflow', () => {
    const workflow = 'https://github.com/acme/widget/.github/workflows/release.yml';
    expect(at(`${workflow}@refs/tags/v1`)).toBe(at(`${workflow}@refs/heads/main`));
    expect(at(`${workflow}@refs/tags/v1`)).not.toBe(
      at('https://github.com/acme/widget/.github/workflows/other.yml@refs/tags/v1'),
    );
    expect(at('bob@refs/tags')).not.toBe(at('bob@refs/heads'));
  });

  it('is that of the key where there is no certificate, whatever it calls itself', () => {
    const key = withKey('11'.repeat(32));
    expect(identityOf({ ...key, claims: { ...key.claims, key_subject: ['a@b.example'] } })).toBe(identityOf(key));
    expect(identityOf(withKey('22'.repeat(32)))).not.toBe(identityOf(key));
  });
});
