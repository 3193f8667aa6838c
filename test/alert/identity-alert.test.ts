import { describe, expect, it } from 'vitest';
import { identityAlert, type JudgedSigner } from '../../src/alert/identity-alert.ts';
import {
  branchDraft,
  branchViolations,
  ENTRY,
  makeJudgement,
  makeKeySigner,
  makeSigner,
  makeWatch,
  releaseClaims,
} from '../support/alert-drafts.ts';

function judged(overrides: Partial<JudgedSigner> = {}): JudgedSigner {
  return {
    watch: makeWatch(),
    judgement: makeJudgement({ violations: branchViolations('refs/heads/evil') }),
    entry: ENTRY,
    signer: makeSigner(releaseClaims('refs/heads/evil')),
    log: 'rekor-local',
    index: 41,
    globalIndex: null,
    ...overrides,
  };
}

describe('identityAlert()', () => {
  it('tells who signed, from where, what was expected and what to do, when the signer is unexpected', () => {
    const draft = branchDraft();
    expect(draft).toEqual({
      class: 'identity',
      kind: 'unexpected',
      severity: 'critical',
      watch: 'widget-release',
      title: 'widget-release: unexpected source_ref refs/heads/evil (and builder) signed by acme/widget release.yml',
      summary: expect.any(String) as string,
      log: 'rekor.sigstore.dev - 1193050959916656506',
      index: 41,
      violations: branchViolations('refs/heads/evil'),
      signer: {
        type: 'certificate',
        chain: 'trusted',
        fingerprint: makeSigner(releaseClaims('refs/heads/evil')).fingerprint,
        ...Object.fromEntries(Object.entries(releaseClaims('refs/heads/evil')).map(([name, [value]]) => [name, value])),
        subject: ['https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/evil'],
        signature: 'verified',
        signing_time: 'unknown',
        sct: 'verified',
      },
      artifacts: ENTRY.artifacts,
      dedupeKey: expect.stringMatching(/^identity\/widget-release\/unexpected\/[0-9a-f]{64}$/) as string,
      links: {
        entry: 'https://search.sigstore.dev/?logIndex=25000041',
        run: 'https://github.com/acme/widget/actions/runs/4711/attempts/1',
        commit: 'https://github.com/acme/widget/commit/0123456789abcdef0123456789abcdef01234567',
      },
      evidence: null,
      notify: null,
    });
    expect(draft.summary.split('\n')).toEqual([
      'Signed by acme/widget release.yml (repository acme/widget, workflow acme/widget/.github/workflows/release.yml@refs/heads/evil, ref refs/heads/evil, trigger push, runner github-hosted, issuer https://token.actions.githubusercontent.com).',
      'builder: expected acme/widget/.github/workflows/release.yml@refs/tags/v*, found acme/widget/.github/workflows/release.yml@refs/heads/evil.',
      'source_ref: expected refs/tags/v*, found refs/heads/evil.',
      expect.stringMatching(/^What to do now: /),
    ]);
  });

  it.each(['expected', 'observed'] as const)('is null when the verdict is %s', (verdict) => {
    expect(identityAlert(judged({ judgement: makeJudgement({ verdict }) }))).toBeNull();
  });

  it.each(['unexpected', 'forged', 'unverifiable'] as const)(
    'is the same when the watch only audits and the verdict is %s',
    (verdict) => {
      const draft = (mode: 'audit' | 'enforce') =>
        identityAlert(judged({ watch: makeWatch({ mode }), judgement: makeJudgement({ verdict }) }));
      expect(draft('audit')).toMatchObject({ kind: verdict });
      expect(draft('audit')).toEqual(draft('enforce'));
    },
  );

  it.each([
    ['unexpected', 'trusted', 'verified', 'medium'],
    ['unverifiable', 'unknown', 'verified', 'medium'],
    ['forged', 'untrusted', 'verified', 'low'],
    ['forged', 'untrusted', 'invalid', 'low'],
    ['forged', 'trusted', 'verified', 'low'],
    ['forged', 'trusted', 'invalid', 'medium'],
  ] as const)('%s with a chain %s and a signature %s is %s', (verdict, chain, signature, severity) => {
    const watch = makeWatch({ severity: 'medium' });
    expect(identityAlert(judged({ watch, judgement: makeJudgement({ verdict, chain, signature }) }))?.severity).toBe(
      severity,
    );
  });

  it.each([
    ['forged', 'untrusted', 'widget-release: forged certificate that claims to be acme/widget release.yml'],
    ['unverifiable', 'unknown', 'widget-release: cannot verify the certificate of acme/widget release.yml'],
    [
      'forged',
      'trusted',
      'widget-release: forged signature: it does not verify under the certificate of acme/widget release.yml',
    ],
  ] as const)('says of a %s signer with a chain %s: %s', (verdict, chain, title) => {
    const judgement = makeJudgement({ verdict, chain, signature: 'invalid' });
    expect(identityAlert(judged({ judgement }))?.title).toBe(title);
  });

  it('never folds a genuine certificate under a false signature into what anybody can make', () => {
    const keyOf = (chain: 'trusted' | 'untrusted') =>
      identityAlert(judged({ judgement: makeJudgement({ verdict: 'forged', chain, signature: 'invalid' }) }))
        ?.dedupeKey;
    expect(keyOf('untrusted')).toBe('identity/widget-release/forged');
    expect(keyOf('trusted')).toBe('identity/widget-release/forged/signature');
  });

  it('is as loud as the watch where a watched key signed under a certificate of no authority', () => {
    const signer = makeSigner(releaseClaims('refs/tags/v1'));
    const keyed = (key: string) =>
      makeWatch({ select: [[{ claim: 'key', patterns: [{ source: key, matches: (value) => value === key }] }]] });
    const draftOf = (key: string, signature: 'verified' | 'not-checkable') =>
      identityAlert(
        judged({
          signer,
          watch: keyed(key),
          judgement: makeJudgement({ verdict: 'forged', chain: 'untrusted', signature }),
        }),
      );
    const loud = draftOf(signer.fingerprint ?? '', 'verified');
    expect(loud).toMatchObject({ severity: 'critical', dedupeKey: 'identity/widget-release/forged/key' });
    expect(loud?.title).toContain('the watched key signed under a certificate that no trusted authority issued');
    expect(loud?.summary).toContain('treat the key as stolen');
    const quiet = { severity: 'low', dedupeKey: 'identity/widget-release/forged' };
    expect(draftOf(signer.fingerprint ?? '', 'not-checkable')).toMatchObject(quiet);
    expect(draftOf('another', 'verified')).toMatchObject(quiet);
  });

  it('says what is wrong with the way a failing claim is written', () => {
    const signer = makeSigner(releaseClaims('refs/tags/v1'));
    const twice = {
      ...signer,
      certificate: signer.certificate && { ...signer.certificate, problems: { runner: 'it occurs twice' } },
    };
    const violations = [{ claim: 'runner', expected: 'github-hosted', found: 'github-hosted' }];
    const draft = identityAlert(judged({ signer: twice, judgement: makeJudgement({ violations }) }));
    expect(draft?.summary).toContain(
      'runner: expected github-hosted, found github-hosted; it is written wrongly: it occurs twice.',
    );
    expect(draft?.signer).toMatchObject({ problem: { runner: 'it occurs twice' } });
  });

  it('speaks of a key, not of a certificate, where a signature does not verify under one', () => {
    const signer = makeKeySigner('old');
    const judgement = makeJudgement({ verdict: 'forged', chain: null, signature: 'invalid', violations: [] });
    const draft = identityAlert(judged({ signer, judgement }));
    expect(draft).toMatchObject({
      severity: 'low',
      title: `widget-release: forged signature: it does not verify under the key ${signer.fingerprint?.slice(0, 16)}`,
    });
    expect(draft?.summary).toContain('does not verify under the key it names');
    expect(draft?.summary).not.toContain('ertificate');
  });

  it('says why what was attested is not known', () => {
    const violations = [
      { claim: 'slsa_builder', expected: 'https://tekton.dev/chains/v2', found: null },
      { claim: 'environment', expected: 'release', found: null },
    ];
    const draft = identityAlert(judged({ judgement: makeJudgement({ violations }) }));
    expect(draft?.summary).toContain(
      'slsa_builder: expected https://tekton.dev/chains/v2, the claim is absent: the log holds no attestation of such an entry.',
    );
    expect(draft?.summary).toContain('environment: expected release, the claim is absent.');
  });

  it('folds what differs only in the commit that was built', () => {
    const keyOf = (sha: string, builder: string) =>
      identityAlert(
        judged({
          judgement: makeJudgement({
            violations: [
              { claim: 'slsa_builder', expected: 'x', found: builder },
              { claim: 'source_sha', expected: 'x', found: sha },
            ],
          }),
        }),
      )?.dedupeKey;
    expect(keyOf('aa', 'evil')).toBe(keyOf('bb', 'evil'));
    expect(keyOf('aa', 'evil')).not.toBe(keyOf('aa', 'other'));
  });

  it('names the builder when it is of another repository', () => {
    const claims = {
      ...releaseClaims('refs/tags/v1'),
      builder: ['https://github.com/slsa-framework/generator/.github/workflows/generic.yml@refs/tags/v2'],
    };
    expect(identityAlert(judged({ signer: makeSigner(claims), judgement: makeJudgement() }))?.title).toBe(
      'widget-release: unexpected signature by acme/widget via slsa-framework/generator generic.yml',
    );
  });

  it('names a key when there is no certificate', () => {
    const signer = makeKeySigner('old');
    const judgement = makeJudgement({
      chain: null,
      violations: [{ claim: 'key', expected: 'aa', found: signer.fingerprint }],
    });
    const draft = identityAlert(judged({ signer, judgement }));
    expect(draft?.title).toBe(`widget-release: unexpected signature by key ${signer.fingerprint?.slice(0, 16)}`);
    expect(draft?.signer).toEqual({
      type: 'public-key',
      chain: null,
      fingerprint: signer.fingerprint,
      signature: 'verified',
      signing_time: 'unknown',
      sct: 'verified',
    });
  });

  it('says that a claim is absent when it is', () => {
    const judgement = makeJudgement({ violations: [{ claim: 'environment', expected: 'release', found: null }] });
    const draft = identityAlert(judged({ judgement }));
    expect(draft?.title).toBe('widget-release: unexpected signature without environment by acme/widget release.yml');
    expect(draft?.summary).toContain('environment: expected release, the claim is absent.');
  });

  it('writes patterns as people read them', () => {
    const expected = ['a', { regexp: 'b+' }, { not: 'c' }];
    const judgement = makeJudgement({ violations: [{ claim: 'trigger', expected, found: 'issue_comment' }] });
    expect(identityAlert(judged({ judgement }))?.summary).toContain(
      'trigger: expected a or regexp "b+" or not c, found issue_comment.',
    );
  });

  it('keeps title and summary short and free of hostile characters when a claim is a megabyte', () => {
    const subject = `\u202E<!channel>\r\n${'x'.repeat(1024 * 1024)}`;
    const judgement = makeJudgement({ violations: [{ claim: 'subject', expected: 'a', found: [subject] }] });
    const draft = identityAlert(judged({ signer: makeSigner({ subject: [subject] }), judgement }));
    expect(draft?.title.length).toBeLessThanOrEqual(400);
    expect(draft?.title).toMatch(/^[ -~…]+$/);
    expect(draft?.summary.length).toBeLessThan(2000);
    expect(draft?.summary).toMatch(/^[ -~…\n]+$/);
    expect(draft?.signer?.['subject']).toEqual([subject]);
  });
});

describe('dedupeKey of identityAlert()', () => {
  const key = (overrides: Partial<JudgedSigner>): string | undefined => identityAlert(judged(overrides))?.dedupeKey;
  const withClaim = (name: string, value: string): Partial<JudgedSigner> => ({
    signer: makeSigner({ ...releaseClaims('refs/heads/evil'), [name]: [value] }),
    judgement: makeJudgement({
      violations: [...branchViolations('refs/heads/evil'), { claim: name, expected: 'x', found: value }],
    }),
  });

  it('is the same for another entry of the same finding', () => {
    expect(key({ index: 99, log: 'another' })).toBe(key({}));
  });

  it.each(['run', 'artifact', 'source_digest', 'builder_digest', 'workflow_digest', 'key'])(
    'does not depend on %s',
    (name) => {
      expect(key(withClaim(name, 'one'))).toBe(key({}));
    },
  );

  it.each(['source_ref', 'trigger', 'issuer', 'subject', 'oid:1.2.3'])('depends on %s', (name) => {
    expect(key(withClaim(name, 'one'))).not.toBe(key({}));
    expect(key(withClaim(name, 'one'))).not.toBe(key(withClaim(name, 'two')));
  });

  it('depends on watch, kind and a raw key', () => {
    const keys = [
      key({}),
      key({ watch: makeWatch({ name: 'other' }) }),
      key({ judgement: makeJudgement({ verdict: 'unverifiable', violations: branchViolations('refs/heads/evil') }) }),
      key({ signer: makeKeySigner('a') }),
      key({ signer: makeKeySigner('b') }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not depend on the order of claims', () => {
    const violations = branchViolations('refs/heads/evil').toReversed();
    expect(key({ judgement: makeJudgement({ violations }) })).toBe(key({}));
  });

  it.each([
    ['forged', 'untrusted'],
    ['unverifiable', 'unknown'],
  ] as const)('is watch and kind only when the signer is %s, who may claim anything', (verdict, chain) => {
    const judgement = makeJudgement({ verdict, chain });
    expect(key({ judgement })).toBe(`identity/widget-release/${verdict}`);
    expect(key({ judgement, ...{ signer: makeSigner(releaseClaims('refs/heads/other')) } })).toBe(key({ judgement }));
  });
});
