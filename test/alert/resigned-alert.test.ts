import { describe, expect, it } from 'vitest';
import type { JudgedSigner } from '../../src/alert/identity-alert.ts';
import { resignedAlert } from '../../src/alert/resigned-alert.ts';
import type { Judgement, Resigned } from '../../src/policy/watch.ts';
import { ENTRY, makeJudgement, makeKeySigner, makeSigner, makeWatch, releaseClaims } from '../support/alert-drafts.ts';

const ARTIFACT = `sha256:${'ab'.repeat(32)}`;

const RESIGNED: Resigned = {
  artifact: ARTIFACT,
  more: 0,
  ours: { log: 'rekor-local', index: 7, at: Date.parse('2026-11-21T09:30:00Z'), by: 'acme/widget release.yml' },
  imitates: null,
  isCrowd: false,
};

const STRANGER = makeSigner({ issuer: ['https://accounts.google.com'], subject: ['bob@elsewhere.example'] });

function judged(differing: Partial<Judgement> = {}, signer = STRANGER): JudgedSigner {
  return {
    watch: makeWatch({ notify: ['security'] }),
    judgement: makeJudgement({ verdict: 'observed', ...differing }),
    entry: ENTRY,
    signer,
    log: 'rekor.sigstore.dev - 1193050959916656506',
    index: 41,
    globalIndex: 25_000_041,
  };
}

const draftOf = (differing: Partial<Judgement> = {}, resigned: Partial<Resigned> = {}, signer = STRANGER) =>
  resignedAlert(judged(differing, signer), { ...RESIGNED, ...resigned });

describe('resignedAlert()', () => {
  it('tells which artifact, who signed it first, who did now, and what to do', () => {
    const { summary, ...draft } = draftOf();
    expect(draft).toMatchObject({
      class: 'identity',
      kind: 'artifact-resigned',
      severity: 'low',
      watch: 'widget-release',
      title: 'widget-release: bob@elsewhere.example signed sha256:abababababab…, which this watch follows',
      artifacts: [ARTIFACT],
      violations: [],
      signer: { chain: 'trusted', subject: ['bob@elsewhere.example'] },
      links: { entry: 'https://search.sigstore.dev/?logIndex=25000041' },
      notify: ['security'],
    });
    expect(summary.split('\n')).toEqual([
      `${ARTIFACT} is an artifact of this watch: signed by acme/widget release.yml at 2026-11-21T09:30:00.000Z, entry 7 of rekor-local.`,
      'Signed by bob@elsewhere.example (issuer https://accounts.google.com).',
      'It is not selected by this watch, not expected by another one, and none of `allow`.',
      expect.stringMatching(/^What to do now: .*`artifacts\.allow`/) as string,
    ]);
  });

  it('is high for a genuine signer that imitates, whatever the watch says, and low for another', () => {
    const imitates = 'github.com/acrne reads like github.com/acme';
    expect(draftOf({}, { imitates })).toMatchObject({
      severity: 'high',
      title: expect.stringContaining('look-alike bob@elsewhere.example') as string,
      summary: expect.stringContaining(`It imitates a signer of this watch: ${imitates}.`) as string,
    });
    for (const differing of [
      { chain: 'untrusted' },
      { chain: 'unknown', signature: 'invalid' },
      { signature: 'invalid' },
      { chain: null, signature: 'invalid' },
    ] as const) {
      const draft = draftOf(differing, { imitates });
      expect([draft.severity, draft.dedupeKey]).toEqual(['low', 'identity/widget-release/artifact-resigned/forged']);
      expect(draft.summary).toContain('Nobody vouches for this signer: ');
      expect(draft.summary).not.toContain('imitates');
    }
    expect(draftOf({ chain: null, signature: 'not-checkable' }, { imitates }, makeKeySigner('key')).severity).toBe(
      'high',
    );
  });

  it('is high, under a key of its own, for an imitator of whom the trust data cannot say whether it is genuine', () => {
    const imitates = 'github.com/acrne reads like github.com/acme';
    const draft = draftOf({ chain: 'unknown' }, { imitates });
    expect([draft.severity, draft.dedupeKey]).toEqual([
      'high',
      'identity/widget-release/artifact-resigned/unverifiable',
    ]);
    expect(draft.summary).toContain(`It would imitate a signer of this watch: ${imitates}.`);
    expect(draftOf({ chain: 'unknown' }).severity).toBe('low');
  });

  it('folds by identity, and keeps apart what must not swallow one another', () => {
    const workflow = (ref: string) => makeSigner(releaseClaims(ref));
    const keys = [
      draftOf().dedupeKey,
      draftOf({}, { imitates: 'anything' }).dedupeKey,
      draftOf({}, { isCrowd: true }).dedupeKey,
      draftOf({ chain: 'untrusted' }).dedupeKey,
      draftOf({}, {}, workflow('refs/tags/v1')).dedupeKey,
      draftOf({ chain: null }, {}, makeKeySigner('one')).dedupeKey,
      draftOf({ chain: null }, {}, makeKeySigner('two')).dedupeKey,
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.every((key) => key.startsWith('identity/widget-release/artifact-resigned/') && key.length < 120)).toBe(
      true,
    );
    expect(draftOf({}, { artifact: 'sha256:00', more: 3 }).dedupeKey).toBe(keys[0]);
    expect(draftOf({}, {}, workflow('refs/heads/next')).dedupeKey).toBe(keys[4]);
  });

  it('says when so many sign it that the next ones are not told', () => {
    expect(draftOf({}, { isCrowd: true }).summary).toContain('from now on only who imitates you is told of it');
  });

  it('says less where less is known', () => {
    const ours = { ...RESIGNED.ours, by: null, at: 8.64e15 + 1 };
    expect(draftOf({}, { ours, more: 2 }).summary.split('\n')[0]).toBe(
      `${ARTIFACT} is an artifact of this watch (and 2 more of them in the same entry): signed by an expected signer, entry 7 of rekor-local.`,
    );
  });

  it('holds nothing hostile, and no megabyte', () => {
    const hostile = `\u202E\u001B[2J<!channel>\n${'x'.repeat(1_000_000)}@evil.example`;
    const signer = makeSigner({
      issuer: [hostile],
      subject: [hostile],
      source_repository: [hostile],
      builder: [hostile],
    });
    const draft = draftOf({}, { imitates: hostile, ours: { ...RESIGNED.ours, by: hostile, log: hostile } }, signer);
    expect(draft.title.length).toBeLessThanOrEqual(400);
    expect(draft.summary.length).toBeLessThan(4000);
    // eslint-disable-next-line no-control-regex -- those are what must not be there
    expect(`${draft.title}${draft.summary}`).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E]/);
  });
});
