import { describe, expect, it } from 'vitest';
import { statusCommand } from '../../src/cli/status.ts';
import { formatWatchStatus, readWatchStatus } from '../../src/cli/watch-status.ts';
import { missingAlert } from '../../src/alert/missing-alert.ts';
import { noteAuditAlert } from '../../src/store/audit-alerts.ts';
import { saveCadences, saveExpected, saveTold } from '../../src/store/cadence.ts';
import { saveVerified } from '../../src/store/logs.ts';
import type { Store } from '../../src/store/store.ts';
import { saveWatches } from '../../src/store/watches.ts';
import { checkpointOf, LOG, NOW, verifiedLog } from '../store/samples.ts';
import { openStore } from '../store/temp-store.ts';
import { captureIo } from './captured-io.ts';

const DAY = 86_400_000;
const day = (days: number) => new Date(NOW.getTime() + days * DAY);
const cadence = { name: 'widget', cadenceMs: 30 * DAY };

/** A log, and a watch that awaits something every 30 days, both since {@link NOW}. */
function stage(mode = 'enforce'): Store {
  const store = openStore();
  verifiedLog(store, LOG, 0, 5);
  saveCadences(store, [cadence]);
  saveWatches(store, [{ name: 'widget', definition: JSON.stringify({ mode }) }], NOW);
  return store;
}

function verify(store: Store, now: Date): void {
  saveVerified(store, LOG, checkpointOf(LOG, 5), false, now);
}

const lines = (store: Store, now: Date) => formatWatchStatus(readWatchStatus(store, now), now);

describe('status of a watch with a cadence', () => {
  it('says how much time is left', () => {
    const store = stage();
    verify(store, day(18));
    expect(lines(store, day(18))).toBe('Cadence widget: the next expected signature is due in 12 d\n');
    saveExpected(store, 'widget', { at: day(17).getTime(), log: LOG, index: 3 }, day(17));
    expect(lines(store, day(18))).toBe('Cadence widget: the next expected signature is due in 29 d\n');
    expect(readWatchStatus(store, day(18)).cadences).toEqual([
      {
        watch: 'widget',
        cadence_seconds: 2_592_000,
        state: 'quiet',
        due_at: day(47).toISOString(),
        left_seconds: 29 * 86_400,
        since: NOW.toISOString(),
        last_expected: { at: day(17).toISOString(), log: LOG, index: 3 },
        verified_to: day(18).toISOString(),
        held_by: null,
      },
    ]);
  });

  it('says since when something is missing', () => {
    const store = stage();
    verify(store, day(33));
    expect(lines(store, day(33))).toBe(
      'Missing widget: an expected signature is overdue for 3 d; none was ever seen\n',
    );
    saveExpected(store, 'widget', { at: day(1).getTime(), log: LOG, index: 3 }, day(33));
    expect(lines(store, day(33))).toBe(
      'Missing widget: an expected signature is overdue for 2 d; the last one was made 2026-11-22 13:00:00 UTC\n',
    );
    expect(readWatchStatus(store, day(33)).cadences).toMatchObject([
      { state: 'missing', due_at: day(31).toISOString(), left_seconds: null, held_by: null },
    ]);
  });

  it('says which log it waits for, unless it was told already', () => {
    const store = stage();
    verify(store, day(10));
    expect(lines(store, day(33))).toBe(
      'Cadence widget: an expected signature was due 2026-12-21 13:00:00 UTC; it stands still, for log.example is verified only up to 2026-12-01 13:00:00 UTC\n',
    );
    expect(readWatchStatus(store, day(33)).cadences).toMatchObject([
      { state: 'held', left_seconds: null, held_by: LOG },
    ]);
    store.db.exec('UPDATE logs SET verified_at = NULL');
    expect(lines(store, day(33))).toContain('it stands still, for log.example is not verified yet\n');
    store.db.exec('UPDATE sources SET configured = 0');
    expect(lines(store, day(33))).toContain('it stands still, for no log of signatures is followed\n');
    saveTold(store, 'widget', 'enforce');
    expect(lines(store, day(33))).toContain('Missing widget: an expected signature is overdue for 3 d');
  });
});

describe('status of a watch in audit mode', () => {
  const draft = (dedupeKey: string) => ({
    ...missingAlert({
      watch: { name: 'widget', severity: 'high', notify: null },
      cadenceMs: DAY,
      silentMs: DAY,
      since: 0,
      last: null,
    }),
    dedupeKey,
  });

  it('says how often it would have alerted in 7 days', () => {
    const store = stage('audit');
    saveCadences(store, []);
    expect(lines(store, day(8))).toBe('Audit widget: would not have alerted in 7 days\n');
    noteAuditAlert(store, draft('old'), day(0.9));
    noteAuditAlert(store, { ...draft('a'), kind: 'unexpected' }, day(1));
    expect(lines(store, day(8))).toBe('Audit widget: would have alerted 1 time in 7 days (unexpected 1)\n');
    noteAuditAlert(store, { ...draft('b'), kind: 'unexpected' }, day(2));
    noteAuditAlert(store, { ...draft('c'), kind: 'burst' }, day(3));
    expect(lines(store, day(8))).toBe('Audit widget: would have alerted 3 times in 7 days (unexpected 2, burst 1)\n');
  });

  it('stands in the JSON of status, and at the end of its text', () => {
    const store = stage('audit');
    noteAuditAlert(store, draft('a'), day(1));
    const json = captureIo();
    statusCommand(store, { json: true }, json, day(2));
    expect(JSON.parse(json.out())).toMatchObject({
      cadences: [{ watch: 'widget', state: 'quiet' }],
      audit: [{ watch: 'widget', days: 7, alerts: 1, kinds: { missing: 1 }, latest: { dedupe_key: 'a', index: null } }],
    });
    const text = captureIo();
    statusCommand(store, {}, text, day(2));
    expect(text.out()).toMatch(/\nCadence widget: .*\nAudit widget: .*\n$/);
  });

  it('shows a name that would change what is seen around it', () => {
    const store = openStore();
    saveWatches(store, [{ name: 'wid\u001bget', definition: '{"mode":"audit"}' }], NOW);
    expect(lines(store, NOW)).toBe('Audit wid\\u{001B}get: would not have alerted in 7 days\n');
  });
});
