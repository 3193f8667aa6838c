import { describe, expect, it } from 'vitest';
import { statusCommand } from '../../src/cli/status.ts';
import { saveCheckpoint } from '../../src/store/checkpoints.ts';
import { saveHeartbeat } from '../../src/store/heartbeat.ts';
import { saveFailure, saveFrontier, saveJoined } from '../../src/store/logs.ts';
import { recordSource, saveSourceError } from '../../src/store/sources.ts';
import type { Store } from '../../src/store/store.ts';
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
            witnesses: [],
            kinds: {},
          },
        ],
        alerts: { open: 0, acknowledged: 0 },
        deliveries: { pending: 0, failing: 0 },
        gaps: [{ log: LOG, from: 0, to: 2, reason: 'joined late' }],
        unparsable: 3,
        daemon: {
          pid: 12,
          version: '0.1.0',
          started_at: '2026-11-21T13:00:00.123Z',
          beat_at: '2026-11-21T13:01:30.123Z',
        },
      })}\n`,
    );
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
