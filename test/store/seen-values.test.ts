import { describe, expect, it } from 'vitest';
import { saveFindings } from '../../src/store/findings.ts';
import {
  beginClaim,
  forgetClaim,
  latestValues,
  MAX_VALUES,
  noteValues,
  seenClaims,
} from '../../src/store/seen-values.ts';
import type { Store } from '../../src/store/store.ts';
import type { Finding } from '../../src/store/findings.ts';
import { finding, foundEntry, LATER, NOW } from './samples.ts';
import { openStore } from './temp-store.ts';

const W = 'widget-release';

const save = (store: Store, index: number, differing: Partial<Finding>, now = NOW): void => {
  saveFindings(store, foundEntry(index), [finding(differing)], now);
};

const signed = (claims: Readonly<Record<string, string | readonly string[]>>): Pick<Finding, 'signer'> => ({
  signer: { ...finding().signer, ...claims },
});

const all = (store: Store, claim: string): readonly string[] =>
  latestValues(store, W, claim, { newest: 0, limit: 100 }).toReversed();

describe('beginClaim()', () => {
  it('knows the values in the history of trusted signers, of this watch alone', () => {
    const store = openStore();
    save(store, 1, signed({ source_ref: 'refs/tags/v1' }));
    save(store, 2, { ...signed({ source_ref: 'refs/heads/evil' }), verdict: 'unexpected' }, LATER);
    save(store, 3, { ...signed({ source_ref: 'refs/tags/next' }), verdict: 'observed' }, LATER);
    save(store, 4, { ...signed({ source_ref: 'forged' }), verdict: 'forged' }, LATER);
    save(store, 5, { ...signed({ source_ref: 'unverifiable' }), verdict: 'unverifiable' }, LATER);
    save(store, 6, { ...signed({ source_ref: 'of another watch' }), watch: 'other' }, LATER);
    save(store, 7, { signer: { type: 'public-key', chain: null, fingerprint: 'ab' } }, LATER);
    beginClaim(store, W, 'source_ref', LATER);
    expect(all(store, 'source_ref')).toEqual(['refs/tags/v1', 'refs/heads/evil', 'refs/tags/next']);
    expect(seenClaims(store, W)).toEqual([{ claim: 'source_ref', since: NOW, kept: 3 }]);
  });

  it.each([
    ['subject', ['https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1']],
    ['key', ['cd'.repeat(32)]],
    ['kind', ['hashedrekord']],
    ['artifact', [`sha256:${'ab'.repeat(32)}`]],
    ['oid:1.2.3', ['kept']],
    ['environment', []],
  ])('finds %s where it is kept', (claim, expected) => {
    const store = openStore();
    save(store, 1, {});
    beginClaim(store, W, claim, LATER);
    expect(all(store, claim)).toEqual(expected);
  });

  it('knows both names of a minisign key, but no subkeys', () => {
    const store = openStore();
    save(store, 1, { signer: { type: 'minisign', chain: null, fingerprint: 'id', keys: ['id', 'hash'] } });
    save(store, 2, { signer: { type: 'pgp', chain: null, fingerprint: 'primary', keys: ['primary', 'subkey'] } });
    beginClaim(store, W, 'key', LATER);
    expect(all(store, 'key')).toEqual(['id', 'hash', 'primary']);
  });

  it('knows nothing where there is no history', () => {
    const store = openStore();
    beginClaim(store, W, 'builder', NOW);
    expect(seenClaims(store, W)).toEqual([{ claim: 'builder', since: NOW, kept: 0 }]);
  });

  it('begins anew once the claim was forgotten', () => {
    const store = openStore();
    beginClaim(store, W, 'builder', NOW);
    noteValues(store, W, 'builder', ['a']);
    forgetClaim(store, W, 'builder');
    beginClaim(store, W, 'builder', LATER);
    expect(noteValues(store, W, 'builder', ['a'])).toEqual(['a']);
    expect(seenClaims(store, W)).toEqual([{ claim: 'builder', since: LATER, kept: 1 }]);
  });
});

describe('noteValues()', () => {
  it('returns what was not known, whatever characters it is made of', () => {
    const store = openStore();
    beginClaim(store, W, 'builder', NOW);
    // Halves of characters, which UTF-8 cannot tell apart.
    expect(noteValues(store, W, 'builder', ['\ud800', '\ud801', 'a', 'a'])).toEqual(['\ud800', '\ud801', 'a']);
    expect(noteValues(store, W, 'builder', ['\ud801', 'b', ''])).toEqual(['b', '']);
    expect(seenClaims(store, W)).toMatchObject([{ kept: 5 }]);
  });

  it('keeps so many values and no more, and forgets the oldest first', () => {
    const store = openStore();
    beginClaim(store, W, 'run', NOW);
    const values = Array.from({ length: MAX_VALUES }, (_, place) => `run ${place}`);
    store.transaction(() => noteValues(store, W, 'run', values));
    expect(noteValues(store, W, 'run', ['one more'])).toEqual(['one more']);
    expect(seenClaims(store, W)).toMatchObject([{ kept: MAX_VALUES * 0.9 + 1 }]);
    expect(noteValues(store, W, 'run', ['run 0', values.at(-1) ?? '', 'one more'])).toEqual(['run 0']);
    expect(store.prepare('SELECT count(*) AS rows FROM seen_values').get()).toEqual({ rows: MAX_VALUES * 0.9 + 2 });
  });
});

describe('latestValues()', () => {
  it('reads no more than it gives, by an index', () => {
    const plan = openStore()
      .prepare<{ detail: string }>(
        `EXPLAIN QUERY PLAN SELECT excerpt FROM seen_values WHERE watch = 'w' AND claim = 'c' ORDER BY id DESC LIMIT 5`,
      )
      .all();
    expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining('seen_values_by_id')]);
  });
});
