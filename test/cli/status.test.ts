import { describe, expect, it } from 'vitest';
import { statusCommand } from '../../src/cli/status.ts';
import { saveCheckpoint } from '../../src/store/checkpoints.ts';
import { saveCosignatures } from '../../src/store/cosignatures.ts';
import { saveGap } from '../../src/store/gaps.ts';
import { saveHeartbeat } from '../../src/store/heartbeat.ts';
import { saveLife, saveStalled } from '../../src/store/life.ts';
import { saveFailure, saveFrontier, saveJoined } from '../../src/store/logs.ts';
import { requestReload, settleReloads } from '../../src/store/reloads.ts';
import { recordSource, saveSourceError } from '../../src/store/sources.ts';
import { saveRate } from '../../src/store/rates.ts';
import type { Store } from '../../src/store/store.ts';
import { saveWatches } from '../../src/store/watches.ts';
import { VERSION } from '../../src/version.ts';
import { checkpointOf, frontierOf, LOG, NOW, registerSource, verifiedLog } from '../store/samples.ts';
import { openStore } from '../store/temp-store.ts';
import { captureIo } from './captured-io.ts';

const after = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

function beat(store: Store, now: Date): void {
  saveHeartbeat(store, { pid: 12, version: '0.1.0', startedAt: NOW }, now);
}

describe('statusCommand()', () => {
  it('shows each log, what is behind and what failed', () => {
    const store = openStore();
    verifiedLog(store, LOG, 2, 5, 'acme');
    const shard = 'rekor.example - 1193050959916656506';
    registerSource(store, 'public', [shard]);
    saveJoined(store, shard, frontierOf(0), checkpointOf(shard, 200), NOW);
    saveFrontier(store, shard, frontierOf(50), NOW);
    recordSource(store, { name: 'silent', type: 'rekor-v1', url: 'https://silent', origin: 'silent.example' });
    saveSourceError(store, 'silent', 'Cannot reach \u001b[31msilent', NOW);
    beat(store, after(90));
    const io = captureIo();
    expect(statusCommand(store, {}, io, after(100))).toBe(0);
    expect(io.out()).toBe(
      [
        `sigwatch ${VERSION}, database ${store.path}`,
        'The daemon runs since 2026-11-21 13:00:00 UTC (pid 12)',
        '',
        'LOG                                   STATE             VERIFIED  LAG    CHECKED',
        'log.example (acme)                    verified                 5    0  100 s ago',
        'rekor.example - 11…16656506 (public)  catching-up 25 %         -  200          -',
        'silent.example (silent)               unreachable              -    -          -',
        '  silent.example: Cannot reach \\u{001B}[31msilent',
        '',
        'Alerts: 0 open, 0 acknowledged',
        'Deliveries: 0 waiting, 0 of them failing',
        'Never examined: log.example from 0 to 1 (joined late)',
        '',
      ].join('\n'),
    );
    expect(io.err()).toBe('');
  });

  it('says since when a log stands still, and what was never examined', () => {
    const store = openStore();
    verifiedLog(store, LOG, 0, 50);
    saveLife(store, LOG, NOW, 50);
    saveStalled(store, LOG);
    saveGap(store, { log: LOG, from: 10, to: 20, reason: 'withheld' }, NOW);
    const io = captureIo();
    statusCommand(store, {}, io, after(7200));
    expect(io.out()).toMatch(/^log\.example +stalled +50 +0 +2 h ago$/m);
    expect(io.out()).toContain('\n  log.example: no sign of life for 2 h\n');
    expect(io.out()).toContain('\nNever examined: log.example from 10 to 19 (withheld)\n');
  });

  it('names who cosigned the last verified checkpoint', () => {
    const store = openStore();
    verifiedLog(store, LOG, 0, 5);
    saveCheckpoint(store, checkpointOf(LOG, 5), NOW);
    saveCosignatures(store, checkpointOf(LOG, 5), [
      { name: 'w1', time: NOW.getTime() - 30_000, line: '' },
      { name: 'w2', time: 0, line: '' },
      { name: 'w\u001b3', time: NOW.getTime() + 60_000, line: '' },
    ]);
    const io = captureIo();
    statusCommand(store, {}, io, NOW);
    expect(io.out()).toContain('\n  log.example: cosigned by w\\u{001B}3 0 s ago, w1 30 s ago, w2\n');
  });

  it('shows a database on which nothing ever ran', () => {
    const store = openStore();
    const io = captureIo();
    expect(statusCommand(store, {}, io, NOW)).toBe(0);
    expect(io.out()).toBe(
      [
        `sigwatch ${VERSION}, database ${store.path}`,
        'No daemon runs on this database',
        '',
        'No log is known yet',
        '',
        'Alerts: 0 open, 0 acknowledged',
        'Deliveries: 0 waiting, 0 of them failing',
        '',
      ].join('\n'),
    );
  });

  it('says how many watches are in force, and how the configuration was last read again', () => {
    const store = openStore();
    const load = (names: readonly string[], severity: string, now: Date): void => {
      const watches = names.map((name) => ({ name, definition: JSON.stringify({ name, mode: 'enforce', severity }) }));
      saveWatches(store, watches, now);
    };
    const lines = (): readonly string[] => {
      const io = captureIo();
      statusCommand(store, {}, io, NOW);
      return io.out().split('\n').slice(7, -1);
    };
    load(['a', 'b\u001b', 'c'], 'high', NOW);
    expect(lines()).toEqual(['Watches: 3, last changed 2026-11-21 13:00:00 UTC: a and 2 more']);
    load(['a', 'b\u001b', 'c'], 'high', after(60));
    load(['b\u001b', 'a'], 'high', after(60));
    saveWatches(store, [{ name: 'b\u001b', definition: '{}' }], after(60));
    settleReloads(
      store,
      [requestReload(store, 'command', NOW)],
      { outcome: 'refused', file: '', problem: 'bad\u001b\nworse\nworst' },
      NOW,
    );
    expect(lines()).toEqual([
      'Watches: 1, last changed 2026-11-21 13:01:00 UTC: b\\u{001B}',
      'Configuration refused 2026-11-21 13:00:00 UTC, the one from before is in force: bad\\u{001B} (and 2 more)',
    ]);
    const watches = { added: [], changed: [], removed: [] };
    settleReloads(store, [requestReload(store, 'signal', NOW)], { outcome: 'loaded', file: '', watches }, after(60));
    expect(lines()[1]).toBe('Configuration read again 2026-11-21 13:01:00 UTC');
  });

  it('prints one JSON object with the names of the contract', () => {
    const store = openStore();
    verifiedLog(store, LOG, 2, 5, 'acme');
    saveCheckpoint(store, checkpointOf(LOG, 9), NOW);
    saveFailure(store, LOG, 'unreachable', 'no answer', NOW);
    store.prepare('UPDATE unparsable_totals SET dropped = 3').run();
    beat(store, after(90));
    const io = captureIo();
    expect(statusCommand(store, { json: true }, io, NOW)).toBe(0);
    expect(io.out()).toBe(
      `${JSON.stringify({
        version: VERSION,
        database: store.path,
        logs: [
          {
            name: 'acme',
            origin: LOG,
            type: 'rekor-v2',
            url: 'https://acme',
            state: 'unreachable',
            verified_size: 5,
            verified_root: checkpointOf(LOG, 5).root.toString('hex'),
            verified_at: '2026-11-21T13:00:00.123Z',
            seen_size: 9,
            lag: 4,
            started_at_index: 2,
            examined_size: 5,
            last_error: 'no answer',
            alive_at: null,
            witnesses: [],
            also: [],
            kinds: {},
            rate: null,
            growth: null,
            behind_since: '2026-11-21T13:00:00.123Z',
            lag_seconds: 0,
            caught_up_in_seconds: null,
          },
        ],
        alerts: { open: 0, acknowledged: 0 },
        deliveries: { pending: 0, failing: 0 },
        gaps: [{ log: LOG, from: 0, to: 2, reason: 'joined late' }],
        unparsable: 3,
        watches: [],
        last_reload: null,
        daemon: {
          pid: 12,
          version: '0.1.0',
          started_at: '2026-11-21T13:00:00.123Z',
          beat_at: '2026-11-21T13:01:30.123Z',
        },
        cadences: [],
        audit: [],
      })}\n`,
    );
  });

  describe('of a log that is being caught up with', () => {
    /** Read to 1,000 at 10 entries a second; grows by `growth` entries a second, and was seen at so many for a minute. */
    function behind(growth: number): Store {
      const store = openStore();
      registerSource(store, 'acme', [LOG]);
      saveCheckpoint(store, checkpointOf(LOG, 4000), NOW);
      saveCheckpoint(store, checkpointOf(LOG, 4000 + 60 * growth), after(60));
      saveJoined(store, LOG, frontierOf(0), checkpointOf(LOG, 4000), NOW);
      saveFrontier(store, LOG, frontierOf(1000), after(60));
      saveRate(store, LOG, { reading: 10, examinedSize: 1000, measuredAt: after(60) });
      return store;
    }

    it.each([
      ['when it will have caught up', 5, 'read at 10 entries/s, grows by 5.0 entries/s: caught up in 11 min'],
      ['that of one that does not grow', 0, 'read at 10 entries/s, grows by 0.0 entries/s: caught up in 5 min'],
      [
        'that it never will',
        10,
        'read at 10 entries/s, grows by 10 entries/s: it grows as fast as it is read, or faster: it will not be caught up with',
      ],
    ])('says %s', (_, growth, pace) => {
      const io = captureIo();
      statusCommand(behind(growth), {}, io, after(240));
      expect(io.out()).toContain(`\n  ${LOG}: behind for 4 min; ${pace}\n`);
    });

    it.each([
      ['seconds until then', 5, { rate: 10, growth: 5, lag_seconds: 240, caught_up_in_seconds: 660 }],
      ['null for never', 20, { rate: 10, growth: 20, lag_seconds: 240, caught_up_in_seconds: null }],
    ])('gives the %s as JSON', (_, growth, expected) => {
      const io = captureIo();
      statusCommand(behind(growth), { json: true }, io, after(240));
      const { logs } = JSON.parse(io.out()) as { readonly logs: readonly unknown[] };
      expect(logs).toMatchObject([{ ...expected, behind_since: NOW.toISOString() }]);
    });

    it('says nothing of it before it was measured', () => {
      const store = behind(5);
      store.db.exec('DELETE FROM log_rates');
      const io = captureIo();
      statusCommand(store, {}, io, after(240));
      expect(io.out()).not.toContain('behind for');
    });
  });

  it.each([
    ['fresh', 0, 0, ''],
    ['a minute old', 60, 0, ''],
    ['older', 61, 3, 'No daemon runs, and the last one did not end as it should: its last sign of life is 61 s old\n'],
    [
      'of the future',
      -61,
      3,
      'No daemon runs, and the last one did not end as it should: its last sign of life is 0 s old\n',
    ],
  ])('tells by its status, with --healthy, whether a sign of life is %s', (_, age, status, message) => {
    const store = openStore();
    beat(store, NOW);
    const io = captureIo();
    expect(statusCommand(store, { healthy: true }, io, after(age))).toBe(status);
    expect([io.out(), io.err()]).toEqual(['', message]);
  });

  it('is not healthy where no daemon runs', () => {
    const io = captureIo();
    expect(statusCommand(openStore(), { healthy: true }, io, NOW)).toBe(3);
    expect([io.out(), io.err()]).toEqual(['', 'No daemon runs on this database\n']);
  });
});
