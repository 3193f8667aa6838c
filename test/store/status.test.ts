import { describe, expect, it } from 'vitest';
import { raiseAlert } from '../../src/store/alerts.ts';
import { countKinds } from '../../src/store/counts.ts';
import { enqueueDelivery } from '../../src/store/deliveries.ts';
import { readHeartbeat, saveHeartbeat } from '../../src/store/heartbeat.ts';
import { requestReload, settleReloads } from '../../src/store/reloads.ts';
import { readStatus } from '../../src/store/status.ts';
import { saveUnparsable } from '../../src/store/unparsable.ts';
import { saveWatches } from '../../src/store/watches.ts';
import { leafHash } from '../../src/tlog/hash.ts';
import type { AlertDraft } from '../../src/alert/alert.ts';
import { checkpointOf, LATER, LOG, NOW, verifiedLog } from './samples.ts';
import { openStore } from './temp-store.ts';

const DRAFT: AlertDraft = {
  class: 'log',
  kind: 'fork',
  severity: 'critical',
  watch: null,
  title: 'Two trees',
  summary: 'Two trees of one size.',
  log: LOG,
  index: null,
  violations: [],
  signer: null,
  artifacts: [],
  dedupeKey: 'one',
  links: { entry: null, run: null, commit: null },
  evidence: null,
  notify: null,
};

describe('readStatus()', () => {
  it('shows an empty database', () => {
    const store = openStore();
    expect(readStatus(openStore(store.path, { readonly: true }))).toEqual({
      database: store.path,
      logs: [],
      alerts: { open: 0, acknowledged: 0 },
      deliveries: { pending: 0, failing: 0 },
      gaps: [],
      unparsable: 0,
      watches: [],
      last_reload: null,
      heartbeat: null,
    });
  });

  it('shows the watches in force, and how the configuration was last read again', () => {
    const store = openStore();
    const watches = ['b', 'a'].map((name) => ({ name, definition: JSON.stringify({ name, mode: 'audit' }) }));
    saveWatches(store, watches, NOW);
    saveWatches(store, watches.slice(1), LATER);
    settleReloads(store, [requestReload(store, 'signal', NOW)], { outcome: 'refused', file: '', problem: 'x' }, NOW);
    requestReload(store, 'command', LATER);
    expect(readStatus(store)).toMatchObject({
      watches: [{ name: 'a', mode: 'audit', since: NOW.toISOString(), changed_at: NOW.toISOString() }],
      last_reload: { at: NOW.toISOString(), cause: 'signal', outcome: 'refused', problem: 'x' },
    });
  });

  it('shows logs with what was counted, and where each was joined late', () => {
    const store = openStore();
    verifiedLog(store, LOG, 2, 5, 'acme');
    verifiedLog(store, 'complete', 0, 5);
    countKinds(store, LOG, new Map([['hashedrekord', 2]]));
    countKinds(store, LOG, new Map([['dsse', 1]]));
    const { logs, gaps } = readStatus(store);
    expect(logs[0]).toEqual({
      name: 'acme',
      origin: LOG,
      type: 'rekor-v2',
      url: 'https://acme',
      state: 'verified',
      verified_size: 5,
      verified_root: checkpointOf(LOG, 5).root.toString('hex'),
      verified_at: '2026-11-21T13:00:00.123Z',
      seen_size: 5,
      lag: 0,
      started_at_index: 2,
      examined_size: 5,
      last_error: null,
      alive_at: null,
      witnesses: [],
      also: [],
      kinds: { dsse: 1, hashedrekord: 2 },
      rate: null,
      growth: null,
      behind_since: null,
    });
    expect(logs.map(({ origin, kinds }) => [origin, kinds])).toEqual([
      [LOG, { dsse: 1, hashedrekord: 2 }],
      ['complete', {}],
    ]);
    expect(gaps).toEqual([{ log: LOG, from: 0, to: 2, reason: 'joined late' }]);
  });

  it('counts alerts, deliveries and entries that could not be decoded', () => {
    const store = openStore();
    store.transaction(() => {
      const { id } = raiseAlert(store, DRAFT, NOW).alert;
      raiseAlert(store, { ...DRAFT, dedupeKey: 'two' }, NOW);
      raiseAlert(store, { ...DRAFT, class: 'operational', kind: 'started', dedupeKey: 'three' }, NOW);
      enqueueDelivery(store, { channel: 'mail', alert: id, event: 'opened', notBefore: NOW }, NOW);
      return 0;
    });
    const body = Buffer.from('x');
    const entry = { log: LOG, kind: null, apiVersion: null, problem: 'no', leafHash: leafHash(body), body };
    saveUnparsable(store, { ...entry, index: 1, unread: false }, NOW);
    saveUnparsable(store, { ...entry, index: 2, unread: true }, NOW);
    store.prepare('UPDATE unparsable_totals SET dropped = 4').run();
    expect(readStatus(store)).toMatchObject({
      alerts: { open: 2, acknowledged: 0 },
      deliveries: { pending: 1, failing: 0 },
      unparsable: 5,
    });
    store.db.exec(`
      UPDATE alerts SET state = 'acknowledged' WHERE dedupe_key = 'two';
      INSERT INTO messages (id, channel, content, created_at, attempts, next_attempt_at) VALUES ('m', 'mail', '{}', 0, 3, 0);
      UPDATE deliveries SET message = 'm'`);
    expect(readStatus(store)).toMatchObject({
      alerts: { open: 1, acknowledged: 1 },
      deliveries: { pending: 1, failing: 1 },
    });
  });
});

describe('saveHeartbeat()', () => {
  it('keeps the last sign of life', () => {
    const store = openStore();
    expect(readHeartbeat(store)).toBeNull();
    saveHeartbeat(store, { pid: 1, version: '0.1.0', startedAt: NOW }, NOW);
    saveHeartbeat(store, { pid: 2, version: '0.2.0', startedAt: NOW }, LATER);
    expect(readHeartbeat(store)).toEqual({ pid: 2, version: '0.2.0', startedAt: NOW, beatAt: LATER });
  });
});
