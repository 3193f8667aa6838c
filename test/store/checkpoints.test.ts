import { describe, expect, it } from 'vitest';
import { forgetVouchers, saveCheckpoint, saveVoucher } from '../../src/store/checkpoints.ts';
import { pruneCheckpoints } from '../../src/store/retention.ts';
import type { Store } from '../../src/store/store.ts';
import { checkpointOf, LATER, LOG, NOW, registerSource } from './samples.ts';
import { openStore } from './temp-store.ts';

const DAY = 86_400_000;

function kept(store: Store): unknown {
  return store.prepare('SELECT log, size FROM checkpoints ORDER BY id').all();
}

describe('saveCheckpoint()', () => {
  it('keeps each size and root once, with the first note and both times', () => {
    const store = openStore();
    const first = checkpointOf(LOG, 5);
    saveCheckpoint(store, first, NOW);
    saveCheckpoint(store, { ...first, note: 'the same tree in another note' }, LATER);
    saveCheckpoint(store, checkpointOf(LOG, 5, 'another tree'), LATER);
    expect(store.prepare('SELECT * FROM v_checkpoints ORDER BY first_seen').all()).toEqual([
      {
        log: LOG,
        size: 5,
        root: first.root.toString('hex'),
        note: first.note,
        first_seen: '2026-11-21T13:00:00.123Z',
        last_seen: '2026-11-21T14:00:00.456Z',
      },
      {
        log: LOG,
        size: 5,
        root: checkpointOf(LOG, 5, 'another tree').root.toString('hex'),
        note: checkpointOf(LOG, 5, 'another tree').note,
        first_seen: '2026-11-21T14:00:00.456Z',
        last_seen: '2026-11-21T14:00:00.456Z',
      },
    ]);
  });

  it('remembers the largest tree that a log signed', () => {
    const store = openStore();
    registerSource(store, 'acme', [LOG]);
    const seen = [0, 5, 4, 2 ** 53 - 1, 6].map((size) => {
      saveCheckpoint(store, checkpointOf(LOG, size), NOW);
      return store.prepare('SELECT seen_size FROM logs').get();
    });
    expect(seen).toEqual([0, 5, 5, 2 ** 53 - 1, 2 ** 53 - 1].map((size) => ({ seen_size: size })));
  });
});

describe('pruneCheckpoints()', () => {
  it('forgets those not seen for long, but never the largest of a log', () => {
    const store = openStore();
    const days = [1, 2, 3, 4].map((day) => new Date(NOW.getTime() + day * DAY));
    days.forEach((day, index) => {
      saveCheckpoint(store, checkpointOf(LOG, index), day);
    });
    saveCheckpoint(store, checkpointOf('silent', 7), NOW);
    saveCheckpoint(store, checkpointOf('silent', 6), NOW);
    expect(pruneCheckpoints(store, days[2] ?? NOW)).toBe(3);
    expect(kept(store)).toEqual([
      { log: LOG, size: 2 },
      { log: LOG, size: 3 },
      { log: 'silent', size: 7 },
    ]);
    expect(pruneCheckpoints(store, new Date(NOW.getTime() + 900 * DAY))).toBe(1);
    expect(kept(store)).toEqual([
      { log: LOG, size: 3 },
      { log: 'silent', size: 7 },
    ]);
  });
});

describe('saveVoucher() and forgetVouchers()', () => {
  const sizes = (store: Store) =>
    store
      .prepare<{ size: number }>('SELECT size FROM checkpoints')
      .all()
      .map(({ size }) => size);
  const at = (ms: number) => new Date(NOW.getTime() + ms);

  it('keep one a second, until entries were read past it', () => {
    const store = openStore();
    registerSource(store, 'acme', [LOG]);
    saveCheckpoint(store, checkpointOf(LOG, 4), NOW);
    for (const [size, ms] of [
      [5, 0],
      [6, 999],
      [7, 1000],
    ] as const) {
      saveVoucher(store, checkpointOf(LOG, size), at(ms));
    }
    expect(sizes(store)).toEqual([4, 5, 7]);
    forgetVouchers(store, LOG, 6);
    expect(sizes(store)).toEqual([4, 7]);
    // What the log shows as its own checkpoint is kept.
    saveCheckpoint(store, checkpointOf(LOG, 7), at(2000));
    forgetVouchers(store, LOG, 7);
    expect(sizes(store)).toEqual([4, 7]);
  });
});
