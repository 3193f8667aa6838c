import * as fc from 'fast-check';
import { domainToASCII } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import type { Claims } from '../../src/entry/entry.ts';
import { namesOfClaims, namesOfWatch, type IdentityName } from '../../src/policy/identity-names.ts';
import { findImitation } from '../../src/policy/imitation.ts';
import type { PatternSource } from '../../src/policy/pattern.ts';
import { RELEASE, watchOf } from './signers.ts';

/** Of which none reads like another, nor like two. */
const LETTERS = Array.from('abcdefghjkpqstuxyz');

type Rules = Readonly<Record<string, PatternSource>>;

/** What a workflow of `repository` claims, on GitHub unless it says another host. */
function workflowOf(repository: string, host = 'github.com'): Claims {
  const source = `https://${host}/${repository}`;
  return {
    issuer: [host === 'github.com' ? 'https://token.actions.githubusercontent.com' : `https://${host}`],
    subject: [`${source}/.github/workflows/release.yml@refs/tags/v1`],
    builder: [`${source}/.github/workflows/release.yml@refs/tags/v1`],
    source_repository: [source],
    source_owner: [`https://${host}/${repository.split('/', 1).join('')}`],
  };
}

const mailOf = (address: string, issuer = 'https://accounts.google.com'): Claims => ({
  issuer: [issuer],
  subject: [address],
});

function imitationBy(claims: Claims, select: Rules, expected: Rules | null = null): string | null {
  return findImitation(namesOfClaims(claims), namesOfWatch(watchOf([select], expected)));
}

describe('findImitation()', () => {
  describe('of an owner', () => {
    const watch = { source_repository: 'acme/widget' };

    it.each<[string, Claims, Rules, string]>([
      ['rn for m', workflowOf('acrne/widget'), watch, 'github.com/acrne reads like github.com/acme'],
      ['a hyphen', workflowOf('ac-me/widget'), watch, 'github.com/ac-me reads like github.com/acme'],
      ['a letter more', workflowOf('acmee/widget'), watch, 'github.com/acmee is one letter from github.com/acme'],
      ['two exchanged', workflowOf('amce/other'), watch, 'github.com/amce is one letter from github.com/acme'],
      [
        'l for i',
        workflowOf('wldgets/x'),
        { source_owner: 'widgets' },
        'github.com/wldgets reads like github.com/widgets',
      ],
      [
        'zero for o',
        workflowOf('k0mp/x'),
        { subject: 'https://github.com/komp/**' },
        'github.com/k0mp reads like github.com/komp',
      ],
      [
        'two letters of a long name',
        workflowOf('kubernetis-sig/x'),
        { builder: { regexp: 'https://github\\.com/kubernetes-sigs/.*' } },
        'github.com/kubernetis-sig is two letters from github.com/kubernetes-sigs',
      ],
      [
        'another host',
        workflowOf('acme/widget', 'gitlab.com'),
        watch,
        'gitlab.com/acme has on another host the name of github.com/acme',
      ],
      [
        'a name that only expect writes out',
        workflowOf('acmee/widget'),
        { subject: { regexp: '.*widget.*' }, builder: 'acme/**' },
        'github.com/acmee is one letter from github.com/acme',
      ],
    ])('sees %s', (_, claims, rules, words) => {
      expect(imitationBy(claims, rules)).toBe(words);
    });

    it('sees it in what expect asks for, and in who signed for the watch', () => {
      expect(
        imitationBy(workflowOf('acmee/x'), { key_subject: 'nobody@else.test' }, { builder: 'acme/**' }),
      ).not.toBeNull();
      expect(findImitation(namesOfClaims(workflowOf('acrne/x')), namesOfClaims(RELEASE))).toBe(
        'github.com/acrne reads like github.com/acme',
      );
    });

    it.each<[string, Claims, Rules]>([
      ['the owner itself', workflowOf('acme/widget'), watch],
      ['the owner in other case', workflowOf('ACME/Widget'), watch],
      ['another repository of the owner', workflowOf('acme/fork-of-widget'), watch],
      ['an owner of another name, with the same repository', workflowOf('globex/widget'), watch],
      ['an owner of another name', workflowOf('umbrella/gadget'), watch],
      ['a short name that is near by chance', workflowOf('abd/x'), { source_owner: 'abc' }],
      ['two letters of a name of less than eight', workflowOf('wodgat/x'), { source_owner: 'widget' }],
      ['what is excluded', workflowOf('acrne/x'), { source_owner: { not: 'acme' } }],
      [
        'a name of which the pattern writes only a part',
        workflowOf('acm/x'),
        { subject: 'https://github.com/acme*/**' },
      ],
      [
        'a part of a name in an expression',
        workflowOf('acmf/x'),
        { subject: { regexp: 'https://github\\.com/acme.*' } },
      ],
      ['a person', mailOf('acrne@somewhere.example'), watch],
      ['a stranger on another host', workflowOf('umbrella/x', 'gitlab.com'), watch],
    ])('does not see it in %s', (_, claims, rules) => {
      expect(imitationBy(claims, rules)).toBeNull();
    });

    it('says nothing of a reusable builder that both use', () => {
      const builder = ['https://github.com/slsa-framework/slsa-github-generator/.github/workflows/g.yml@refs/tags/v2'];
      const theirs = { ...workflowOf('umbrella/x'), builder, subject: builder };
      expect(findImitation(namesOfClaims(theirs), namesOfClaims({ ...RELEASE, builder }))).toBeNull();
      const looksLike = {
        ...theirs,
        builder: ['https://github.com/slsa-frarnework/x/.github/workflows/g.yml@refs/tags/v2'],
      };
      expect(findImitation(namesOfClaims(looksLike), namesOfClaims({ ...RELEASE, builder }))).not.toBeNull();
    });
  });

  describe('of an e-mail address', () => {
    const watch = { subject: 'release@acme-tools.example' };

    it.each<[string, string, Rules, string]>([
      [
        'another ending',
        'release@acme-tools.test',
        watch,
        'release@acme-tools.test has under another ending the name of release@acme-tools.example',
      ],
      [
        'whoever it is there',
        'bob@acme-tools.co.uk',
        watch,
        'bob@acme-tools.co.uk has under another ending the name of release@acme-tools.example',
      ],
      [
        'a domain that reads alike',
        'release@acrne-tools.example',
        watch,
        'release@acrne-tools.example reads like release@acme-tools.example',
      ],
      [
        'punycode',
        `release@${domainToASCII('аcme-tools.example')}`,
        watch,
        `release@${domainToASCII('аcme-tools.example')} reads like release@acme-tools.example`,
      ],
      [
        'a letter less',
        'x@acme-tool.example',
        { subject: '*@acme-tools.example' },
        'x@acme-tool.example is one letter from acme-tools.example',
      ],
      [
        'an expression',
        'x@acme-tool.example',
        { subject: { regexp: '.*@acme-tools\\.example' } },
        'x@acme-tool.example is one letter from acme-tools.example',
      ],
      [
        'Cyrillic',
        'release@\u0430cme-tools.example',
        watch,
        'release@\\u{0430}cme-tools.example reads like release@acme-tools.example',
      ],
      [
        'the same provider',
        'jane-doe@gmail.com',
        { subject: 'jane.doe@gmail.com' },
        'jane-doe@gmail.com reads like jane.doe@gmail.com',
      ],
      [
        'the same provider, a letter',
        'janedoee@gmail.com',
        { subject: 'janetdoee@gmail.com' },
        'janedoee@gmail.com is one letter from janetdoee@gmail.com',
      ],
      [
        'a provider that reads alike',
        'jane.doe@gmai1.com',
        { subject: 'jane.doe@gmail.com' },
        'jane.doe@gmai1.com reads like jane.doe@gmail.com',
      ],
      [
        'a project',
        'release@acme-pr0d.iam.gserviceaccount.com',
        { subject: 'release@acme-prod.iam.gserviceaccount.com' },
        'release@acme-pr0d.iam.gserviceaccount.com reads like release@acme-prod.iam.gserviceaccount.com',
      ],
    ])('sees %s', (_, address, rules, words) => {
      expect(imitationBy(mailOf(address), rules)).toBe(words);
      // The keys of PGP and SSH have addresses as well.
      expect(imitationBy({ key_subject: [address] }, rules)).toBe(words);
    });

    it.each<[string, string, Rules]>([
      ['the address itself', 'Release@ACME-tools.example', watch],
      ['anybody of a watched domain', 'bob@acme-tools.example', { subject: '*@acme-tools.example' }],
      ['a colleague', 'alise@acme-tools.example', { subject: 'alice@acme-tools.example' }],
      ['another part of the same domain', 'ci@build.acme-tools.example', watch],
      ['a stranger', 'bob@umbrella.example', watch],
      ['another one with the same provider', 'bob@gmail.com', { subject: 'jane.doe@gmail.com' }],
      ['one with a provider of a similar name', 'bob@ymail.com', { subject: 'jane.doe@gmail.com' }],
      ['the same name at another provider', 'jane.doe@proton.me', { subject: 'jane.doe@gmail.com' }],
    ])('does not see it in %s', (_, address, rules) => {
      expect(imitationBy(mailOf(address), rules)).toBeNull();
    });
  });

  describe('of a host', () => {
    it.each<[string, string, string]>([
      [
        'https://accounts.goog1e.com',
        'https://accounts.google.com',
        'accounts.goog1e.com reads like accounts.google.com',
      ],
      ['https://github.co', 'https://github.com', 'github.co has under another ending the name of github.com'],
      [
        'https://accounts-google.com/x',
        'https://accounts.google.com',
        'accounts-google.com reads like accounts.google.com',
      ],
      ['https://githuub.com', 'https://github.com/**', 'githuub.com is one letter from github.com'],
    ])('sees %s beside %s', (issuer, expected, words) => {
      expect(imitationBy({ issuer: [issuer] }, { issuer: expected })).toBe(words);
    });

    it.each([
      ['https://gitlab.com', 'https://github.com'],
      ['https://oidc.eks.us-east-1.amazonaws.com/id/ABC', 'https://oidc.eks.us-east-2.amazonaws.com/id/ABD'],
      ['https://oauth2.sigstage.dev/auth', 'https://oauth2.sigstore.dev/auth'],
      ['https://accounts.google.com', 'https://accounts.google.com'],
      ['https://token.actions.githubusercontent.com', 'https://github.com/login/oauth'],
    ])('does not see it in %s beside %s', (issuer, expected) => {
      expect(imitationBy({ issuer: [issuer] }, { issuer: expected })).toBeNull();
    });
  });

  const name: fc.Arbitrary<IdentityName> = fc.oneof(
    fc.record({
      kind: fc.constant('owner' as const),
      host: fc.constantFrom('github.com', 'gitlab.com', 'github.co'),
      owner: fc.string({
        unit: fc.constantFrom('a', 'c', 'm', 'e', 'r', 'n', '-', '0', 'о'),
        minLength: 1,
        maxLength: 9,
      }),
    }),
    fc.record({
      kind: fc.constant('mail' as const),
      domain: fc.constantFrom('acme.example', 'acme.test', 'acrne.example', 'gmail.com', 'gmai1.com', 'acme.co.uk'),
      local: fc.option(fc.string({ unit: fc.constantFrom('a', 'b', 'o', '0', '.'), minLength: 1, maxLength: 9 })),
    }),
    fc.record({
      kind: fc.constant('host' as const),
      host: fc.constantFrom('acme.example', 'acme.test', 'acrne.example', 'acmetools.test', 'acme-tools.test', 'xn--a'),
    }),
  );

  it('is the same from both sides, and never of what is equal', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(findImitation([a], [b]) === null).toBe(findImitation([b], [a]) === null);
        expect(findImitation([a], [a])).toBeNull();
        expect(findImitation([a], [b, a])).toBeNull();
      }),
      { numRuns: 3000 },
    );
  });

  it('sees each single change of a long owner', () => {
    const owner = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 4, maxLength: 39 });
    fc.assert(
      fc.property(owner, fc.nat(), fc.constantFrom(...LETTERS), (genuine, at, letter) => {
        const place = at % (genuine.length + 1);
        const added = `${genuine.slice(0, place)}${letter}${genuine.slice(place)}`;
        expect(imitationBy(workflowOf(`${added}/x`), { source_owner: genuine })).not.toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it('looks at the beginning of what is long, and at a few of what is many', () => {
    const long = 'https://github.com/acme/'.padEnd(2_000_000, 'x');
    expect(namesOfClaims({ subject: Array.from({ length: 100_000 }, () => long) })).toHaveLength(128);
    expect(imitationBy({ subject: [long.replace('acme', 'acrne')] }, { subject: 'https://github.com/acme/**' })).toBe(
      'github.com/acrne reads like github.com/acme',
    );
    const hostile = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const found = findImitation(
          namesOfClaims({ subject: [a, `x@${a}`, `https://${a}/${b}`], issuer: [b] }),
          namesOfClaims(RELEASE),
        );
        expect(found === null || found.length < 2000).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('reads each name once, however many it is compared with', () => {
    const found = Array.from({ length: 64 }, (_, place) => `https://github.com/${'zq'.repeat(20)}${place}/widget`);
    const genuine = Array.from({ length: 100 }, (_, place) => `https://github.com/acmecorporation${place}/widget`);
    const normalize = vi.spyOn(String.prototype, 'normalize');
    try {
      expect(
        findImitation(namesOfClaims({ source_repository: found }), namesOfClaims({ source_repository: genuine })),
      ).toBeNull();
      expect(normalize.mock.calls.length).toBeLessThanOrEqual(2 * (64 + 100));
    } finally {
      normalize.mockRestore();
    }
  });
});
