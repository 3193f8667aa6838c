import { describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../../src/store/checkpoints.ts';
import { findCosignatures, saveCosignatures, saveCosignedAt } from '../../src/store/cosignatures.ts';
import { pruneCheckpoints } from '../../src/store/retention.ts';
import { readStatus } from '../../src/store/status.ts';
import { checkpointOf, LATER, LOG, NOW, registerSource, verifiedLog } from './samples.ts';
import { openStore } from './temp-store.ts';

const tree = checkpointOf(LOG, 5);
const w1 = { name: 'w1', time: NOW.getTime(), line: '— w1.example AAAA' };
const w2 = { name: 'w2', time: 0, line: '— w2.example BBBB' };

describe('saveCosignatures()', () => {
  it('keeps who cosigned each checkpoint, and nobody who was there before and is not now', () => {
    const store = openStore();
    const fork = checkpointOf(LOG, 5, 'another tree');
    saveCheckpoint(store, tree, NOW);
    saveCheckpoint(store, fork, NOW);
    saveCosignatures(store, tree, [w2, w1]);
    saveCosignatures(store, fork, [w2]);
    expect(findCosignatures(store, tree)).toEqual([w1, w2]);
    const later = { ...w1, time: LATER.getTime(), line: '— w1.example CCCC' };
    saveCosignatures(store, tree, [later]);
    expect(findCosignatures(store, tree)).toEqual([later]);
    expect(findCosignatures(store, fork)).toEqual([w2]);
    expect(findCosignatures(store, { ...tree, size: 6 })).toEqual([]);
  });

  it('keeps nothing about a checkpoint that is not kept, and forgets them together', () => {
    const store = openStore();
    saveCosignatures(store, tree, [w1]);
    expect(store.prepare('SELECT * FROM cosignatures').all()).toEqual([]);
    saveCheckpoint(store, tree, NOW);
    saveCheckpoint(store, checkpointOf(LOG, 6), NOW);
    saveCosignatures(store, tree, [w1]);
    pruneCheckpoints(store, LATER);
    expect(store.prepare('SELECT * FROM cosignatures').all()).toEqual([]);
  });
});

describe('status', () => {
  it('names the witnesses of the last verified checkpoint alone', () => {
    const store = openStore();
    verifiedLog(store, LOG, 0, 5);
    saveCheckpoint(store, tree, NOW);
    saveCosignatures(store, tree, [w2, w1]);
    saveCheckpoint(store, checkpointOf(LOG, 9), NOW);
    saveCosignatures(store, checkpointOf(LOG, 9), [w1]);
    expect(readStatus(store).logs.map(({ witnesses }) => witnesses)).toEqual([
      [
        { name: 'w1', time: NOW.toISOString() },
        { name: 'w2', time: null },
      ],
    ]);
  });
});

describe('saveCosignedAt()', () => {
  it('moves the last sign of life forward only', () => {
    const store = openStore();
    registerSource(store, LOG, [LOG]);
    store.prepare('UPDATE logs SET alive_at = NULL').run();
    const alive = [NOW, LATER, NOW].map((time) => {
      saveCosignedAt(store, LOG, time);
      return store.prepare('SELECT alive_at FROM logs').get();
    });
    expect(alive).toEqual([NOW, LATER, LATER].map((time) => ({ alive_at: time.getTime() })));
  });
});
