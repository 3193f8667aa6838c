import { describe, expect, it } from 'vitest';
import { cutGaps, saveGap } from '../../src/store/gaps.ts';
import { LOG, NOW } from './samples.ts';
import { openStore } from './temp-store.ts';

describe('cutGaps()', () => {
  it.each([
    [0, []],
    [4, []],
    [6, [[4, 6]]],
    [9, [[4, 9]]],
    [12, [[4, 9]]],
    [13, [[4, 9], [12, 13]]], // prettier-ignore
    [20, [[4, 9], [12, 14]]], // prettier-ignore
  ])('forgets what lies from entry %d on, of that log alone', (index, left) => {
    const store = openStore();
    saveGap(store, { log: LOG, from: 4, to: 9, reason: 'withheld' }, NOW);
    saveGap(store, { log: LOG, from: 12, to: 14, reason: 'contested' }, NOW);
    saveGap(store, { log: 'other.example', from: 12, to: 14, reason: 'withheld' }, NOW);
    cutGaps(store, LOG, index);
    const rows = store
      .prepare<{ log: string; from_index: number; to_index: number }>(
        'SELECT * FROM gaps ORDER BY log DESC, from_index',
      )
      .all();
    expect(rows.filter(({ log }) => log === LOG).map((row) => [row.from_index, row.to_index])).toEqual(left);
    expect(rows.filter(({ log }) => log !== LOG)).toHaveLength(1);
  });
});
