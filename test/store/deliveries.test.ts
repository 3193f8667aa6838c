import { beforeEach, describe, expect, it } from 'vitest';
import { logAlert } from '../../src/alert/log-alert.ts';
import { LogMisbehaved } from '../../src/log/log.ts';
import { listAlerts, raiseAlert } from '../../src/store/alerts.ts';
import {
  dueGroups,
  enqueueDelivery,
  enqueueReminders,
  hurryDeliveries,
  pruneDeliveries,
  waitingAlerts,
} from '../../src/store/deliveries.ts';
import { dueMessage, insertMessage, pendingMessages, saveFailedAttempt, saveSent } from '../../src/store/messages.ts';
import { Store } from '../../src/store/store.ts';
import { branchDraft } from '../support/alert-drafts.ts';

const NOW = new Date('2026-11-21T08:00:00.000Z');
const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

let store: Store;
beforeEach(() => {
  store = Store.open(':memory:');
});

function raise(ref: string, overrides: Parameters<typeof branchDraft>[1] = {}, now = NOW): string {
  return raiseAlert(store, branchDraft(ref, overrides), now).alert.id;
}

function raiseFork(log: string): string {
  return raiseAlert(store, logAlert(new LogMisbehaved('x', { kind: 'fork', log, signed: false, notes: [] })), NOW).alert
    .id;
}

function enqueue(alert: string, notBefore = at(30), channel = 'security', now = NOW): void {
  enqueueDelivery(store, { channel, alert, event: 'opened', notBefore }, now);
}

function compose(group: string, id = 'm1', now = at(30)): void {
  insertMessage(store, { id, channel: 'security', group, content: `content of ${id}` }, now);
}

describe('enqueueDelivery()', () => {
  it('groups by class and watch, log, or as operational', () => {
    enqueue(raise('a'), at(1));
    enqueue(raise('b'), at(2));
    enqueue(raise('c', { watch: 'other' }), at(3));
    enqueue(raiseFork('rekor-local'), at(4));
    enqueue(raise('d', { class: 'operational' }), at(5));
    expect(dueGroups(store, 'security', at(9))).toEqual([
      'identity/widget-release',
      'identity/other',
      'log/rekor-local',
      'operational',
    ]);
    expect(dueGroups(store, 'mail', at(9))).toEqual([]);
  });

  it('is due only once it has waited', () => {
    enqueue(raise('a'), at(30));
    expect(dueGroups(store, 'security', at(29))).toEqual([]);
    expect(dueGroups(store, 'security', at(30))).toEqual(['identity/widget-release']);
  });
});

describe('waitingAlerts()', () => {
  it('takes the whole group, the gravest first, each once, and counts what it does not list', () => {
    const low = raise('low', { severity: 'low' });
    const high = raise('high', { severity: 'high' });
    const late = raise('late', { severity: 'high' }, at(1));
    enqueue(low, at(1));
    enqueue(late, at(30));
    enqueue(high, at(30));
    enqueue(high, at(30));
    const group = 'identity/widget-release';
    expect(waitingAlerts(store, 'security', group, 20)).toMatchObject({
      alerts: [{ id: high }, { id: late }, { id: low }],
      total: 3,
    });
    expect(waitingAlerts(store, 'security', group, 1)).toMatchObject({ alerts: [{ id: high }], total: 3 });
  });
});

describe('insertMessage()', () => {
  it('takes over the group, so that it is told once', () => {
    enqueue(raise('a'));
    enqueue(raise('b', { watch: 'other' }));
    compose('identity/widget-release');
    expect(dueGroups(store, 'security', at(99))).toEqual(['identity/other']);
    expect(dueMessage(store, 'security', at(30))).toEqual({
      id: 'm1',
      channel: 'security',
      content: 'content of m1',
      attempts: 0,
    });
  });
});

describe('dueMessage()', () => {
  it('gives the one that has been due for the longest time, and a failed one only at its next attempt', () => {
    enqueue(raise('a'));
    compose('identity/widget-release', 'm1', at(30));
    compose('identity/widget-release', 'm2', at(31));
    expect(dueMessage(store, 'security', at(40))?.id).toBe('m1');
    saveFailedAttempt(store, 'm1', { error: 'no', nextAttemptAt: at(60) });
    expect(dueMessage(store, 'security', at(40))?.id).toBe('m2');
    expect(dueMessage(store, 'mail', at(40))).toBeNull();
    saveSent(store, 'm2', at(41));
    expect(dueMessage(store, 'security', at(59))).toBeNull();
    expect(dueMessage(store, 'security', at(60))).toMatchObject({ id: 'm1', attempts: 1 });
  });
});

describe('hurryDeliveries()', () => {
  it('makes all that waits due now', () => {
    enqueue(raise('a'), at(3600));
    compose('identity/widget-release');
    saveFailedAttempt(store, 'm1', { error: 'no', nextAttemptAt: at(900) });
    enqueue(raise('b', { watch: 'other' }), at(3600));
    hurryDeliveries(store, at(31));
    expect(dueGroups(store, 'security', at(31))).toEqual(['identity/other']);
    expect(dueMessage(store, 'security', at(31))?.id).toBe('m1');
  });
});

describe('enqueueReminders()', () => {
  const DAY_MS = 86_400_000;
  const remind = (now: Date): number => enqueueReminders(store, now, DAY_MS, () => ['security']);

  it('tells again of an open alert one interval after it was last told, not before, and not twice', () => {
    const id = raise('a');
    enqueue(id);
    compose('identity/widget-release');
    saveSent(store, 'm1', at(30));
    expect(remind(at(86_399))).toBe(0);
    expect(remind(at(86_400))).toBe(1);
    expect(remind(at(86_400))).toBe(0);
    expect(waitingAlerts(store, 'security', 'identity/widget-release', 20)).toMatchObject({
      alerts: [{ id }],
      total: 1,
    });
    expect(dueGroups(store, 'security', at(86_400))).toEqual(['identity/widget-release']);
  });

  it('waits while the last telling still waits', () => {
    enqueue(raise('a'));
    expect(remind(at(900_000))).toBe(0);
  });

  it.each(['acknowledged', 'closed'])('leaves alone what is %s', (state) => {
    raise('a');
    store.prepare('UPDATE alerts SET state = @state').run({ state });
    expect(remind(at(900_000))).toBe(0);
  });

  it('asks for the channels of each alert, by its own notify as well', () => {
    raise('a', { notify: ['pager'] });
    enqueueReminders(store, at(900_000), DAY_MS, ({ notify }) => notify ?? []);
    expect(dueGroups(store, 'pager', at(900_000))).toEqual(['identity/widget-release']);
  });
});

describe('pruneDeliveries()', () => {
  it('forgets what was sent long ago, and nothing that waits', () => {
    enqueue(raise('a'));
    compose('identity/widget-release', 'old');
    saveSent(store, 'old', at(31));
    enqueue(raise('b'));
    compose('identity/widget-release', 'young');
    saveSent(store, 'young', at(1000));
    enqueue(raise('c'));
    compose('identity/widget-release', 'waiting', at(2));
    pruneDeliveries(store, at(500));
    expect(pendingMessages(store, 'security')).toMatchObject([{ id: 'waiting' }]);
    expect(store.prepare('SELECT message, state FROM v_deliveries ORDER BY id').all({})).toEqual([
      { message: 'young', state: 'sent' },
      { message: 'waiting', state: 'pending' },
    ]);
    expect(listAlerts(store)).toHaveLength(3);
  });
});

describe('v_deliveries', () => {
  it('shows what waits, what failed and what was sent', () => {
    const [a, b, c] = [raise('a', { watch: 'a' }), raise('b', { watch: 'b' }), raise('c', { watch: 'c' })];
    enqueue(a);
    enqueue(b);
    enqueue(c);
    compose('identity/b', 'mb');
    compose('identity/c', 'mc');
    saveFailedAttempt(store, 'mb', { error: 'status 500', nextAttemptAt: at(60) });
    saveSent(store, 'mc', at(31));
    const columns = 'id, channel, alert, state, attempts, next_attempt_at, last_error';
    expect(store.prepare(`SELECT ${columns} FROM v_deliveries ORDER BY id`).all({})).toEqual([
      {
        id: '1',
        channel: 'security',
        alert: a,
        state: 'pending',
        attempts: 0,
        next_attempt_at: '2026-11-21T08:00:30.000Z',
        last_error: null,
      },
      {
        id: '2',
        channel: 'security',
        alert: b,
        state: 'pending',
        attempts: 1,
        next_attempt_at: '2026-11-21T08:01:00.000Z',
        last_error: 'status 500',
      },
      { id: '3', channel: 'security', alert: c, state: 'sent', attempts: 1, next_attempt_at: null, last_error: null },
    ]);
  });
});
