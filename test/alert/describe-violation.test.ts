import { describe, expect, it } from 'vitest';
import { signerSentence } from '../../src/alert/describe-signer.ts';
import { violationSentence } from '../../src/alert/describe-violation.ts';

describe('violationSentence()', () => {
  it.each([
    ['source_repository', 'https://github.com/acme/widget', 'acme/widget'],
    [
      'builder',
      'https://github.com/acme/widget/.github/workflows/r.yml@refs/heads/x',
      'acme/widget/.github/workflows/r.yml@refs/heads/x',
    ],
    // The shorthand stands for these nowhere else, so it would be another value.
    ['issuer', 'https://github.com/login/oauth', 'https://github.com/login/oauth'],
    ['subject', 'https://github.com/acme/widget', 'https://github.com/acme/widget'],
    ['token_subject', 'https://github.com/acme/widget', 'https://github.com/acme/widget'],
  ])('writes %s as a configuration may', (claim, found, written) => {
    const violation = { claim, expected: 'something else', found };
    expect(violationSentence(violation, 160)).toBe(`${claim}: expected something else, found ${written}.`);
  });
});

describe('signerSentence()', () => {
  it('names the issuer as it is, also that of who logs in at GitHub', () => {
    const signer = {
      type: 'certificate',
      chain: 'trusted',
      fingerprint: 'ab',
      subject: ['release@acme.example'],
      issuer: 'https://github.com/login/oauth',
    } as const;
    expect(signerSentence(signer)).toBe('Signed by release@acme.example (issuer https://github.com/login/oauth).');
  });

  it('calls nobody a signer whose signature does not verify', () => {
    const common = { fingerprint: 'ab', signature: 'invalid' };
    expect([
      signerSentence({ ...common, type: 'certificate', chain: 'trusted', subject: ['release@acme.example'] }),
      signerSentence({ ...common, type: 'public-key', chain: null }),
    ]).toEqual(['Claims to be signed by release@acme.example.', 'Claims to be signed with the key ab.']);
  });
});
