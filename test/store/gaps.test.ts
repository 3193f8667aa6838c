import { describe, expect, it } from 'vitest';
import { hasWithheld, nextGap, saveGap, saveTried, shortenGap, splitGap, type GapRow } from '../../src/store/gaps.ts';
import { readStatus } from '../../src/store/status.ts';
import type { Store } from '../../src/store/store.ts';
import { LATER, LOG, NOW, verifiedLog } from './samples.ts';
import { openStore } from './temp-store.ts';

function storeWith(...gaps: readonly (readonly [from: number, to: number, reason?: 'contested'])[]): Store {
  const store = openStore();
  verifiedLog(store, LOG, 2, 50);
  for (const [from, to, reason = 'withheld'] of gaps) {
    saveGap(store, { log: LOG, from, to, reason }, NOW);
  }
  return store;
}

const gapsOf = (store: Store) => readStatus(store).gaps.map(({ from, to, reason }) => `${from} ${to} ${reason}`);
// Asked only where there is one.
const next = (store: Store, before = NOW) => nextGap(store, LOG, before, 50) as GapRow;

describe('readStatus()', () => {
  it('shows gaps beside where a log was joined, and as one what lies side by side for one reason', () => {
    const store = storeWith([10, 20], [20, 30], [30, 40, 'contested'], [45, 46]);
    expect(readStatus(store).gaps[0]).toEqual({ log: LOG, from: 0, to: 2, reason: 'joined late' });
    expect(gapsOf(store).slice(1)).toEqual(['10 30 withheld', '30 40 contested', '45 46 withheld']);
  });
});

describe('nextGap()', () => {
  it('gives the one that was asked for longest ago, and none that was asked for since', () => {
    const store = storeWith([10, 20], [30, 40]);
    expect(next(store)).toEqual({ log: LOG, from: 10, to: 20, reason: 'withheld', triedAt: NOW });
    saveTried(store, next(store), LATER);
    expect(next(store).from).toBe(30);
    saveTried(store, next(store), LATER);
    expect(nextGap(store, LOG, NOW, 50)).toBeNull();
    expect(next(store, LATER).from).toBe(10);
  });

  it('gives none of another log, and none behind the tree', () => {
    const store = storeWith([10, 20]);
    expect(nextGap(store, 'other', NOW, 50)).toBeNull();
    expect(nextGap(store, LOG, NOW, 19)).toBeNull();
    expect(nextGap(store, LOG, NOW, 20)?.to).toBe(20);
  });
});

describe('shortenGap()', () => {
  it('takes away what was examined, to the last of it', () => {
    const store = storeWith([10, 20], [30, 40]);
    shortenGap(store, next(store), 15);
    expect(gapsOf(store)).toEqual(['0 2 joined late', '15 20 withheld', '30 40 withheld']);
    shortenGap(store, next(store), 21);
    expect(gapsOf(store)).toEqual(['0 2 joined late', '30 40 withheld']);
    expect(hasWithheld(store, LOG)).toBe(true);
    shortenGap(store, next(store), 40);
    expect(hasWithheld(store, LOG)).toBe(false);
  });
});

describe('splitGap()', () => {
  it('lets the second part take its turn first', () => {
    const store = storeWith([10, 20, 'contested']);
    splitGap(store, next(store), 14, LATER);
    expect(next(store, LATER)).toEqual({ log: LOG, from: 14, to: 20, reason: 'contested', triedAt: NOW });
    expect(rowsOf(store)).toEqual(['10 14', '14 20']);
    expect(hasWithheld(store, LOG)).toBe(false);
  });
});

function rowsOf(store: Store): readonly string[] {
  return store
    .prepare<{ row: string }>(`SELECT from_index || ' ' || to_index AS row FROM gaps ORDER BY from_index`)
    .all()
    .map(({ row }) => row);
}
