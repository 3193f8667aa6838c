import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Claims } from '../../src/entry/entry.ts';
import { judge } from '../../src/policy/judge.ts';
import type { PatternSource } from '../../src/policy/pattern.ts';
import { selectingWatches } from '../../src/policy/selecting.ts';
import type { Watch } from '../../src/policy/watch.ts';
import { anyPattern, anyValue, PATTERN_CLAIMS } from './arbitrary-policy.ts';
import { certified, contextOf, entryOf, RELEASE, watchOf } from './signers.ts';

/** Names of the watches that a certificate of these claims meets. */
function selecting(watches: readonly Watch[], claims: Claims): readonly string[] {
  return selectingWatches(watches, (claim) => claims[claim] ?? []).map(({ name }) => name);
}

/** A watch of which nothing here selects, with a `select` as people write them. */
const others = (count: number): readonly Watch[] =>
  Array.from({ length: count }, (_, at) =>
    watchOf(
      [
        { source_repository: `acme${at}/widget` },
        { issuer: 'https://token.actions.githubusercontent.com', subject: `https://github.com/acme${at}/**` },
        { subject: { regexp: String.raw`https://github\.com/acme${at}/(widget|gadget)/.*` }, trigger: { not: 'push' } },
        { kind: 'hashedrekord', subject: [`release@acme${at}.example`, `*@*.acme${at}.example`] },
      ],
      null,
      `other${at}`,
    ),
  );

const THOUSAND = others(1000);

describe('selectingWatches()', () => {
  it('finds what trying every watch finds, in the order of the watches', () => {
    const rules = fc
      .uniqueArray(fc.constantFrom(...PATTERN_CLAIMS), { minLength: 1, maxLength: 2 })
      .chain((claims) =>
        fc.tuple(...claims.map((claim) => anyPattern(claim, 1).map((pattern) => ({ claim, pattern })))),
      );
    const selects = fc.array(fc.array(rules, { minLength: 1, maxLength: 2 }), { minLength: 5, maxLength: 12 });
    const signer = fc.record(
      Object.fromEntries(PATTERN_CLAIMS.map((claim) => [claim, fc.array(anyValue, { maxLength: 3 })])),
    );
    const seen = { selected: 0, left: 0 };
    fc.assert(
      fc.property(selects, fc.array(signer, { minLength: 1, maxLength: 5 }), (all, signers) => {
        const watches = all.map((select, at) => {
          const [first = {}, ...more] = select.map((selector) =>
            Object.fromEntries(selector.map(({ claim, pattern }) => [claim, pattern.source])),
          );
          return watchOf([first, ...more], null, `${at}`);
        });
        for (const claims of signers) {
          const expected = all.flatMap((select, at) =>
            select.some((selector) =>
              selector.every(({ claim, pattern }) => (claims[claim] ?? []).some((value) => pattern.matches(value))),
            )
              ? [`${at}`]
              : [],
          );
          seen.selected += expected.length;
          seen.left += watches.length - expected.length;
          expect(selecting(watches, claims)).toEqual(expected);
        }
      }),
      { numRuns: 250 },
    );
    expect(Math.min(seen.selected, seen.left)).toBeGreaterThan(500);
  });

  it.each<[string, Record<string, PatternSource>, Claims, boolean]>([
    ['a value in another case', { source_repository: 'Acme/Widget' }, { source_repository: ['https://GITHUB.com/aCME/widget'] }, true], // prettier-ignore
    ['no other case where it counts', { source_ref: 'refs/tags/V' }, { source_ref: ['refs/tags/v'] }, false],
    ['any of several values', { subject: 'a@acme.example' }, { subject: ['x', 'a@acme.example', 'y'] }, true],
    ['any of several patterns', { subject: ['x', { regexp: 'b@acme.*' }] }, { subject: ['b@acme.example'] }, true],
    ['a short pattern', { trigger: 'p*' }, { trigger: ['push'] }, true],
    ['the empty value', { environment: '' }, { environment: [''] }, true],
    ['a negation', { trigger: { not: 'push' } }, { trigger: ['release'] }, true],
    ['nothing by a negation where the claim is absent', { trigger: { not: 'push' } }, {}, false],
    ['a Kelvin sign by (?i)', { subject: { regexp: '(?i)acme-kiosk' } }, { subject: ['acme-\u212aiosk'] }, true],
    ['half of a pair before its other half', { subject: 'acme-widget-\ud83d**' }, { subject: ['acme-widget-\u{1f600}'] }, true], // prettier-ignore
    ['a prototype\u2019s name', { subject: 'constructor' }, { subject: ['constructor'] }, true],
    ['nothing by such a name', { 'oid:1.2': 'constructor' }, { subject: ['constructor'] }, false],
  ])('finds %s among many', (_, select, claims, expected) => {
    const watches = [...others(20), watchOf([select], null, 'sought'), ...others(20)];
    expect(selecting(watches, claims)).toEqual(expected ? ['sought'] : []);
  });

  it('sees the kind, the artifacts, the key and the statement of an entry', () => {
    const artifact = `sha256:${'ab'.repeat(32)}`;
    const selects = [{ kind: 'hashedrekord' }, { artifact }, { key: 'CC'.repeat(32) }, { predicate_type: 'https://slsa.dev/provenance/v1' }]; // prettier-ignore
    const watches = [...others(9), ...selects.map((select, at) => watchOf([select], null, `own${at}`))];
    const entry = { ...entryOf(certified(RELEASE)), claims: { predicate_type: ['https://slsa.dev/provenance/v1'] } };
    expect(judge(entry, watches, contextOf()).map(({ watch }) => watch)).toEqual(['own0', 'own1', 'own2', 'own3']);
  });
});

describe('the work for many watches', () => {
  /** Counts each trial of a pattern. */
  const counted = (watches: readonly Watch[]): { readonly watches: readonly Watch[]; readonly tried: () => number } => {
    let tried = 0;
    const select = watches.map((watch) =>
      watch.select.map((selector) =>
        selector.map(({ claim, patterns }) => ({
          claim,
          patterns: patterns.map((pattern) => ({
            ...pattern,
            matches: (value: string) => {
              tried += 1;
              return pattern.matches(value);
            },
          })),
        })),
      ),
    );
    return {
      watches: watches.map((watch, at) => ({ ...watch, select: (select[at] ?? []) as unknown as Watch['select'] })), // each has as much as it had
      tried: () => tried,
    };
  };

  it.each([
    ['the release of another', RELEASE],
    ['an address', { ...RELEASE, subject: ['somebody@gmail.com'], issuer: ['https://accounts.google.com'] }],
    ['one that looks alike', { ...RELEASE, subject: ['https://github.com/acme/../acme1000000/widget'] }],
    ['a name of 1 MB', { ...RELEASE, subject: [`https://github.com/acme/${'acme1/'.repeat(180_000)}`] }],
    ['no claims', {}],
  ])('tries no pattern of a thousand on %s', (_, claims) => {
    const { watches, tried } = counted(THOUSAND);
    expect(selecting(watches, claims)).toEqual([]);
    expect(tried()).toBe(0);
  });

  it('tries on a certificate of many names, each of another watch, few patterns for each name', () => {
    const { watches, tried } = counted(THOUSAND);
    const subject = Array.from({ length: 1000 }, (_, at) => `https://github.com/acme${at}/widget/x@refs/heads/main`);
    expect(selecting(watches, { ...RELEASE, subject, trigger: ['push'] })).toHaveLength(1000);
    // Its own pattern, that for the issuer, and perhaps the expression and what stands beside that.
    expect(tried()).toBeLessThanOrEqual(1000 * 4);
  });

  it('tries on such a certificate no more where nothing comes of it', () => {
    const { watches, tried } = counted(THOUSAND);
    const subject = Array.from({ length: 1000 }, (_, at) => `x https://github.com/acme${at}/widget/`);
    expect(selecting(watches, { ...RELEASE, subject, trigger: ['push'] })).toEqual([]);
    expect(tried()).toBeLessThanOrEqual(1000 * 2);
  });

  it('prepares a list once, and another list anew', () => {
    const watches = others(10);
    const repository = (name: string): Claims => ({ source_repository: [`https://github.com/${name}/widget`] });
    expect(selecting(watches, repository('acme3'))).toEqual(['other3']);
    expect(selecting(watches, repository('acme4'))).toEqual(['other4']);
    expect(selecting(watches.slice(4), repository('acme3'))).toEqual([]);
    expect(selecting(watches.toReversed(), repository('acme3'))).toEqual(['other3']);
  });
});
