import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/lib/clock.ts';
import { createReloadRequests } from '../../src/monitor/reload-requests.ts';
import { findReload, requestReload, settleReloads, waitingReloads } from '../../src/store/reloads.ts';
import type { Store } from '../../src/store/store.ts';
import { NOW } from '../store/samples.ts';
import { openStore } from '../store/temp-store.ts';

const NEVER = new AbortController().signal;

/** A clock of which each sleep ends at once, after what `meanwhile` does in it. */
function clockOf(meanwhile: (sleeps: number, signal: AbortSignal) => void): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => NOW,
    sleep: async (ms, signal) => {
      slept.push(ms);
      meanwhile(slept.length, signal);
      return Promise.resolve();
    },
  };
}

function settle(store: Store, ids: readonly number[]): void {
  settleReloads(store, ids, { outcome: 'refused', file: '', problem: '' }, NOW);
}

describe('next()', () => {
  it('looks every second, and gives all that wait', async () => {
    const store = openStore();
    const clock = clockOf((sleeps) => {
      if (sleeps === 3) {
        requestReload(store, 'command', NOW);
        requestReload(store, 'command', NOW);
      }
    });
    expect(await createReloadRequests(store, clock).next(NEVER)).toEqual([1, 2]);
    expect(clock.slept).toEqual([1000, 1000, 1000]);
  });

  it('is woken by a signal, which is written down', async () => {
    const store = openStore();
    const woken: boolean[] = [];
    const clock = clockOf((_, signal) => {
      requests.hangUp();
      woken.push(signal.aborted);
    });
    const requests = createReloadRequests(store, clock);
    expect(await requests.next(NEVER)).toEqual([1]);
    expect(findReload(store, 1)).toMatchObject({ cause: 'signal', requestedAt: NOW, doneAt: null });
    expect(woken).toEqual([true]);
  });

  it('makes one of a storm, and one more of what comes while that one is served', async () => {
    const store = openStore();
    const clock = clockOf(() => undefined);
    const requests = createReloadRequests(store, clock);
    Array.from({ length: 50 }, () => {
      requests.hangUp();
    });
    const first = await requests.next(NEVER);
    expect(first).toEqual([1]);
    Array.from({ length: 50 }, () => {
      requests.hangUp();
    });
    settle(store, first ?? []);
    const second = await requests.next(NEVER);
    expect(second).toEqual([2]);
    // Not at once: what is read anew shall get somewhere in between.
    expect(clock.slept).toEqual([1000]);
    settle(store, second ?? []);
    expect(waitingReloads(store)).toEqual([]);
  });

  it('waits ever longer while the storm goes on, and as at first after it', async () => {
    const store = openStore();
    const clock = clockOf((sleeps) => {
      // Nobody asks in the eighth pause, but soon after it.
      if (sleeps !== 8) {
        requests.hangUp();
      }
    });
    const requests = createReloadRequests(store, clock);
    requests.hangUp();
    for (let count = 0; count < 10; count += 1) {
      settle(store, (await requests.next(NEVER)) ?? []);
    }
    expect(clock.slept).toEqual([1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000, 1000, 1000]);
  });

  it('takes up what an earlier process left', async () => {
    const store = openStore();
    requestReload(store, 'command', NOW);
    expect(
      await createReloadRequests(
        store,
        clockOf(() => undefined),
      ).next(NEVER),
    ).toEqual([1]);
  });

  it('gives null when it is to end, and leaves what waits', async () => {
    const store = openStore();
    const end = new AbortController();
    const clock = clockOf(() => {
      requestReload(store, 'command', NOW);
      end.abort();
    });
    expect(await createReloadRequests(store, clock).next(end.signal)).toBe(null);
    expect(waitingReloads(store)).toEqual([1]);
  });
});
