import { describe, expect, it } from 'vitest';
import type { AlertDraft } from '../../src/alert/alert.ts';
import { isFound, listAudits, noteAuditAlert, pruneAuditAlerts } from '../../src/store/audit-alerts.ts';
import { saveFindings } from '../../src/store/findings.ts';
import type { Store } from '../../src/store/store.ts';
import { saveWatches } from '../../src/store/watches.ts';
import { finding, foundEntry, LATER, LOG, NOW } from './samples.ts';
import { openStore } from './temp-store.ts';

const BEFORE = new Date(NOW.getTime() - 1);

function draft(dedupeKey: string, differing: Partial<AlertDraft> = {}): AlertDraft {
  return {
    class: 'identity',
    kind: 'unexpected',
    severity: 'high',
    watch: 'widget',
    title: `widget: ${dedupeKey}`,
    summary: '',
    log: LOG,
    index: 3,
    violations: [],
    signer: null,
    artifacts: [],
    dedupeKey,
    links: { entry: null, run: null, commit: null },
    evidence: null,
    notify: null,
    ...differing,
  };
}

function audit(store: Store, ...names: readonly string[]): void {
  saveWatches(
    store,
    [...names.map((name) => ({ name, definition: '{"mode":"audit"}' })), { name: 'strict', definition: '{}' }],
    NOW,
  );
}

describe('what a watch in audit mode would have told', () => {
  it('is counted by kind, the most first: what would have folded into one alert once', () => {
    const store = openStore();
    audit(store, 'widget', 'idle');
    noteAuditAlert(store, draft('one'), NOW);
    noteAuditAlert(store, draft('burst', { kind: 'burst', index: null, log: null }), NOW);
    noteAuditAlert(store, draft('two', { index: 5 }), NOW);
    noteAuditAlert(store, draft('one', { index: 9, severity: 'critical' }), LATER);
    const [idle, widget, ...others] = listAudits(store, NOW);
    expect(others).toEqual([]);
    expect(idle).toEqual({ watch: 'idle', alerts: 0, kinds: {}, latest: null });
    expect(widget).toEqual({
      watch: 'widget',
      alerts: 3,
      kinds: { unexpected: 2, burst: 1 },
      latest: {
        kind: 'unexpected',
        severity: 'critical',
        title: 'widget: one',
        log: LOG,
        index: 3,
        occurrences: 2,
        first_seen: NOW.toISOString(),
        last_seen: LATER.toISOString(),
        dedupe_key: 'one',
      },
    });
    expect(Object.keys(widget?.kinds ?? {})).toEqual(['unexpected', 'burst']);
  });

  it('counts what was seen since, and only of watches that still audit', () => {
    const store = openStore();
    audit(store, 'widget');
    noteAuditAlert(store, draft('old'), BEFORE);
    noteAuditAlert(store, draft('new'), NOW);
    noteAuditAlert(store, draft('other', { watch: 'strict' }), NOW);
    expect(listAudits(store, NOW)).toMatchObject([{ watch: 'widget', alerts: 1, latest: { dedupe_key: 'new' } }]);
    audit(store);
    expect(listAudits(store, NOW)).toEqual([]);
  });

  it('is forgotten some time after it was last seen', () => {
    const store = openStore();
    audit(store, 'widget');
    noteAuditAlert(store, draft('old'), BEFORE);
    noteAuditAlert(store, draft('again'), BEFORE);
    noteAuditAlert(store, draft('again'), NOW);
    expect(pruneAuditAlerts(store, NOW)).toBe(1);
    expect(listAudits(store, new Date(0))).toMatchObject([{ alerts: 1, latest: { dedupe_key: 'again' } }]);
  });

  it('shows to people who query the database', () => {
    const store = openStore();
    noteAuditAlert(store, draft('one'), NOW);
    expect(store.prepare('SELECT * FROM v_audit_alerts').all()).toEqual([
      {
        watch: 'widget',
        kind: 'unexpected',
        severity: 'high',
        title: 'widget: one',
        log: LOG,
        index: 3,
        occurrences: 1,
        first_seen: NOW.toISOString(),
        last_seen: NOW.toISOString(),
        dedupe_key: 'one',
      },
    ]);
  });
});

describe('isFound()', () => {
  it('knows what was found in the same entry, or in the other one of its issuance', () => {
    const store = openStore();
    const entry = foundEntry(7, { issuance: 'ab' });
    saveFindings(store, entry, [finding({ verdict: 'unexpected', signerPosition: 1 })], NOW);
    const judgement = { watch: 'widget-release', signer: 1, verdict: 'unexpected' } as const;
    expect(isFound(store, entry, judgement)).toBe(true);
    expect(isFound(store, foundEntry(8, { issuance: 'ab' }), judgement)).toBe(true);
    expect([
      isFound(store, foundEntry(8, { issuance: 'cd' }), judgement),
      isFound(store, foundEntry(8), judgement),
      isFound(store, entry, { ...judgement, watch: 'other' }),
      isFound(store, entry, { ...judgement, signer: 0 }),
      isFound(store, entry, { ...judgement, verdict: 'forged' }),
    ]).toEqual([false, false, false, false, false]);
  });
});
