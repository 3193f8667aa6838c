import { beforeEach, describe, expect, it } from 'vitest';
import { closeAlertCommand, type CloseOptions } from '../../src/cli/close-alert.ts';
import { findAlert, raiseAlert } from '../../src/store/alerts.ts';
import { stopLog } from '../../src/store/logs.ts';
import type { Store } from '../../src/store/store.ts';
import { branchDraft } from '../support/alert-drafts.ts';
import { LATER, LOG, NOW, verifiedLog } from '../store/samples.ts';
import { openStore } from '../store/temp-store.ts';
import { captureIo } from './captured-io.ts';

let store: Store;
let id: string;

beforeEach(() => {
  store = openStore();
  id = raiseAlert(store, { ...branchDraft(), log: LOG }, NOW).alert.id;
});

function close(alert: string, options: CloseOptions = {}) {
  const io = captureIo();
  const status = closeAlertCommand(store, alert, options, io, LATER);
  return { status, out: io.out(), err: io.err() };
}

const changes = () => store.prepare('SELECT alert, change, by, note, changed_at FROM alert_changes').all({});

describe('closeAlertCommand()', () => {
  it('closes an alert, keeps who did so and why, and opens it again when it happens again', () => {
    expect(close(id, { by: 'you', note: 'meant' })).toMatchObject({ status: 0, err: '' });
    expect(findAlert(store, id)?.state).toBe('closed');
    expect(changes()).toEqual([{ alert: id, change: 'closed', by: 'you', note: 'meant', changed_at: LATER.getTime() }]);
    expect(close(id).out).toContain(`${id} was closed already`);
    expect(raiseAlert(store, { ...branchDraft(), log: LOG }, LATER)).toMatchObject({
      event: 'reopened',
      alert: { id, state: 'open' },
    });
  });

  it('refuses an alert that is not there, one that holds a log, and endless reasons', () => {
    expect(close('nobody')).toMatchObject({ status: 2, err: expect.stringContaining('there is none') as string });
    expect(close(id, { note: 'x'.repeat(2001) })).toMatchObject({
      status: 2,
      err: expect.stringContaining('at most 2000') as string,
    });
    verifiedLog(store, LOG, 0, 5);
    stopLog(store, LOG, id, NOW);
    expect(close(id)).toMatchObject({ status: 2, err: expect.stringContaining(`logs resume ${LOG}`) as string });
    expect([findAlert(store, id)?.state, changes()]).toEqual(['open', []]);
  });
});
