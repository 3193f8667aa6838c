import { describe, expect, it } from 'vitest';
import { saveFindings } from '../../src/store/findings.ts';
import { isKnownLog, readHistory, type HistoryFilter } from '../../src/store/history.ts';
import type { Store } from '../../src/store/store.ts';
import { finding, foundEntry, LATER, LOG, NOW, registerSource } from './samples.ts';
import { openStore } from './temp-store.ts';

const EVEN_LATER = new Date('2026-11-22T00:00:00Z');
const OTHER_KEY = { ...finding().signer, fingerprint: 'ef'.repeat(32) };

/** Four findings in three entries of two logs. */
function filled(): Store {
  const store = openStore();
  registerSource(store, 'acme', [LOG]);
  registerSource(store, 'public', ['shard-1', 'shard-2']);
  saveFindings(store, foundEntry(1), [finding({ alert: 'alert-1' })], NOW);
  saveFindings(
    store,
    foundEntry(2, { artifacts: ['sha512:cc', 'sha256:dd'] }),
    [finding({ verdict: 'forged' }), finding({ watch: 'other', signerPosition: 1, signer: OTHER_KEY })],
    LATER,
  );
  saveFindings(store, foundEntry(1, { log: 'shard-1' }), [finding({ verdict: 'unexpected' })], EVEN_LATER);
  return store;
}

/** The findings that meet the filter, in short. */
function found(store: Store, filter: HistoryFilter): readonly string[] {
  return [...readHistory(store, filter)].map(({ log, index, watch, verdict }) => `${log} ${index} ${watch} ${verdict}`);
}

const FIRST = `${LOG} 1 widget-release expected`;
const FORGED = `${LOG} 2 widget-release forged`;
const OTHER = `${LOG} 2 other expected`;
const LAST = 'shard-1 1 widget-release unexpected';

describe('readHistory()', () => {
  it('gives every finding whole, with the names of the JSON in their order', () => {
    const store = openStore();
    const violations = [{ claim: 'subject', expected: ['a', { regexp: 'b' }], found: ['c', 'd'] }];
    const entry = foundEntry(7, { integratedTime: 1_700_000_000, globalIndex: 9, uuid: 'ab' });
    saveFindings(store, entry, [finding({ verdict: 'unexpected', violations, alert: 'alert-1' })], NOW);
    expect(JSON.stringify([...readHistory(store, {})])).toBe(
      JSON.stringify([
        {
          log: LOG,
          index: 7,
          global_index: 9,
          uuid: 'ab',
          kind: 'hashedrekord',
          api_version: '0.0.2',
          integrated_time: '2023-11-14T22:13:20.000Z',
          observed_at: '2026-11-21T13:00:00.123Z',
          leaf_hash: entry.leafHash.toString('hex'),
          watch: 'widget-release',
          verdict: 'unexpected',
          violations,
          signer: finding().signer,
          artifacts: entry.artifacts,
          alert: 'alert-1',
        },
      ]),
    );
  });

  it('agrees with v_history', () => {
    const store = filled();
    const lines = [...readHistory(store, {})].map(
      ({ log, index, watch, leaf_hash, observed_at, signer: { fingerprint } }) => ({
        ...{ log, index, watch, leaf_hash, observed_at, fingerprint },
      }),
    );
    expect(lines).toEqual(
      store
        .prepare(
          `SELECT log, "index", watch, leaf_hash, observed_at, fingerprint FROM v_history
           ORDER BY observed_at DESC, watch`,
        )
        .all(),
    );
    expect(lines).toHaveLength(4);
  });

  it.each<[string, HistoryFilter, readonly string[]]>([
    ['nothing, newest first', {}, [LAST, OTHER, FORGED, FIRST]],
    ['a watch', { watch: 'other' }, [OTHER]],
    ['a verdict', { verdict: 'forged' }, [FORGED]],
    ['an origin', { log: 'shard-1' }, [LAST]],
    ['a source by its name', { log: 'public' }, [LAST]],
    ['another source by its name', { log: 'acme' }, [OTHER, FORGED, FIRST]],
    ['a first moment', { since: LATER }, [LAST, OTHER, FORGED]],
    ['a moment that is too late', { until: LATER }, [FIRST]],
    ['both', { since: LATER, until: EVEN_LATER }, [OTHER, FORGED]],
    ['an artifact', { artifact: 'sha256:dd' }, [OTHER, FORGED]],
    ['a key', { key: 'ef'.repeat(32) }, [OTHER]],
    ['what the signer is', { signer: ({ fingerprint }) => fingerprint?.startsWith('ef') === true }, [OTHER]],
    [
      'several things',
      { log: 'acme', verdict: 'expected', watch: 'widget-release', since: NOW, until: LATER },
      [FIRST],
    ],
    ['what nothing meets', { watch: `'; DROP TABLE findings; --` }, []],
  ])('filters by %s', (_, filter, expected) => {
    expect(found(filled(), filter)).toEqual(expected);
  });

  it('reads on over many pages, while others write and more is found', () => {
    const store = openStore();
    store.transaction(() => {
      for (let index = 0; index < 1_234; index += 1) {
        const now = new Date(NOW.getTime() + Math.floor(index / 100));
        saveFindings(store, foundEntry(index), [finding(), finding({ watch: 'other' })], now);
      }
      return 0;
    });
    const reader = openStore(store.path, { readonly: true });
    const indexes: number[] = [];
    for (const { index, watch } of readHistory(reader, { watch: 'other' })) {
      indexes.push(index);
      saveFindings(store, foundEntry(10_000 + index), [finding({ watch })], LATER);
    }
    expect(indexes).toEqual(Array.from({ length: 1_234 }, (_, index) => 1_233 - index));
  });
});

describe('isKnownLog()', () => {
  it('knows origins, names of sources, and logs that are followed no more', () => {
    const store = filled();
    saveFindings(store, foundEntry(1, { log: 'gone' }), [finding()], NOW);
    expect([LOG, 'acme', 'shard-2', 'gone', 'typo'].map((name) => isKnownLog(store, name))).toEqual([
      ...[true, true, true, true],
      false,
    ]);
  });
});
