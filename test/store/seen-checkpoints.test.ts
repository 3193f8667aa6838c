import { beforeEach, describe, expect, it } from 'vitest';
import {
  checkpointsBetween,
  disregardOthers,
  findRival,
  isDisregarded,
  lastVerifiedBetween,
  markVerified,
  saveCheckpoint,
  wasVerified,
} from '../../src/store/checkpoints.ts';
import { findDecision, saveDecision } from '../../src/store/decisions.ts';
import type { Store } from '../../src/store/store.ts';
import { checkpointOf, LOG, NOW } from './samples.ts';
import { openStore } from './temp-store.ts';

let store: Store;

beforeEach(() => {
  store = openStore();
});

const save = (...checkpoints: readonly ReturnType<typeof checkpointOf>[]) => {
  for (const checkpoint of checkpoints) {
    saveCheckpoint(store, checkpoint, NOW);
  }
};

describe('findRival()', () => {
  it('finds another root of the same log and size', () => {
    save(checkpointOf(LOG, 5), checkpointOf(LOG, 5, 'other'), checkpointOf(LOG, 5, 'third'));
    expect(findRival(store, checkpointOf(LOG, 5))).toEqual(checkpointOf(LOG, 5, 'other'));
    expect(findRival(store, checkpointOf(LOG, 5, 'other'))).toEqual(checkpointOf(LOG, 5));
    expect(findRival(store, checkpointOf(LOG, 5, 'never saved'))).toEqual(checkpointOf(LOG, 5));
  });

  it('finds none in the same tree, another size or another log', () => {
    save(checkpointOf(LOG, 5), checkpointOf(LOG, 6), checkpointOf('other.example', 5, 'other'));
    expect(findRival(store, checkpointOf(LOG, 5))).toBe(null);
    expect(findRival(store, checkpointOf(LOG, 7))).toBe(null);
  });
});

describe('checkpointsBetween()', () => {
  it('gives those after the one size and up to the other, by size', () => {
    save(...[9, 4, 5, 6, 0, 2 ** 53 - 1].map((size) => checkpointOf(LOG, size)), checkpointOf(LOG, 6, 'other'));
    save(checkpointOf('other.example', 5));
    expect(checkpointsBetween(store, LOG, 4, 9)).toEqual([
      checkpointOf(LOG, 5),
      checkpointOf(LOG, 6),
      checkpointOf(LOG, 6, 'other'),
      checkpointOf(LOG, 9),
    ]);
    expect(checkpointsBetween(store, LOG, 9, 9)).toEqual([]);
    expect(checkpointsBetween(store, LOG, 9, 2 ** 53 - 1)).toEqual([checkpointOf(LOG, 2 ** 53 - 1)]);
  });
});

describe('markVerified()', () => {
  it('tells what was read to its end from what was only seen', () => {
    save(checkpointOf(LOG, 5), checkpointOf(LOG, 5, 'other'), checkpointOf(LOG, 7));
    save(checkpointOf(LOG, 9));
    markVerified(store, checkpointOf(LOG, 5));
    markVerified(store, checkpointOf(LOG, 9));
    const all = [checkpointOf(LOG, 5), checkpointOf(LOG, 5, 'other'), checkpointOf(LOG, 7), checkpointOf(LOG, 9)];
    expect(all.map((checkpoint) => wasVerified(store, checkpoint))).toEqual([true, false, false, true]);
    expect(lastVerifiedBetween(store, LOG, 0, 8)).toEqual(checkpointOf(LOG, 5));
    expect(lastVerifiedBetween(store, LOG, 0, 9)).toEqual(checkpointOf(LOG, 9));
    expect(lastVerifiedBetween(store, LOG, 6, 8)).toBe(null);
    expect(lastVerifiedBetween(store, 'other.example', 0, 9)).toBe(null);
  });
});

describe('disregardOthers()', () => {
  it('leaves what was verified up to a size and what the operator decided for, until the rest is verified again', () => {
    const [before, known, rival, later, others] = [
      checkpointOf(LOG, 3),
      checkpointOf(LOG, 5),
      checkpointOf(LOG, 5, 'other'),
      checkpointOf(LOG, 9),
      checkpointOf('other.example', 5),
    ];
    save(before, known, rival, later, others);
    [before, known, later].forEach((checkpoint) => {
      markVerified(store, checkpoint);
    });
    saveDecision(store, { log: LOG, by: 'alice', note: 'known', alert: null }, NOW);
    const decision = findDecision(store, LOG)?.id ?? 0;
    disregardOthers(store, rival, 3, decision);
    const all = [before, known, rival, later, others];
    expect(all.map((checkpoint) => isDisregarded(store, checkpoint))).toEqual([false, true, false, true, false]);
    expect(findRival(store, rival)).toBe(null);
    expect(findRival(store, known)).toEqual(rival);
    expect(checkpointsBetween(store, LOG, 0, 9)).toEqual([before, rival]);
    expect(lastVerifiedBetween(store, LOG, 0, 9)).toEqual(before);

    save(known);
    expect(isDisregarded(store, known)).toBe(true);
    disregardOthers(store, known, 3, decision);
    expect(all.map((checkpoint) => isDisregarded(store, checkpoint))).toEqual([false, false, true, true, false]);
    markVerified(store, later);
    expect(isDisregarded(store, later)).toBe(false);
  });
});
