import { describe, expect, it, vi } from 'vitest';
import type { Claims, Signer } from '../../src/entry/entry.ts';
import { judge } from '../../src/policy/judge.ts';
import type { JudgeContext } from '../../src/policy/standing.ts';
import type { Verdict, Violation, Watch } from '../../src/policy/watch.ts';
import { certified, contextOf, entryOf, NOW, RELEASE, watchOf, withKey } from './signers.ts';

const EXPECT = {
  issuer: 'https://token.actions.githubusercontent.com',
  builder: [
    'acme/widget/.github/workflows/release.yml@refs/tags/v*',
    'acme/widget/.github/workflows/release.yml@refs/heads/release-*',
  ],
  source_ref: ['refs/tags/v*', 'refs/heads/release-*'],
  trigger: ['push', 'release', 'workflow_dispatch'],
  runner: 'github-hosted',
  source_repository_id: '123456',
  source_owner_id: '654321',
} as const;

const WATCH = watchOf([{ source_repository: 'acme/widget' }, { subject: 'https://github.com/acme/widget/**' }], EXPECT);

const MARK = '.github/workflows/release.yml';

/** The release as it is when the workflow file at another ref runs. */
function at(ref: string): Claims {
  const uri = `https://github.com/acme/widget/${MARK}@${ref}`;
  return { ...RELEASE, subject: [uri], builder: [uri], workflow: [uri], source_ref: [ref] };
}

function without(claims: Claims, claim: string): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => name !== claim));
}

function verdictOf(
  signer: Signer,
  watch: Watch,
  context: JudgeContext = contextOf(),
): [Verdict, readonly Violation[]][] {
  return judge(entryOf(signer), [watch], context).map(({ verdict, violations }) => [verdict, violations]);
}

describe('judge() on the attacks', () => {
  const branch = 'refs/heads/snapshot-1f3a';
  const foreign = 'https://github.com/stranger/tools/.github/workflows/build.yml@refs/heads/main';
  const key = watchOf([{ key: ['aa'.repeat(32), 'bb'.repeat(32)] }], { key: 'aa'.repeat(32) });
  const environment = watchOf([{ source_repository: 'acme/widget' }], {
    source_ref: 'refs/tags/v*',
    environment: 'release',
  });

  it.each<[name: string, signer: Signer, watch: Watch, verdict: Verdict, violations: readonly Violation[]]>([
    ['the release itself', certified(RELEASE), WATCH, 'expected', []],
    [
      '1: a branch with its own copy of the workflow',
      certified(at(branch)),
      WATCH,
      'unexpected',
      [
        { claim: 'builder', expected: EXPECT.builder, found: `https://github.com/acme/widget/${MARK}@${branch}` },
        { claim: 'source_ref', expected: EXPECT.source_ref, found: branch },
      ],
    ],
    ['1: not a backport branch that is listed', certified(at('refs/heads/release-1.x')), WATCH, 'expected', []],
    [
      '4: a new workflow in the repository',
      certified({ ...RELEASE, builder: ['https://github.com/acme/widget/.github/workflows/new.yml@refs/tags/v1.0.0'] }),
      WATCH,
      'unexpected',
      [
        {
          claim: 'builder',
          expected: EXPECT.builder,
          found: 'https://github.com/acme/widget/.github/workflows/new.yml@refs/tags/v1.0.0',
        },
      ],
    ],
    [
      '5: pull_request_target',
      certified({ ...RELEASE, trigger: ['pull_request_target'] }),
      WATCH,
      'unexpected',
      [{ claim: 'trigger', expected: EXPECT.trigger, found: 'pull_request_target' }],
    ],
    [
      '5: not workflow_dispatch where it is listed',
      certified({ ...RELEASE, trigger: ['workflow_dispatch'] }),
      WATCH,
      'expected',
      [],
    ],
    [
      '6: a self-hosted runner',
      certified({ ...RELEASE, runner: ['self-hosted'] }),
      WATCH,
      'unexpected',
      [{ claim: 'runner', expected: 'github-hosted', found: 'self-hosted' }],
    ],
    [
      '7: the repository was registered anew',
      certified({ ...RELEASE, source_repository_id: ['999'], source_owner_id: ['888'] }),
      WATCH,
      'unexpected',
      [
        { claim: 'source_repository_id', expected: '123456', found: '999' },
        { claim: 'source_owner_id', expected: '654321', found: '888' },
      ],
    ],
    [
      '8: an unknown reusable builder signs for us',
      certified({ ...RELEASE, subject: [foreign], builder: [foreign] }),
      WATCH,
      'unexpected',
      [{ claim: 'builder', expected: EXPECT.builder, found: foreign }],
    ],
    [
      '9: a release tag by an attacker, outside the environment',
      certified(without(RELEASE, 'environment')),
      environment,
      'unexpected',
      [{ claim: 'environment', expected: 'release', found: null }],
    ],
    ['9: not an ordinary release', certified(RELEASE), environment, 'expected', []],
    [
      '9: nor that tag where no environment is asked for',
      certified(without(RELEASE, 'environment')),
      WATCH,
      'expected',
      [],
    ],
    [
      '10: a retired key',
      withKey('bb'.repeat(32)),
      key,
      'unexpected',
      [{ claim: 'key', expected: 'aa'.repeat(32), found: 'bb'.repeat(32) }],
    ],
    ['10: not the current key', withKey('aa'.repeat(32)), key, 'expected', []],
  ])('%s', (_name, signer, watch, verdict, violations) => {
    expect(verdictOf(signer, watch)).toEqual([[verdict, violations]]);
  });

  it('8: leaves our reusable builder alone when strangers use it and nobody asked for it', () => {
    const stranger = certified({ ...RELEASE, source_repository: ['https://github.com/stranger/app'] });
    expect(judge(entryOf(stranger), [watchOf([{ source_repository: 'acme/widget' }], EXPECT)], contextOf())).toEqual(
      [],
    );
  });

  it('11: calls a self-signed certificate with our claims forged, never unexpected', () => {
    const context = contextOf({ chainOf: () => 'untrusted' });
    expect([certified(RELEASE), certified(at(branch))].flatMap((signer) => verdictOf(signer, WATCH, context))).toEqual([
      ['forged', []],
      ['forged', []],
    ]);
  });

  it('11: calls a certificate of a CA newer than the trust data unverifiable', () => {
    expect(verdictOf(certified(RELEASE), WATCH, contextOf({ chainOf: () => 'unknown' }))).toEqual([
      ['unverifiable', []],
    ]);
  });
});

describe('judge() on verdicts', () => {
  const select = [{ subject: '**' }] as const;

  it.each<[expectation: Parameters<typeof watchOf>[1], context: Partial<JudgeContext>, verdict: Verdict]>([
    ['none', {}, 'unexpected'],
    ['none', { chainOf: () => 'untrusted' }, 'forged'],
    ['none', { chainOf: () => 'unknown' }, 'unverifiable'],
    ['none', { signatureOf: () => 'invalid' }, 'forged'],
    [null, {}, 'observed'],
    [null, { chainOf: () => 'untrusted' }, 'forged'],
    [null, { chainOf: () => 'unknown' }, 'unverifiable'],
    [null, { signatureOf: () => 'invalid' }, 'forged'],
    [null, { signatureOf: () => 'not-checkable' }, 'observed'],
    [{ runner: 'github-hosted' }, { signatureOf: () => 'invalid' }, 'forged'],
    [{ runner: 'github-hosted' }, { signatureOf: () => 'not-checkable' }, 'expected'],
    [{ runner: 'github-hosted' }, { chainOf: () => 'untrusted', signatureOf: () => 'invalid' }, 'forged'],
    [{ runner: 'github-hosted' }, { chainOf: () => 'unknown', signatureOf: () => 'invalid' }, 'unverifiable'],
  ])('with expect %j and %o says %s', (expectation, context, verdict) => {
    expect(verdictOf(certified(RELEASE), watchOf([...select], expectation), contextOf(context))).toEqual([
      [verdict, []],
    ]);
  });

  it.each<[minutes: number, chain: 'trusted' | 'untrusted' | 'unknown', verdict: Verdict]>([
    [5, 'trusted', 'expected'],
    [5.01, 'trusted', 'forged'],
    [5.01, 'unknown', 'forged'],
    [-1e6, 'trusted', 'expected'],
  ])('judges a certificate that begins in %d minutes, chain %s', (minutes, chain, verdict) => {
    const signer = certified(RELEASE, new Date(NOW.getTime() + minutes * 60_000));
    expect(verdictOf(signer, WATCH, contextOf({ chainOf: () => chain }))).toEqual([[verdict, []]]);
  });

  it('gives chain null for a raw key, which is never forged for lack of one', () => {
    const watch = watchOf([{ key: 'aa'.repeat(32) }], { signature: 'verified' });
    expect(judge(entryOf(withKey('aa'.repeat(32))), [watch], contextOf({ chainOf: () => 'untrusted' }))).toEqual([
      {
        ...{ watch: 'widget', signer: 0, verdict: 'expected', violations: [] },
        ...{ chain: null, signature: 'verified', signingTime: 'unknown', sct: null },
      },
    ]);
  });

  it('judges each signer of an entry alone, for each watch that selects it', () => {
    const watches = [WATCH, watchOf([{ runner: 'self-hosted' }], 'none', 'no-own-runner')];
    const signers = [certified(RELEASE), withKey('aa'.repeat(32)), certified({ ...RELEASE, runner: ['self-hosted'] })];
    expect(
      judge(entryOf(...signers), watches, contextOf()).map((each) => [each.signer, each.watch, each.verdict]),
    ).toEqual([
      [0, 'widget', 'expected'],
      [2, 'widget', 'unexpected'],
      [2, 'no-own-runner', 'unexpected'],
    ]);
  });

  it('says nothing of an entry without signers', () => {
    expect(judge(entryOf(), [watchOf([{ kind: 'hashedrekord' }], 'none')], contextOf())).toEqual([]);
  });

  it('asks for chain and signature once for each selected signer, and never for the others', () => {
    const chainOf = vi.fn<JudgeContext['chainOf']>(() => 'trusted');
    const signatureOf = vi.fn<JudgeContext['signatureOf']>(() => 'verified');
    const other = certified({ ...RELEASE, source_repository: ['https://github.com/a/b'], subject: ['x@y'] });
    judge(
      entryOf(other, certified(RELEASE)),
      [WATCH, { ...WATCH, name: 'again' }],
      contextOf({ chainOf, signatureOf }),
    );
    expect([chainOf.mock.calls.length, signatureOf.mock.calls.length]).toEqual([1, 1]);
  });
});

describe('judge() on claims', () => {
  const ours = 'https://github.com/acme/widget/x';

  it('selects by any SAN and expects every SAN', () => {
    const watch = watchOf([{ subject: 'https://github.com/acme/**' }], { subject: 'https://github.com/acme/**' });
    const found = (subject: readonly string[]): unknown => verdictOf(certified({ subject }), watch);
    const expected = 'https://github.com/acme/**';
    expect([found([ours]), found([ours, 'a@b']), found(['a@b', ours, 'c@d']), found(['a@b'])]).toEqual([
      [['expected', []]],
      [['unexpected', [{ claim: 'subject', expected, found: 'a@b' }]]],
      [['unexpected', [{ claim: 'subject', expected, found: ['a@b', 'c@d'] }]]],
      [],
    ]);
  });

  it('selects by any artifact and expects every artifact', () => {
    const [a, b] = [`sha256:${'aa'.repeat(32)}`, `sha256:${'bb'.repeat(32)}`];
    const watch = watchOf([{ artifact: a }], { artifact: a });
    const found = (artifacts: readonly string[]): unknown =>
      judge({ ...entryOf(withKey('aa')), artifacts }, [watch], contextOf()).map(({ violations }) => violations);
    expect([found([a]), found([a, b]), found([b]), found([])]).toEqual([
      [[]],
      [[{ claim: 'artifact', expected: a, found: b }]],
      [],
      [],
    ]);
  });

  it('lets an absent claim meet no pattern, not even a not', () => {
    const absent = certified({ subject: [ours] });
    const not = { not: 'pull_request_target' } as const;
    expect(verdictOf(absent, watchOf([{ trigger: not }], 'none'))).toEqual([]);
    expect(verdictOf(absent, watchOf([{ subject: '**' }], { trigger: not }))).toEqual([
      ['unexpected', [{ claim: 'trigger', expected: not, found: null }]],
    ]);
  });

  it('needs every rule of one selector, and one selector of many', () => {
    const watch = watchOf(
      [{ runner: 'github-hosted', trigger: 'push' }, { issuer: 'https://accounts.google.com' }],
      null,
    );
    const selected = [
      { runner: ['github-hosted'], trigger: ['push'] },
      { runner: ['github-hosted'], trigger: ['release'] },
      { issuer: ['https://accounts.google.com'] },
      {},
    ].map((claims) => verdictOf(certified(claims), watch).length);
    expect(selected).toEqual([1, 0, 1, 0]);
  });

  it('reads kind from the entry, signature from the check, key from the fingerprint, and any other extension', () => {
    const watch = watchOf([{ kind: 'hashedrekord', 'oid:1.2.3': 'x*' }], {
      kind: ['dsse'],
      signature: 'verified',
      key: 'aa',
      'oid:1.2.4': 'y',
    });
    const context = contextOf({ signatureOf: () => 'not-checkable' });
    expect(verdictOf(certified({ 'oid:1.2.3': ['xy'] }), watch, context)).toEqual([
      [
        'unexpected',
        [
          { claim: 'kind', expected: ['dsse'], found: 'hashedrekord' },
          { claim: 'signature', expected: 'verified', found: 'not-checkable' },
          { claim: 'key', expected: 'aa', found: 'cc'.repeat(32) },
          { claim: 'oid:1.2.4', expected: 'y', found: null },
        ],
      ],
    ]);
  });
});

describe('judge() on what a CT log holds', () => {
  const issuance = (kind: 'certificate' | 'precertificate', ...signers: readonly Signer[]) => ({
    ...entryOf(...signers),
    kind,
    artifacts: [],
    issuance: 'ab'.repeat(32),
  });
  const OF_SIGNATURES = {
    signature: 'verified',
    kind: ['hashedrekord', 'dsse'],
    artifact: 'sha256:*',
    signing_time: 'within',
    sct: 'verified',
    slsa_builder: 'https://tekton.dev/chains/v2',
  } as const;
  const unchecked = contextOf({ signatureOf: () => 'not-checkable' });

  it('does not count claims of signatures against it', () => {
    const watch = watchOf([{ source_repository: 'acme/widget' }], { runner: 'github-hosted', ...OF_SIGNATURES });
    expect(judge(issuance('precertificate', certified(RELEASE)), [watch], unchecked)).toMatchObject([
      { verdict: 'expected', violations: [], signature: 'not-checkable' },
    ]);
    expect(judge(entryOf(certified(RELEASE)), [watch], unchecked)).toMatchObject([{ verdict: 'unexpected' }]);
  });

  it('counts every other claim', () => {
    const watch = watchOf([{ source_repository: 'acme/widget' }], { runner: 'self-hosted', ...OF_SIGNATURES });
    expect(judge(issuance('certificate', certified(RELEASE)), [watch], unchecked)).toMatchObject([
      { verdict: 'unexpected', violations: [{ claim: 'runner' }] },
    ]);
    const nobody = watchOf([{ source_repository: 'acme/widget' }], 'none');
    expect(judge(issuance('certificate', certified(RELEASE)), [nobody], unchecked)).toMatchObject([
      { verdict: 'unexpected', violations: [] },
    ]);
  });

  it('is selected by its kind, and by no artifact', () => {
    const watches = [watchOf([{ kind: 'certificate' }], null, 'kind'), watchOf([{ artifact: '**' }], null, 'artifact')];
    expect(judge(issuance('certificate', certified(RELEASE)), watches, unchecked).map(({ watch }) => watch)).toEqual([
      'kind',
    ]);
  });
});
