import { describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../../src/store/checkpoints.ts';
import { saveFrontier, saveJoined } from '../../src/store/logs.ts';
import { findBehindSince, findGrowth, findRate, saveRate } from '../../src/store/rates.ts';
import type { Store } from '../../src/store/store.ts';
import { checkpointOf, frontierOf, LOG, NOW, registerSource } from './samples.ts';
import { openStore } from './temp-store.ts';

const after = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

function see(store: Store, size: number, seconds: number): void {
  saveCheckpoint(store, checkpointOf(LOG, size), after(seconds));
}

describe('saveRate()', () => {
  it('keeps the last one of each log', () => {
    const store = openStore();
    expect(findRate(store, LOG)).toBeNull();
    saveRate(store, 'other', { reading: 1, examinedSize: 2, measuredAt: NOW });
    saveRate(store, LOG, { reading: 3, examinedSize: 4, measuredAt: NOW });
    saveRate(store, LOG, { reading: 0.5, examinedSize: 6, measuredAt: after(5) });
    expect(findRate(store, LOG)).toEqual({ reading: 0.5, examinedSize: 6, measuredAt: after(5) });
  });
});

describe('findGrowth()', () => {
  it('is what the checkpoints of the last hour show, up to the last look', () => {
    const store = openStore();
    see(store, 1, 0);
    see(store, 1000, 10_000);
    see(store, 1600, 10_600);
    see(store, 1600, 11_000);
    expect(findGrowth(store, LOG)).toBe(0.6);
  });

  it('is null before the log was looked at for half a minute', () => {
    const store = openStore();
    expect(findGrowth(store, LOG)).toBeNull();
    see(store, 5, 0);
    see(store, 9, 29);
    expect(findGrowth(store, LOG)).toBeNull();
    see(store, 20, 30);
    expect(findGrowth(store, LOG)).toBe(0.5);
  });

  it('is 0 for a log that was looked at and did not grow', () => {
    const store = openStore();
    see(store, 5, 0);
    see(store, 5, 50_000);
    expect(findGrowth(store, LOG)).toBe(0);
  });

  it('does not take an older checkpoint of a lagging replica for the latest', () => {
    const store = openStore();
    see(store, 100, 0);
    see(store, 160, 60);
    see(store, 100, 120);
    expect(findGrowth(store, LOG)).toBe(1);
  });

  it('does not count what an operator decided to disregard', () => {
    const store = openStore();
    see(store, 100, 0);
    see(store, 100, 60);
    see(store, 9_000, 60);
    store.db.exec(`INSERT INTO decisions (id, log, by, note, decided_at) VALUES (1, 'x', 'x', 'x', 0);
      UPDATE checkpoints SET disregarded_by = 1 WHERE size = 9000`);
    expect(findGrowth(store, LOG)).toBe(0);
  });
});

describe('findBehindSince()', () => {
  it('is when the oldest checkpoint was seen that is not examined to its end', () => {
    const store = openStore();
    registerSource(store, LOG, [LOG]);
    see(store, 10, 0);
    expect(findBehindSince(store, LOG)).toBeNull();
    saveJoined(store, LOG, frontierOf(0), checkpointOf(LOG, 10), NOW);
    see(store, 20, 60);
    expect(findBehindSince(store, LOG)).toEqual(after(0));
    saveFrontier(store, LOG, frontierOf(10), after(70), null);
    expect(findBehindSince(store, LOG)).toEqual(after(60));
    saveFrontier(store, LOG, frontierOf(20), after(80), null);
    expect(findBehindSince(store, LOG)).toBeNull();
  });
});
