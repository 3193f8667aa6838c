import { beforeEach, describe, expect, it } from 'vitest';
import { checkpointsBetween, findRival, saveCheckpoint } from '../../src/store/checkpoints.ts';
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
