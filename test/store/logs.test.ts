import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findLog,
  findUnlisted,
  releaseLog,
  replacePosition,
  saveFailure,
  saveFrontier,
  saveJoined,
  saveTarget,
  saveVerified,
  stopLog,
  type LogRecord,
} from '../../src/store/logs.ts';
import { recordSource } from '../../src/store/sources.ts';
import type { Store } from '../../src/store/store.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { checkpointOf, frontierOf, LATER, LOG, NOW, registerSource, verifiedLog } from './samples.ts';
import { openStore } from './temp-store.ts';

const REGISTERED: LogRecord = {
  origin: LOG,
  source: 'acme',
  type: 'rekor-v2',
  url: 'https://acme',
  state: 'starting',
  stoppedBy: null,
  ended: null,
  frozen: null,
  startedAtIndex: null,
  position: null,
};

function registered(): Store {
  const store = openStore();
  registerSource(store, 'acme', [LOG]);
  return store;
}

describe('registerLogs()', () => {
  it('makes logs known that have no position yet', () => {
    const store = registered();
    expect(findLog(store, LOG)).toEqual(REGISTERED);
    expect(findLog(store, 'other')).toBeNull();
  });

  it('tells the logs of the first time from those that appear later', () => {
    const store = openStore();
    expect(registerSource(store, 'v1', ['a', 'b'])).toEqual(new Set(['a', 'b']));
    saveJoined(store, 'a', frontierOf(3), checkpointOf('a', 9), NOW);
    expect(registerSource(store, 'v1', ['a', 'b', 'c'])).toEqual(new Set(['a', 'b']));
    expect(registerSource(store, 'v1', ['c', 'd'])).toEqual(new Set(['a', 'b']));
  });

  it('does not take the first list for the whole, for nobody signed it, until one of its logs is followed', () => {
    const store = openStore();
    expect(registerSource(store, 'v1', ['invented'])).toEqual(new Set(['invented']));
    expect(registerSource(store, 'v1', ['a'])).toEqual(new Set(['invented', 'a']));
  });

  it('waits for the first logs of a source that served none', () => {
    const store = openStore();
    expect(registerSource(store, 'v1', [])).toEqual(new Set());
    expect(registerSource(store, 'v1', ['a'])).toEqual(new Set(['a']));
  });

  it('knows a source again that was renamed, so that a shard of meanwhile begins at 0', () => {
    const store = openStore();
    registerSource(store, 'old', ['a']);
    saveJoined(store, 'a', frontierOf(3), checkpointOf('a', 9), NOW);
    expect(registerSource(store, 'new', ['a', 'b'])).toEqual(new Set(['a']));
    expect(findLog(store, 'a')).toMatchObject({ source: 'new', url: 'https://new' });
  });

  it('keeps the position of a log that is known', () => {
    const store = openStore();
    verifiedLog(store, LOG, 2, 5, 'acme');
    const before = findLog(store, LOG);
    registerSource(store, 'acme', [LOG], LATER);
    expect(findLog(store, LOG)).toEqual(before);
  });

  it('needs the source to be known', () => {
    const store = openStore();
    recordSource(store, { name: 'acme', type: 'rekor-v2', url: 'https://a', origin: 'o' });
    recordSource(store, { name: 'acme', type: 'rekor-v1', url: 'https://b', origin: 'p' });
    expect(store.prepare('SELECT name, type, url, origin FROM sources').all()).toEqual([
      { name: 'acme', type: 'rekor-v1', url: 'https://b', origin: 'p' },
    ]);
  });
});

describe('the position of a log', () => {
  it('goes from joined to verified, and on', () => {
    const store = registered();
    saveJoined(store, LOG, frontierOf(3), checkpointOf(LOG, 9), NOW);
    expect(findLog(store, LOG)).toEqual({
      ...REGISTERED,
      state: 'catching-up',
      startedAtIndex: 3,
      position: { verified: null, frontier: frontierOf(3), target: checkpointOf(LOG, 9), vouched: null },
    });
    saveFrontier(store, LOG, frontierOf(9), NOW);
    saveVerified(store, LOG, checkpointOf(LOG, 9), false, NOW);
    expect(findLog(store, LOG)).toEqual({
      ...REGISTERED,
      state: 'verified',
      startedAtIndex: 3,
      position: { verified: checkpointOf(LOG, 9), frontier: frontierOf(9), target: null, vouched: null },
    });
    saveTarget(store, LOG, checkpointOf(LOG, 12), LATER);
    saveFrontier(store, LOG, frontierOf(10), LATER);
    expect(findLog(store, LOG)).toEqual({
      ...REGISTERED,
      state: 'catching-up',
      startedAtIndex: 3,
      position: {
        verified: checkpointOf(LOG, 9),
        frontier: frontierOf(10),
        target: checkpointOf(LOG, 12),
        vouched: null,
      },
    });
  });

  it('is kept exactly, whatever the size', () => {
    const store = registered();
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        store.prepare('UPDATE logs SET started_at_index = NULL, frontier_size = NULL, frontier = NULL').run();
        const hashes = Array.from(size.toString(2))
          .filter((bit) => bit === '1')
          .map((_, level) => sha256(Buffer.from([level])));
        const frontier = Frontier.from(size, hashes);
        saveJoined(store, LOG, frontier, checkpointOf(LOG, Number.MAX_SAFE_INTEGER), NOW);
        expect(findLog(store, LOG)?.position?.frontier).toEqual(frontier);
      }),
      { examples: [[0], [1], [2 ** 31], [2 ** 32 + 1], [2 ** 53 - 1]] },
    );
  });

  it('is frozen when the log will not grow any more', () => {
    const store = registered();
    saveJoined(store, LOG, frontierOf(4), checkpointOf(LOG, 4), NOW);
    saveVerified(store, LOG, checkpointOf(LOG, 4), true, NOW);
    expect(findLog(store, LOG)).toMatchObject({ state: 'frozen', frozen: checkpointOf(LOG, 4) });
    saveVerified(store, LOG, checkpointOf(LOG, 4), false, LATER);
    expect(findLog(store, LOG)).toMatchObject({ state: 'verified', frozen: checkpointOf(LOG, 4) });
  });

  it('stays where it is when the log fails, and is healed by the next success', () => {
    const store = openStore();
    verifiedLog(store, LOG, 0, 5);
    const verified = findLog(store, LOG);
    saveFailure(store, LOG, 'unreachable', 'no answer', LATER);
    expect(findLog(store, LOG)).toEqual({ ...verified, state: 'unreachable' });
    saveFailure(store, LOG, 'misbehaving', 'wrong root', LATER);
    expect(findLog(store, LOG)).toEqual({ ...verified, state: 'misbehaving' });
    saveVerified(store, LOG, checkpointOf(LOG, 5), false, LATER);
    expect(findLog(store, LOG)).toEqual(verified);
    expect(store.prepare('SELECT last_error FROM logs').get()).toEqual({ last_error: null });
  });

  it('does not move once a signed contradiction stopped the log', () => {
    const store = openStore();
    verifiedLog(store, LOG, 0, 5);
    const verified = findLog(store, LOG);
    saveFailure(store, LOG, 'misbehaving', 'two roots', LATER);
    stopLog(store, LOG, 'alert-1', LATER);
    saveFailure(store, LOG, 'unreachable', 'no answer', LATER);
    expect(findLog(store, LOG)).toEqual({ ...verified, state: 'misbehaving', stoppedBy: 'alert-1' });
    expect(store.prepare('SELECT last_error FROM logs').get()).toEqual({ last_error: 'two roots' });
    expect(() => {
      saveVerified(store, LOG, checkpointOf(LOG, 5), false, LATER);
    }).toThrow('contradicts what is stored');
    expect(() => {
      saveFrontier(store, LOG, frontierOf(6), LATER);
    }).toThrow('contradicts what is stored');
  });

  it('remembers what vouched for it in mid-catch-up, until it is verified', () => {
    const store = registered();
    saveJoined(store, LOG, frontierOf(3), checkpointOf(LOG, 9), NOW);
    saveFrontier(store, LOG, frontierOf(5), NOW, checkpointOf(LOG, 12));
    expect(findLog(store, LOG)?.position?.vouched).toEqual(checkpointOf(LOG, 12));
    saveFrontier(store, LOG, frontierOf(9), NOW);
    expect(findLog(store, LOG)?.position?.vouched).toBe(null);
    saveFrontier(store, LOG, frontierOf(9), NOW, checkpointOf(LOG, 12));
    saveVerified(store, LOG, checkpointOf(LOG, 9), false, NOW);
    expect(findLog(store, LOG)?.position?.vouched).toBe(null);
  });

  it('can be taken back, also behind where the log was joined, by an operator who lets it go on', () => {
    const store = openStore();
    verifiedLog(store, LOG, 3, 9);
    stopLog(store, LOG, 'alert-1', NOW);
    const elsewhere = { frontier: frontierOf(2), verified: null, target: checkpointOf(LOG, 7, 'other') };
    expect(() => {
      replacePosition(store, LOG, elsewhere, LATER);
    }).toThrow('contradicts what is stored');
    releaseLog(store, LOG, checkpointOf(LOG, 7, 'other'), LATER);
    expect(findLog(store, LOG)).toMatchObject({ state: 'catching-up', stoppedBy: null, startedAtIndex: 3 });
    replacePosition(store, LOG, elsewhere, LATER);
    expect(findLog(store, LOG)).toEqual({
      ...REGISTERED,
      source: LOG,
      url: `https://${LOG}`,
      state: 'catching-up',
      startedAtIndex: 2,
      position: { ...elsewhere, vouched: null },
    });
    expect(store.prepare('SELECT seen_size, verified_at FROM logs').get()).toEqual({ seen_size: 7, verified_at: null });
  });

  it.each<[string, (store: Store) => void]>([
    [
      'backwards',
      (store) => {
        saveFrontier(store, LOG, frontierOf(4), NOW);
      },
    ],
    [
      'to a target that is behind',
      (store) => {
        saveTarget(store, LOG, checkpointOf(LOG, 4), NOW);
      },
    ],
    [
      'to a checkpoint that was not reached',
      (store) => {
        saveVerified(store, LOG, checkpointOf(LOG, 6), false, NOW);
      },
    ],
    [
      'to a second beginning',
      (store) => {
        saveJoined(store, LOG, frontierOf(6), checkpointOf(LOG, 6), NOW);
      },
    ],
    [
      'in a log nobody registered',
      (store) => {
        saveFrontier(store, 'other', frontierOf(6), NOW);
      },
    ],
  ])('cannot be moved %s', (_, move) => {
    const store = openStore();
    verifiedLog(store, LOG, 0, 5);
    const before = findLog(store, LOG);
    expect(() => {
      move(store);
    }).toThrow(/^Cannot save the position of "/);
    expect(findLog(store, LOG)).toEqual(before);
  });
});

describe('findUnlisted()', () => {
  it('names the logs that are followed, may still grow, and are not served', () => {
    const store = openStore();
    registerSource(store, 'v1', ['served', 'gone', 'ended', 'never joined']);
    for (const origin of ['served', 'gone', 'ended']) {
      saveJoined(store, origin, frontierOf(4), checkpointOf(origin, 4), NOW);
      saveVerified(store, origin, checkpointOf(origin, 4), origin === 'ended', NOW);
    }
    verifiedLog(store, 'of another source', 0, 3);
    expect(findUnlisted(store, 'v1', ['served'])).toEqual(['gone']);
    expect(findUnlisted(store, 'v1', ['served', 'gone'])).toEqual([]);
  });
});
