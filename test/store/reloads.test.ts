import { describe, expect, it } from 'vitest';
import { findReload, lastReload, requestReload, settleReloads, waitingReloads } from '../../src/store/reloads.ts';
import { LATER, NOW } from './samples.ts';
import { openStore } from './temp-store.ts';

const WATCHES = { added: ['a'], changed: [], removed: ['b'] };

describe('a request to read the configuration again', () => {
  it('waits until it is settled, with what came of it', () => {
    const store = openStore();
    expect([waitingReloads(store), lastReload(store)]).toEqual([[], null]);
    const first = requestReload(store, 'signal', NOW);
    const second = requestReload(store, 'command', NOW);
    const third = requestReload(store, 'command', LATER);
    expect(waitingReloads(store)).toEqual([first, second, third]);
    expect(findReload(store, second)).toEqual({
      id: second,
      cause: 'command',
      requestedAt: NOW,
      doneAt: null,
      result: null,
    });

    settleReloads(store, [first, second], { outcome: 'refused', file: '/x.yaml', problem: 'a\nb' }, LATER);
    expect(waitingReloads(store)).toEqual([third]);
    expect(lastReload(store)).toEqual({
      id: second,
      cause: 'command',
      requestedAt: NOW,
      doneAt: LATER,
      result: { outcome: 'refused', file: '/x.yaml', problem: 'a\nb' },
    });
    settleReloads(store, [third], { outcome: 'loaded', file: '/x.yaml', watches: WATCHES }, LATER);
    expect(lastReload(store)).toMatchObject({
      id: third,
      result: { outcome: 'loaded', file: '/x.yaml', watches: WATCHES },
    });
    expect(findReload(store, 99)).toBe(null);
  });

  it('is forgotten once 200 came after it, unless it waits', () => {
    const store = openStore();
    const waits = requestReload(store, 'command', NOW);
    const result = { outcome: 'loaded', file: '/x.yaml', watches: WATCHES } as const;
    store.transaction(() => {
      const ids = Array.from({ length: 250 }, () => requestReload(store, 'signal', NOW));
      settleReloads(store, ids, result, NOW);
    });
    expect(store.prepare('SELECT count(*) AS count FROM reloads').get()).toEqual({ count: 201 });
    expect(waitingReloads(store)).toEqual([waits]);
  });

  it('is found by an index', () => {
    const store = openStore();
    const plan = store
      .prepare<{ detail: string }>('EXPLAIN QUERY PLAN SELECT id FROM reloads WHERE done_at IS NULL ORDER BY id')
      .all();
    expect(plan.map(({ detail }) => detail).join()).toContain('reloads_waiting');
  });
});
