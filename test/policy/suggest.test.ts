import { describe, expect, it } from 'vitest';
import type { SeenSigner } from '../../src/policy/seen-signer.ts';
import { suggestExpect, type DraftedClaim, type Suggestion } from '../../src/policy/suggest.ts';
import { releases, seen, seenKey, workflowAt } from './seen-signers.ts';

const COMPUTED = {
  signature: ['verified', 'not-checkable'],
  signing_time: ['within', 'unknown'],
  sct: 'verified',
};
const RELEASES = {
  issuer: 'https://token.actions.githubusercontent.com',
  builder: 'acme/widget/.github/workflows/release.yml@refs/tags/v*',
  source_repository: 'acme/widget',
  source_ref: 'refs/tags/v*',
  workflow: 'acme/widget/.github/workflows/release.yml@refs/tags/v*',
  trigger: 'push',
  runner: 'github-hosted',
  environment: 'release',
  source_repository_id: '123456',
  source_owner: 'acme',
  source_owner_id: '654321',
  ...COMPUTED,
};

function expectOf(claims: readonly DraftedClaim[]): unknown {
  return Object.fromEntries(
    claims.map(({ claim, patterns }) => {
      const sources = patterns.map(({ source }) => source);
      return [claim, sources.length === 1 ? sources[0] : sources];
    }),
  );
}

function leftOut(suggestion: Suggestion): unknown {
  return suggestion.leftOut.map(({ reason, what, count, index }) => [
    reason,
    Object.fromEntries(what.map(({ claim, found }) => [claim, found])),
    count,
    index,
  ]);
}

function claimOf(suggestion: Suggestion, name: string): DraftedClaim | undefined {
  return suggestion.claims.find(({ claim }) => claim === name);
}

describe('suggestExpect()', () => {
  it('drafts what all releases have in common, and any version', () => {
    const suggestion = suggestExpect(releases(43));
    expect(expectOf(suggestion.claims)).toEqual(RELEASES);
    expect(suggestion).toMatchObject({ seen: 43, trusted: 43, drafted: 43, partial: [], leftOut: [], groups: [] });
    expect(claimOf(suggestion, 'source_ref')?.patterns).toEqual([
      { source: 'refs/tags/v*', count: 43, examples: ['refs/tags/v1.43.0', 'refs/tags/v1.42.0', 'refs/tags/v1.41.0'] },
    ]);
  });

  it('names what it leaves out because it changes each time, with the reason', () => {
    const changing = { run: ['https://github.com/acme/widget/actions/runs/1/attempts/1'], token_subject: ['repo:x'] };
    const { omitted } = suggestExpect(releases(3, { ...changing, key: ['ab'.repeat(32)] }));
    expect(omitted.map(({ claim }) => claim)).toEqual(['key', 'run', 'source_digest', 'token_subject', 'subject']);
    expect(omitted.every(({ why }) => why !== '')).toBe(true);
  });

  it('asks for the subject where it is not the builder', () => {
    const { claims } = suggestExpect(releases(3, { subject: ['release@acme.example'] }));
    expect(expectOf(claims)).toEqual({ ...RELEASES, subject: 'release@acme.example' });
  });

  it('takes "**" where some versions hold slashes, and lists what does not go together', () => {
    const deep = seen(workflowAt('release.yml', 'refs/tags/v1.0/arm64'));
    const other = seen(workflowAt('release.yml', 'refs/tags/cli/v1.0'));
    const suggestion = suggestExpect([...releases(3), deep, other]);
    expect(claimOf(suggestion, 'source_ref')?.patterns).toEqual([
      { source: 'refs/tags/v**', count: 4, examples: ['refs/tags/v1.0/arm64', 'refs/tags/v1.3.0', 'refs/tags/v1.2.0'] },
      { source: 'refs/tags/cli/v*', count: 1, examples: ['refs/tags/cli/v1.0'] },
    ]);
  });

  it('leaves out what hardly any signer has, and says where the last of them stands', () => {
    const branch = [7, 3].map((index) => seen(workflowAt('release.yml', 'refs/heads/x'), { index }));
    const suggestion = suggestExpect([...releases(41), ...branch]);
    expect(expectOf(suggestion.claims)).toEqual(RELEASES);
    expect([suggestion.trusted, suggestion.drafted]).toEqual([43, 41]);
    expect(claimOf(suggestion, 'source_ref')?.patterns[0]?.count).toBe(41);
    expect(claimOf(suggestion, 'issuer')?.patterns[0]?.count).toBe(43);
    const address = 'https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/x';
    const values = { builder: address, subject: address, source_ref: 'refs/heads/x', workflow: address };
    expect(leftOut(suggestion)).toEqual([['few', values, 2, 7]]);
  });

  it('leaves out what was usual long ago, also where there was more of it', () => {
    const old = Array.from({ length: 5 }, () => seen({ trigger: ['workflow_dispatch'] }, { index: 9 }));
    expect(leftOut(suggestExpect([...releases(50), ...old]))).toEqual([
      ['few', { trigger: 'workflow_dispatch' }, 5, 9],
    ]);
    expect(leftOut(suggestExpect([...old, ...releases(50)]))).toEqual([]);
  });

  it('leaves out the few that lack what all others have', () => {
    const suggestion = suggestExpect([...releases(40), seen({ environment: [] }, { index: 5 })]);
    expect(leftOut(suggestion)).toEqual([['few', { environment: null }, 1, 5]]);
    expect(expectOf(suggestion.claims)).toEqual(RELEASES);
  });

  it('takes many small kinds for usual', () => {
    const many = Array.from({ length: 20 }, (_, number) =>
      seen({ source_repository: [`https://github.com/acme/w${number}`] }),
    );
    const suggestion = suggestExpect(many);
    expect(suggestion.drafted).toBe(20);
    expect(claimOf(suggestion, 'source_repository')?.patterns).toHaveLength(20);
  });

  it('asks for no claim that only some have, and says how many lack it', () => {
    const suggestion = suggestExpect([...releases(5), ...releases(4, { environment: [] })]);
    expect(expectOf(suggestion.claims)).toEqual(
      Object.fromEntries(Object.entries(RELEASES).filter(([claim]) => claim !== 'environment')),
    );
    expect(suggestion.partial).toMatchObject([{ claim: 'environment', absent: 4, patterns: [{ count: 5 }] }]);
  });

  it('learns nothing from signers that should not be', () => {
    const rogue = { runner: ['self-hosted'] };
    const violations = [
      { claim: 'runner', expected: 'github-hosted', found: 'self-hosted' },
      { claim: 'environment', expected: 'release', found: null },
    ];
    const signers: readonly SeenSigner[] = [
      seen(rogue, { verdict: 'unexpected', violations, index: 91 }),
      seen(rogue, { verdict: 'unexpected', violations, index: 90 }),
      seen(rogue, { verdict: 'unexpected', index: 89 }),
      seen(rogue, { verdict: 'forged', index: 80 }),
      seen(rogue, { verdict: 'unverifiable', index: 70 }),
      seen({}, { verdict: 'unparsable', claims: {}, index: 60 }),
      seen(rogue, { isMiswritten: true, index: 50 }),
      seen({ ...rogue, signing_time: ['outside'] }, { index: 40 }),
      seen({ ...rogue, sct: ['invalid'] }, { index: 30 }),
      seen({ environment: ['a\u202eb'] }, { index: 20 }),
      seen({ ...rogue, source_ref: ['refs/pull/1/merge'] }, { index: 10, verdict: 'observed' }),
      ...releases(4),
    ];
    const suggestion = suggestExpect(signers);
    expect(expectOf(suggestion.claims)).toEqual(RELEASES);
    const builder = 'https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0';
    expect(leftOut(suggestion)).toEqual([
      ['unexpected', { runner: 'self-hosted', environment: null }, 2, 91],
      ['unexpected', { builder }, 1, 89],
      ['forged', { builder }, 1, 80],
      ['unverifiable', { builder }, 1, 70],
      ['unparsable', { key: null }, 1, 60],
      ['miswritten', { builder }, 1, 50],
      ['unusual', { signing_time: 'outside' }, 1, 40],
      ['unusual', { sct: 'invalid' }, 1, 30],
      ['unusual', { environment: 'a\u202eb' }, 1, 20],
      ['pull-request', { source_ref: 'refs/pull/1/merge' }, 1, 10],
    ]);
  });

  it('says where one list for each claim lets one workflow do what only another does', () => {
    const nightly = Array.from({ length: 8 }, () =>
      seen({ ...workflowAt('nightly.yml', 'refs/heads/main'), trigger: ['schedule'], environment: ['nightly'] }),
    );
    const { groups, claims } = suggestExpect([...nightly, ...releases(12)]);
    expect(groups).toEqual([
      {
        claim: 'builder',
        identity: 'acme/widget/.github/workflows/release.yml',
        count: 12,
        differs: [
          { claim: 'source_ref', patterns: ['"refs/tags/v*"'] },
          { claim: 'trigger', patterns: ['"push"'] },
          { claim: 'environment', patterns: ['"release"'] },
        ],
      },
      {
        claim: 'builder',
        identity: 'acme/widget/.github/workflows/nightly.yml',
        count: 8,
        differs: [
          { claim: 'source_ref', patterns: ['"refs/heads/main"'] },
          { claim: 'trigger', patterns: ['"schedule"'] },
          { claim: 'environment', patterns: ['"nightly"'] },
        ],
      },
    ]);
    expect(expectOf(claims)).toMatchObject({
      trigger: ['push', 'schedule'],
      source_ref: ['refs/tags/v*', 'refs/heads/main'],
    });
  });

  it('says nothing of groups that differ in nothing but their workflow', () => {
    const other = releases(5).map((_, number) => seen(workflowAt('sbom.yml', `refs/tags/v${number}`)));
    expect(suggestExpect([...releases(5), ...other]).groups).toEqual([]);
  });

  it('drafts keys, and leaves certificates beside them to another watch', () => {
    const [one, two] = ['ab'.repeat(20), `SHA256:${'A'.repeat(43)}`];
    const signers = [seenKey(one), seenKey(one), seenKey(two), seen({}, { index: 8 })];
    const suggestion = suggestExpect(signers);
    expect(expectOf(suggestion.claims)).toEqual({ key: [one, two], signature: ['verified', 'not-checkable'] });
    expect(leftOut(suggestion)).toEqual([
      [
        'other-kind',
        { builder: 'https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0' },
        1,
        8,
      ],
    ]);
  });

  it('leaves people beside jobs to another watch', () => {
    const claims = { issuer: ['https://accounts.google.com'], subject: ['alice@acme.example'] };
    const suggestion = suggestExpect([...releases(4), seen({}, { claims, index: 6 }), seen({}, { claims, index: 5 })]);
    expect(expectOf(suggestion.claims)).toEqual(RELEASES);
    expect(leftOut(suggestion)).toEqual([['other-kind', { subject: 'alice@acme.example' }, 2, 6]]);
  });

  it('takes the names that claims had before they had names of their own, where there are no others', () => {
    const oid = (arc: number): string => `oid:1.3.6.1.4.1.57264.1.${arc}`;
    const former = {
      [oid(2)]: ['push'],
      [oid(3)]: ['ab'.repeat(20)],
      [oid(4)]: ['Release'],
      [oid(5)]: ['acme/widget'],
      [oid(6)]: ['refs/tags/v1'],
    };
    const claims = (count: number, named: boolean): SeenSigner[] =>
      Array.from({ length: count }, () =>
        seen(
          former,
          named ? {} : { claims: { issuer: ['https://x.example'], subject: ['https://x.example/y'], ...former } },
        ),
      );
    expect(expectOf(suggestExpect(claims(3, true)).claims)).toEqual(RELEASES);
    // However many there are, they come no more, and must not keep what others have out of the draft.
    const mixed = suggestExpect([...claims(1, true), ...claims(5, false)]);
    expect(expectOf(mixed.claims)).toEqual(RELEASES);
    expect(leftOut(mixed)).toEqual([['former', { subject: 'https://x.example/y' }, 5, 1]]);
    expect(expectOf(suggestExpect(claims(3, false)).claims)).toEqual({
      issuer: 'https://x.example',
      subject: 'https://x.example/y',
      [oid(5)]: 'acme/widget',
      [oid(6)]: 'refs/tags/v*',
      [oid(4)]: 'Release',
      [oid(2)]: 'push',
      signature: COMPUTED.signature,
      signing_time: COMPUTED.signing_time,
    });
  });

  it('asks for a further extension only where it never changes', () => {
    const suggestion = suggestExpect([
      seen({ 'oid:1.2.3': ['always'], 'oid:1.2.4': ['a'], 'oid:1.2.5': ['a'], 'oid:1.2.6': ['a', 'b'] }),
      seen({ 'oid:1.2.3': ['always'], 'oid:1.2.4': ['b'], 'oid:1.2.6': ['a', 'b'] }),
    ]);
    expect(expectOf(suggestion.claims)).toEqual({ ...RELEASES, 'oid:1.2.3': 'always' });
    expect(suggestion.omitted.map(({ claim }) => claim)).toEqual(
      expect.arrayContaining(['oid:1.2.4', 'oid:1.2.5', 'oid:1.2.6']),
    );
  });

  it('drafts what attestations say, where all have one', () => {
    const statement = {
      slsa_builder: ['https://github.com/acme/builder/.github/workflows/build.yml@refs/tags/v1.9.0'],
      source_uri: ['git+https://github.com/acme/widget@refs/tags/v1.0.0'],
      predicate_type: ['https://slsa.dev/provenance/v1'],
      subject_name: ['widget-1.0.0.tgz'],
    };
    expect(expectOf(suggestExpect(releases(3, statement)).claims)).toEqual({
      ...RELEASES,
      slsa_builder: 'acme/builder/.github/workflows/build.yml@refs/tags/v*',
      source_uri: 'git+https://github.com/acme/widget@refs/tags/v*',
      predicate_type: 'https://slsa.dev/provenance/v1',
    });
    const some = suggestExpect([...releases(20), ...releases(1, statement)]);
    expect(some.partial.map(({ claim, absent }) => [claim, absent])).toEqual([
      ['predicate_type', 20],
      ['slsa_builder', 20],
      ['source_uri', 20],
    ]);
  });

  it('asks for the promise of a CT log only where there are such promises', () => {
    const old = suggestExpect([...releases(3), ...releases(2, { sct: ['absent'] })]);
    expect(claimOf(old, 'sct')?.patterns.map(({ source, count }) => [source, count])).toEqual([
      ['verified', 3],
      ['absent', 2],
    ]);
    expect(claimOf(suggestExpect(releases(3, { sct: ['absent'] })), 'sct')).toBeUndefined();
  });

  it('drafts no list that nobody reads', () => {
    const many = Array.from({ length: 31 }, (_, number) => seen(workflowAt('ci.yml', `refs/heads/feature-${number}x`)));
    const suggestion = suggestExpect(many);
    expect(claimOf(suggestion, 'source_ref')).toBeUndefined();
    expect(suggestion.omitted.find(({ claim }) => claim === 'source_ref')?.why).toMatch(
      /^31 different values are too many/,
    );
  });

  it('stays small, whatever is written into a log', () => {
    const flood = Array.from({ length: 5000 }, (_, number) =>
      seen(
        { environment: [`e${number}-`] },
        number % 2 === 0 ? { index: number } : { verdict: 'forged', index: number, claims: { key: [`${number}`] } },
      ),
    );
    const suggestion = suggestExpect(flood);
    expect([suggestion.seen, suggestion.trusted]).toEqual([5000, 2000]);
    expect(suggestion.leftOut.length).toBeLessThanOrEqual(200);
    const counted = suggestion.leftOut.reduce((sum, { count }) => sum + count, suggestion.leftOutMore);
    expect(counted + suggestion.drafted).toBe(5000);
    const long = suggestExpect([seen({ environment: ['x'.repeat(100_000)] })]);
    expect(long.leftOut[0]?.what[0]?.found).toHaveLength(300);
  });

  it('drafts nothing from nothing', () => {
    const nothing = { drafted: 0, claims: [], partial: [], omitted: [], groups: [] };
    expect(suggestExpect([])).toMatchObject({ ...nothing, seen: 0, leftOut: [] });
    expect(suggestExpect([seen({}, { verdict: 'forged' })])).toMatchObject({ ...nothing, seen: 1 });
  });
});
