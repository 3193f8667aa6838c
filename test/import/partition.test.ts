import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImportDraft } from '../../src/import/draft.ts';
import type { ClaimPatterns } from '../../src/import/identity.ts';
import { anyOf, both, without } from '../../src/import/patterns.ts';
import { planWatches } from '../../src/import/plan-watches.ts';
import { compilePattern, type PatternSource } from '../../src/policy/pattern.ts';
import { judge } from '../../src/policy/judge.ts';
import type { ClaimRule, Watch } from '../../src/policy/watch.ts';
import { certified, contextOf, entryOf, watchOf } from '../policy/signers.ts';

const ISSUERS = [
  'https://token.actions.githubusercontent.com',
  'https://accounts.google.com',
  'https://google.example',
];
const SUBJECTS = ['alice@acme.example', 'bob@acme.example', 'https://gitlab.com/acme/x//ci@refs/heads/main'].concat(
  ['https://github.com/acme/widget/.github/workflows/a.yml@refs/heads/main'],
  ['https://github.com/acme/widget/.github/workflows/a.yml@refs/tags/v1'],
  [
    'https://github.com/acme/gadget/.github/workflows/b.yml@refs/tags/v1',
    'https://github.com/mallory/x/y@refs/tags/v1',
  ],
);
const REPOSITORIES = [
  'https://github.com/acme/widget',
  'https://github.com/acme/gadget',
  'https://github.com/mallory/x',
];
const REFS = ['refs/heads/main', 'refs/tags/v1'];

const issuer = fc.constantFrom<PatternSource>(...ISSUERS, { regexp: '(?s:.*)google(?s:.*)' }, 'https://**');
const subject = fc.constantFrom<PatternSource>(
  ...SUBJECTS,
  '**@acme.example',
  'https://github.com/acme/**',
  'https://github.com/acme/widget/**',
  { regexp: '(?s:.*)acme/widget(?s:.*)' },
  { regexp: 'https://github\\.com/acme/.*@refs/tags/.*' },
);
const identity: fc.Arbitrary<ClaimPatterns> = fc.record(
  { issuer, subject, source_repository: fc.constantFrom(...REPOSITORIES), source_ref: fc.constantFrom(...REFS) },
  { requiredKeys: ['issuer', 'subject'] },
);
const signer = fc.record({
  issuer: fc.constantFrom(...ISSUERS, 'https://issuer.example'),
  subject: fc.constantFrom(...SUBJECTS),
  source_repository: fc.constantFrom(...REPOSITORIES),
  source_ref: fc.constantFrom(...REFS),
});
type Claims = Record<'issuer' | 'subject' | 'source_repository' | 'source_ref', string>;

function watchesFor(identities: readonly ClaimPatterns[]): readonly Watch[] {
  const draft = new ImportDraft();
  identities.forEach((claims, line) => {
    draft.accept(claims, { file: 'f', line }, 'test');
  });
  return planWatches(draft).map(({ name, select, expect: expected }) => {
    const [first, ...others] = select as readonly Record<string, PatternSource>[];
    return watchOf([first ?? {}, ...others], expected, name);
  });
}

function accepts(claims: ClaimPatterns, signed: Claims): boolean {
  return Object.entries(claims).every(([claim, source]) =>
    compilePattern(source, claim).matches(signed[claim as keyof Claims]),
  );
}

/** Fulcio names a repository only for what runs in one, and of a host it names the repositories of that host only. */
function isPossible({ subject: name, source_repository: repository }: Claims): boolean {
  return name.startsWith('https://github.com/') && repository.startsWith('https://github.com/');
}

/** As a certificate would have them. */
function certifiedClaims(signed: Claims): Record<string, string[]> {
  const names = isPossible(signed) ? Object.keys(signed) : ['issuer', 'subject'];
  return Object.fromEntries(names.map((name) => [name, [signed[name as keyof Claims]]]));
}

describe('the watches for several identities', () => {
  it('accept whom one of them accepts, and nobody by the claims of two', () => {
    fc.assert(
      fc.property(
        fc.array(identity, { minLength: 1, maxLength: 4 }),
        fc.array(signer, { minLength: 8, maxLength: 8 }),
        (all, signers) => {
          const watches = watchesFor(all);
          // Where there is too much to be told apart nobody is judged.
          const allowed = watches.some(({ expect: expected }) => expected === null)
            ? ['expected', 'observed']
            : ['expected'];
          for (const signed of signers) {
            const claims = certifiedClaims(signed);
            const known = Object.fromEntries(
              Object.entries(claims).map(([name, [value = '']]) => [name, value]),
            ) as Claims;
            const isAccepted = all.some(
              (one) => Object.keys(one).every((claim) => claim in known) && accepts(one, known),
            );
            const verdicts = judge(entryOf(certified(claims)), watches, contextOf()).map(({ verdict }) => verdict);
            if (isAccepted) {
              expect(allowed).toContain(verdicts[0]);
            } else {
              expect(verdicts).not.toContain('expected');
            }
            expect(verdicts.length).toBeLessThanOrEqual(1);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('are one where nothing needs to be told apart', () => {
    const one = { issuer: ISSUERS[0] ?? '', subject: SUBJECTS[3] ?? '' };
    expect(watchesFor([one, { ...one, subject: SUBJECTS[4] ?? '' }, one])).toHaveLength(1);
    expect(watchesFor([one, { ...one, source_ref: 'refs/heads/main' }])).toHaveLength(1);
  });

  it('only observe where there is too much to be told apart, which is noted', () => {
    const draft = new ImportDraft();
    for (let number = 0; number < 12; number++) {
      const claims = { issuer: { regexp: `(?s:.*)${number}(?s:.*)` }, subject: `${number}@acme.example` };
      draft.accept(claims, { file: 'f', line: number }, 'test');
      draft.accept(
        { issuer: { regexp: `(?s:.*)${number}(?s:.*)` }, subject: '**@acme.example' },
        { file: 'f', line: number },
        'test',
      );
    }
    const [watch, ...others] = planWatches(draft);
    expect(others).toEqual([]);
    expect(watch).toMatchObject({ expect: null, firstSeen: ['issuer', 'subject'] });
    expect(draft.notes.map(({ message }) => message)).toEqual([expect.stringContaining('overlap in too many ways')]);
  });

  it('say no name of a claim twice and none that a loader refuses', () => {
    const rules: readonly ClaimRule[] = watchesFor([{ issuer: '**', subject: 'x\u202Ey' }]).flatMap(({ select }) =>
      select.flat(),
    );
    expect(rules.map(({ claim }) => claim)).toEqual(['subject']);
  });
});

describe('patterns put together', () => {
  const value = fc.constantFrom(...SUBJECTS, ...ISSUERS);

  it('both() is AND, without() is AND NOT, anyOf() is OR', () => {
    fc.assert(
      fc.property(subject, fc.array(subject, { minLength: 1, maxLength: 3 }), value, (a, others, text) => {
        const meets = (source: PatternSource | null): boolean =>
          source !== null && compilePattern(source, 'subject').matches(text);
        const b = anyOf(others);
        expect(meets(b)).toBe(others.some(meets));
        expect(meets(both(a, b, 'subject'))).toBe(meets(a) && meets(b));
        expect(meets(without(a, others))).toBe(meets(a) && !meets(b));
      }),
      { numRuns: 3000 },
    );
  });
});
