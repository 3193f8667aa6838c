import { beforeEach, describe, expect, it } from 'vitest';
import type { AlertDraft } from '../../src/alert/alert.ts';
import { attestationAlert } from '../../src/alert/attestation-alert.ts';
import { logAlert } from '../../src/alert/log-alert.ts';
import { LogMisbehaved } from '../../src/log/log.ts';
import { tell } from '../../src/monitor/tell.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import { Store } from '../../src/store/store.ts';
import { branchDraft, unsignedNote } from '../support/alert-drafts.ts';

const NOW = new Date('2026-11-21T08:00:00.000Z');
const TELLING = { channelsFor: () => ['security', 'mail'], groupWaitMs: 30_000 };

let store: Store;
beforeEach(() => {
  store = Store.open(':memory:');
});

const say = (draft: AlertDraft, now = NOW) => tell(store, draft, TELLING, now);

function queued(): unknown[] {
  return store.prepare('SELECT channel, alert, event, not_before FROM deliveries ORDER BY id').all({});
}

function fork(tree: string): AlertDraft {
  const notes = [unsignedNote('rekor-local', 5, 'a'), unsignedNote('rekor-local', 5, tree)];
  return logAlert(new LogMisbehaved('x', { kind: 'fork', log: 'rekor-local', signed: true, notes }));
}

describe('tell()', () => {
  it('queues a message to each channel, to wait for others', () => {
    const { alert, event } = say(branchDraft());
    expect(event).toBe('opened');
    expect(queued()).toEqual([
      { channel: 'security', alert: alert.id, event: 'opened', not_before: NOW.getTime() + 30_000 },
      { channel: 'mail', alert: alert.id, event: 'opened', not_before: NOW.getTime() + 30_000 },
    ]);
  });

  it('queues nothing for a repeat', () => {
    say(branchDraft());
    expect(say(branchDraft()).event).toBe('repeated');
    expect(queued()).toHaveLength(2);
  });

  it('queues again when an alert opens again', () => {
    const { alert } = say(branchDraft());
    store.prepare(`UPDATE alerts SET state = 'closed'`).run();
    say(branchDraft());
    expect(queued()).toHaveLength(4);
    expect(queued().at(-1)).toMatchObject({ alert: alert.id, event: 'reopened' });
  });

  it('does not wait when a log misbehaves', () => {
    const { alert } = say(fork('b'));
    expect(queued()).toMatchObject([{ alert: alert.id, not_before: NOW.getTime() }, { channel: 'mail' }]);
  });

  it('tells once of a log that mints contradictions, and keeps each', () => {
    say(fork('b'));
    say(fork('c'));
    say(fork('d'));
    expect(queued()).toHaveLength(2);
    expect(listAlerts(store)).toHaveLength(3);
  });

  it('tells of what a log serves wrongly although it is known for a wrong attestation', () => {
    const log = 'rekor-local';
    const served = { url: 'http://rekor.example', sha256: '00', excerpt: '' };
    say(attestationAlert({ log, index: 7, problem: 'x', served, note: '' }));
    say(logAlert(new LogMisbehaved('x', { kind: 'entry-mismatch', log, signed: false, notes: [] })));
    expect(queued()).toHaveLength(4);
  });

  it('asks for the channels with the draft, which knows its own', () => {
    const telling = { ...TELLING, channelsFor: ({ notify }: AlertDraft) => notify ?? [] };
    tell(store, branchDraft('x', { notify: ['pager'] }), telling, NOW);
    expect(queued()).toMatchObject([{ channel: 'pager' }]);
  });

  it('leaves neither alert nor message when the transaction around it fails', () => {
    expect(() =>
      store.transaction(() => {
        say(branchDraft());
        throw new Error('power cut');
      }),
    ).toThrow('power cut');
    expect([listAlerts(store), queued()]).toEqual([[], []]);
  });
});
