import { describe, expect, it } from 'vitest';
import { identityLinks, NO_LINKS, type LinkSubject } from '../../src/alert/links.ts';
import { releaseClaims } from '../support/alert-drafts.ts';

const SUBJECT: LinkSubject = {
  log: 'rekor.sigstore.dev - 1193050959916656506',
  globalIndex: 25_000_041,
  chain: 'trusted',
  claims: releaseClaims('refs/tags/v1'),
};

describe('identityLinks()', () => {
  it('links entry, run and commit when the chain is trusted', () => {
    expect(identityLinks(SUBJECT)).toEqual({
      entry: 'https://search.sigstore.dev/?logIndex=25000041',
      run: 'https://github.com/acme/widget/actions/runs/4711/attempts/1',
      commit: 'https://github.com/acme/widget/commit/0123456789abcdef0123456789abcdef01234567',
    });
  });

  it.each(['untrusted', 'unknown', null] as const)('links nothing when the chain is %s', (chain) => {
    expect(identityLinks({ ...SUBJECT, chain })).toEqual(NO_LINKS);
  });

  it.each([
    ['another host', 'rekor.sigstore.dev.evil.example - 1', 5],
    ['a private log', 'rekor-local', null],
    ['an entry without a global index', 'rekor.sigstore.dev - 1', null],
  ])('does not link the entry of %s', (_, log, globalIndex) => {
    expect(identityLinks({ ...SUBJECT, log, globalIndex }).entry).toBeNull();
  });

  it.each([
    ['another host', 'https://github.com.evil.example/acme/widget'],
    ['user information', 'https://github.com@evil.example/acme/widget'],
    ['another scheme', 'javascript://github.com/acme/widget'],
    ['a path too deep', 'https://github.com/acme/widget/../../evil'],
    ['dots for a name', 'https://github.com/acme/..'],
    ['a query', 'https://github.com/acme/widget?x=1'],
    ['mark-up', 'https://github.com/acme/widget|click>'],
    ['a line end', 'https://github.com/acme/widget\n'],
  ])('links neither commit nor run when the repository has %s', (_, repository) => {
    const claims = { ...SUBJECT.claims, source_repository: [repository] };
    expect(identityLinks({ ...SUBJECT, claims })).toMatchObject({ commit: null, run: null });
  });

  it.each(['0123', 'HEAD', '0123456789ABCDEF0123456789ABCDEF01234567', `${'a'.repeat(40)}/../..`])(
    'does not link the commit %s',
    (digest) => {
      expect(identityLinks({ ...SUBJECT, claims: { ...SUBJECT.claims, source_digest: [digest] } }).commit).toBeNull();
    },
  );

  it.each([
    'https://github.com/mallory/widget/actions/runs/1/attempts/1',
    'https://github.com/acme/widget/actions/runs/1x/attempts/1',
    'https://github.com/acme/widget/actions/runs/1/attempts/1/../../../settings',
    'https://evil.example/acme/widget/actions/runs/1/attempts/1',
  ])('does not link the run %s', (run) => {
    expect(identityLinks({ ...SUBJECT, claims: { ...SUBJECT.claims, run: [run] } }).run).toBeNull();
  });
});
