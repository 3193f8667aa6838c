import { describe, expect, it } from 'vitest';
import { countKinds } from '../../src/store/counts.ts';
import { raiseAlert } from '../../src/store/alerts.ts';
import { findAlertOfEntry, saveFindings } from '../../src/store/findings.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { branchDraft } from '../support/alert-drafts.ts';
import { finding, foundEntry, LATER, LOG, NOW } from './samples.ts';
import { openStore } from './temp-store.ts';

describe('saveFindings()', () => {
  it('keeps the entry whole', () => {
    const store = openStore();
    const entry = foundEntry(7, { globalIndex: 2 ** 40, uuid: 'ab'.repeat(40), integratedTime: 1_700_000_000 });
    saveFindings(store, entry, [finding()], NOW);
    expect(store.prepare('SELECT * FROM entries').all()).toEqual([
      {
        id: 1,
        log: LOG,
        idx: 7,
        global_index: 2 ** 40,
        uuid: 'ab'.repeat(40),
        kind: 'hashedrekord',
        api_version: '0.0.2',
        integrated_time: 1_700_000_000_000,
        observed_at: NOW.getTime(),
        time_signed: 0,
        leaf_hash: entry.leafHash,
        artifacts: JSON.stringify(entry.artifacts),
        body: entry.body,
        extra: null,
        issuance: null,
      },
    ]);
  });

  it('keeps whether the log signed its time', () => {
    const store = openStore();
    saveFindings(store, foundEntry(7, { isTimeSigned: true }), [finding()], NOW);
    saveFindings(store, foundEntry(8), [finding()], NOW);
    expect(store.prepare('SELECT idx, time_signed FROM entries ORDER BY idx').all()).toEqual([
      { idx: 7, time_signed: 1 },
      { idx: 8, time_signed: 0 },
    ]);
  });

  it('changes nothing when it is repeated', () => {
    const store = openStore();
    const everything = 'SELECT * FROM v_history ORDER BY watch, signer';
    const findings = [finding(), finding({ watch: 'other', alert: 'alert-1' }), finding({ signerPosition: 1 })];
    saveFindings(store, foundEntry(7), findings, NOW);
    const before = store.prepare(everything).all();
    saveFindings(store, foundEntry(7), [...findings, finding({ verdict: 'forged' })], LATER);
    expect(store.prepare(everything).all()).toEqual(before);
    expect(before).toHaveLength(3);
  });

  it('adds what further watches find in an entry', () => {
    const store = openStore();
    saveFindings(store, foundEntry(7), [finding()], NOW);
    saveFindings(store, foundEntry(7), [finding({ watch: 'other' })], LATER);
    expect(store.prepare('SELECT entry, watch FROM findings ORDER BY id').all()).toEqual([
      { entry: 1, watch: 'widget-release' },
      { entry: 1, watch: 'other' },
    ]);
  });

  it('keeps no entry in which nothing was found', () => {
    const store = openStore();
    saveFindings(store, foundEntry(7), [], NOW);
    expect(store.prepare('SELECT * FROM entries').all()).toEqual([]);
  });

  it.each([-1, 0.5, NaN, Infinity, 253_402_300_800, Number.MAX_SAFE_INTEGER])(
    'leaves out an integrated time of %d seconds, which is none',
    (integratedTime) => {
      const store = openStore();
      saveFindings(store, foundEntry(7, { integratedTime }), [finding()], NOW);
      expect(store.prepare('SELECT integrated_time FROM v_history').all()).toEqual([{ integrated_time: null }]);
    },
  );

  it('leaves out claims that are absent', () => {
    const store = openStore();
    const signer = { type: 'public-key', chain: null, fingerprint: 'ef'.repeat(32), issuer: null };
    saveFindings(store, foundEntry(7), [finding({ signer })], NOW);
    expect(store.prepare('SELECT signer FROM findings').all()).toEqual([
      { signer: `{"type":"public-key","chain":null,"fingerprint":"${'ef'.repeat(32)}"}` },
    ]);
  });
});

describe('findAlertOfEntry()', () => {
  it('finds the alert of the same issuance with the same key, and no other', () => {
    const store = openStore();
    const { alert } = raiseAlert(store, branchDraft(), NOW);
    const extra = Buffer.from('what came with it');
    saveFindings(store, foundEntry(7, { issuance: 'aa', extra }), [finding({ alert: alert.id })], NOW);
    saveFindings(store, foundEntry(8, { issuance: 'bb' }), [finding({ alert: null })], NOW);
    const elsewhere = foundEntry(9);
    expect(findAlertOfEntry(store, { ...elsewhere, issuance: 'aa' }, alert.dedupeKey)).toBe(alert.id);
    expect(findAlertOfEntry(store, { ...elsewhere, issuance: 'aa' }, 'another')).toBeNull();
    expect(findAlertOfEntry(store, { ...elsewhere, issuance: 'bb' }, alert.dedupeKey)).toBeNull();
    expect(findAlertOfEntry(store, elsewhere, alert.dedupeKey)).toBeNull();
    expect(store.prepare('SELECT extra, issuance FROM entries ORDER BY idx').all()).toEqual([
      { extra, issuance: 'aa' },
      { extra: null, issuance: 'bb' },
    ]);
  });

  it('finds the alert of the same entry with the same key, and not of another one at its place', () => {
    const store = openStore();
    const { alert } = raiseAlert(store, branchDraft(), NOW);
    const entry = foundEntry(7);
    saveFindings(store, entry, [finding({ alert: alert.id })], NOW);
    expect(findAlertOfEntry(store, entry, alert.dedupeKey)).toBe(alert.id);
    expect(findAlertOfEntry(store, entry, 'another')).toBeNull();
    expect(findAlertOfEntry(store, { ...entry, log: 'other.test' }, alert.dedupeKey)).toBeNull();
    expect(findAlertOfEntry(store, { ...entry, index: 8 }, alert.dedupeKey)).toBeNull();
    expect(findAlertOfEntry(store, { ...entry, leafHash: sha256(Buffer.from('x')) }, alert.dedupeKey)).toBeNull();
  });
});

describe('countKinds()', () => {
  const counted = 'SELECT log, kind, count FROM entry_counts ORDER BY log, kind';

  it('adds up, for each log', () => {
    const store = openStore();
    countKinds(store, 'a', new Map([['dsse', 2]]));
    countKinds(store, 'a', new Map([['dsse', 3], ['unparsable', 1]])); // prettier-ignore
    countKinds(store, 'b', new Map([['dsse', 2 ** 40]]));
    expect(store.prepare(counted).all()).toEqual([
      { log: 'a', kind: 'dsse', count: 5 },
      { log: 'a', kind: 'unparsable', count: 1 },
      { log: 'b', kind: 'dsse', count: 2 ** 40 },
    ]);
  });

  it('counts kinds beyond the 64th together', () => {
    const store = openStore();
    const kinds = Array.from({ length: 70 }, (_, index) => `kind ${index}`);
    countKinds(store, 'a', new Map(kinds.map((kind) => [kind, 1])));
    countKinds(store, 'a', new Map([['kind 3', 1], ['kind 69', 1]])); // prettier-ignore
    const rows = store.prepare<{ kind: string; count: number }>(counted).all();
    expect(rows).toHaveLength(65);
    expect(rows.filter(({ kind }) => ['kind 3', 'kind 69', 'other'].includes(kind))).toEqual([
      { log: 'a', kind: 'kind 3', count: 2 },
      { log: 'a', kind: 'other', count: 7 },
    ]);
  });
});
