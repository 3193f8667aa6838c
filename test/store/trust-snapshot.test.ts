import { expect, it } from 'vitest';
import { readTrustSnapshot, saveTrustSnapshot } from '../../src/store/trust-snapshot.ts';
import { LATER, NOW } from './samples.ts';
import { openStore } from './temp-store.ts';

it('keeps the last snapshot of each trust source', () => {
  const store = openStore();
  saveTrustSnapshot(store, 'public-good', 'one', NOW);
  saveTrustSnapshot(store, 'staging', 'other', NOW);
  saveTrustSnapshot(store, 'public-good', 'two', LATER);
  expect(['public-good', 'staging', 'none'].map((source) => readTrustSnapshot(store, source))).toEqual([
    'two',
    'other',
    null,
  ]);
  expect(store.prepare('SELECT source, taken_at FROM trust_snapshot ORDER BY source').all()).toEqual([
    { source: 'public-good', taken_at: LATER.getTime() },
    { source: 'staging', taken_at: NOW.getTime() },
  ]);
});
