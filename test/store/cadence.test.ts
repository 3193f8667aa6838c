import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../../src/store/checkpoints.ts';
import {
  forgetFuture,
  listCadences,
  listVerified,
  saveCadences,
  saveExpected,
  saveTold,
  type AwaitedWatch,
} from '../../src/store/cadence.ts';
import { hideLogs, saveFailure, saveVerified, stopLog } from '../../src/store/logs.ts';
import { recordSource, saveConfigured, saveSourceError } from '../../src/store/sources.ts';
import type { Store } from '../../src/store/store.ts';
import { saveWatches } from '../../src/store/watches.ts';
import { checkpointOf, LATER, LOG, NOW, registerSource, verifiedLog } from './samples.ts';
import { openStore, tempFolder } from './temp-store.ts';

const AT = NOW.getTime();
const after = (seconds: number) => new Date(AT + seconds * 1000);
const entry = (at: number, index = 1) => ({ at, log: LOG, index });

/** Puts watches in force, as loading them does. */
function load(store: Store, watches: readonly AwaitedWatch[], now = NOW): readonly string[] {
  const ended = saveCadences(store, watches);
  saveWatches(
    store,
    watches.map(({ name }) => ({ name, definition: '{}' })),
    now,
  );
  return ended;
}

const widget = { name: 'widget', cadenceMs: 1000 };
const other = { name: 'other', cadenceMs: null };

describe('saveCadences()', () => {
  it('lists the watches that await something, since when each is in force', () => {
    const store = openStore();
    load(store, [widget, other]);
    load(store, [widget, { name: 'late', cadenceMs: 5 }, other], LATER);
    expect(listCadences(store)).toEqual([
      { watch: 'late', cadenceMs: 5, since: LATER.getTime(), last: null, toldAs: null },
      { watch: 'widget', cadenceMs: 1000, since: AT, last: null, toldAs: null },
    ]);
  });

  it('keeps what was expected of a watch that changes, or awaits something only now', () => {
    const store = openStore();
    load(store, [widget, other]);
    saveExpected(store, 'widget', entry(AT), LATER);
    saveExpected(store, 'other', entry(AT + 1, 2), LATER);
    load(store, [
      { ...widget, cadenceMs: 2000 },
      { ...other, cadenceMs: 7 },
    ]);
    expect(listCadences(store)).toMatchObject([
      { watch: 'other', cadenceMs: 7, last: entry(AT + 1, 2) },
      { watch: 'widget', cadenceMs: 2000, last: entry(AT) },
    ]);
  });

  it('forgets it of a watch that was gone: nobody looked for its entries in the meantime', () => {
    const store = openStore();
    load(store, [widget]);
    saveExpected(store, 'widget', entry(AT), LATER);
    load(store, []);
    expect(listCadences(store)).toEqual([]);
    load(store, [widget], LATER);
    expect(listCadences(store)).toMatchObject([{ since: LATER.getTime(), last: null }]);
  });

  it('names those of which it was told that something is missing, once they are gone or await nothing', () => {
    const store = openStore();
    const watches = ['a', 'b', 'c', 'd'].map((name) => ({ name, cadenceMs: 5 }));
    load(store, watches);
    for (const name of ['a', 'b', 'c']) {
      saveTold(store, name, 'enforce');
    }
    const awaitsNothing = { name: 'b', cadenceMs: null };
    expect(load(store, [...watches.slice(2), awaitsNothing])).toEqual(['a', 'b']);
    expect(load(store, [...watches.slice(2), awaitsNothing])).toEqual([]);
    load(store, watches);
    expect(listCadences(store).map(({ toldAs }) => toldAs)).toEqual([null, null, 'enforce', null]);
  });
});

describe('saveExpected()', () => {
  it('keeps the latest, whatever the order they come in', () => {
    const store = openStore();
    load(store, [widget]);
    for (const at of [5, 9, 7, 9]) {
      saveExpected(store, 'widget', entry(AT + at, at), LATER);
    }
    expect(listCadences(store)).toMatchObject([{ last: entry(AT + 9, 9) }]);
  });

  it('ends a silence that was told, unless what is expected was made before it', () => {
    const store = openStore();
    load(store, [widget]);
    saveExpected(store, 'widget', entry(AT), LATER);
    saveTold(store, 'widget', 'audit');
    expect(saveExpected(store, 'widget', entry(AT - 1), LATER)).toBe(false);
    expect(listCadences(store)).toMatchObject([{ toldAs: 'audit' }]);
    expect(saveExpected(store, 'widget', entry(AT + 1), LATER)).toBe(true);
    expect(listCadences(store)).toMatchObject([{ toldAs: null }]);
    expect(saveExpected(store, 'widget', entry(AT + 2), LATER)).toBe(false);
  });
});

describe('a clock that ran ahead', () => {
  it('left an entry of the future, which the next one replaces', () => {
    const store = openStore();
    load(store, [widget]);
    saveExpected(store, 'widget', entry(AT + 100_000, 1), after(100));
    saveExpected(store, 'widget', entry(AT - 5, 2), NOW);
    saveExpected(store, 'widget', entry(AT - 6, 3), NOW);
    expect(listCadences(store)).toMatchObject([{ last: entry(AT - 5, 2) }]);
  });

  it('left a watch that is in force only in the future', () => {
    const store = openStore();
    load(store, [widget], after(100));
    load(store, [widget, { name: 'young', cadenceMs: 5 }], after(-5));
    forgetFuture(store, NOW);
    expect(listCadences(store)).toMatchObject([
      { watch: 'widget', since: AT },
      { watch: 'young', since: AT - 5000 },
    ]);
  });
});

describe('listVerified()', () => {
  const shown = (store: Store) => listVerified(store).map(({ origin, verifiedTo }) => [origin, verifiedTo]);

  it('puts the log first that is verified least far', () => {
    const store = openStore();
    verifiedLog(store, 'a', 0, 5, 'one');
    verifiedLog(store, 'b', 0, 5, 'two');
    saveVerified(store, 'a', checkpointOf('a', 5), false, LATER);
    expect(shown(store)).toEqual([
      ['b', AT],
      ['a', LATER.getTime()],
    ]);
    registerSource(store, 'three', ['c']);
    recordSource(store, { name: 'silent', type: 'rekor-v1', url: 'https://silent', origin: 'silent.example' });
    expect(shown(store).slice(0, 2)).toEqual([
      ['c', null],
      ['silent.example', null],
    ]);
  });

  it('counts a log only as far as the checkpoint was shown that is verified: a catch-up may take days', () => {
    const store = openStore();
    verifiedLog(store, LOG, 0, 5);
    saveCheckpoint(store, checkpointOf(LOG, 5), NOW);
    saveVerified(store, LOG, checkpointOf(LOG, 5), false, LATER);
    expect(shown(store)).toEqual([[LOG, AT]]);
    saveCheckpoint(store, checkpointOf(LOG, 5), after(7200));
    expect(shown(store)).toEqual([[LOG, LATER.getTime()]]);
  });

  it.each(['unreachable', 'misbehaving'] as const)('stands still at a log that is %s', (state) => {
    const store = openStore();
    verifiedLog(store, LOG, 0, 5);
    saveFailure(store, LOG, state, 'no', LATER);
    expect(shown(store)).toEqual([[LOG, AT]]);
  });

  it('stands still at a source that cannot be asked for its logs: it may have one more', () => {
    const store = openStore();
    verifiedLog(store, LOG, 0, 5);
    saveVerified(store, LOG, checkpointOf(LOG, 5), false, after(90));
    saveSourceError(store, LOG, 'no answer', after(60));
    expect(shown(store)).toEqual([[LOG, AT + 60_000]]);
    saveSourceError(store, LOG, null, after(120));
    expect(shown(store)).toEqual([[LOG, AT + 90_000]]);
    saveSourceError(store, LOG, 'bad signature', after(150), 'misbehaving');
    expect(shown(store)).toEqual([[LOG, null]]);
  });

  it('does not count what is left out of the configuration', () => {
    const store = openStore();
    verifiedLog(store, 'a', 0, 5, 'one');
    verifiedLog(store, 'b', 0, 5, 'two');
    hideLogs(store, 'one', { leftOut: ['a'], served: ['a'] });
    expect(shown(store)).toEqual([['b', AT]]);
    saveSourceError(store, 'one', 'no answer', NOW);
    expect(shown(store)).toEqual([['b', AT]]);
    saveConfigured(store, ['one']);
    expect(shown(store)).toEqual([]);
  });

  it('does not count a log that ended, unless it grew all the same', () => {
    const store = openStore();
    verifiedLog(store, LOG, 0, 5);
    saveVerified(store, LOG, checkpointOf(LOG, 5), true, NOW);
    saveFailure(store, LOG, 'unreachable', 'gone', LATER);
    expect(shown(store)).toEqual([]);
    stopLog(store, LOG, 'alert-1', LATER);
    expect(shown(store)).toEqual([[LOG, AT]]);
  });

  it('does not count CT logs, which hold no signatures', () => {
    const store = openStore();
    recordSource(store, { name: 'ct', type: 'ct', url: 'https://ct.example', origin: 'ct.example' });
    expect(shown(store)).toEqual([]);
  });
});

describe('an update', () => {
  it('takes the last expected entry of each watch from the history', () => {
    const path = join(tempFolder(), 'old.db');
    const db = new Database(path);
    db.exec(
      'CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
    );
    for (const name of readdirSync('migrations').filter((file) => file < '0005')) {
      db.exec(readFileSync(join('migrations', name), 'utf8'));
      db.prepare('INSERT INTO schema_migrations VALUES (?, ?, 0)').run(Number(name.slice(0, 4)), name);
    }
    db.exec(`
      INSERT INTO entries (id, log, idx, kind, api_version, integrated_time, observed_at, leaf_hash, artifacts, body, issuance)
      VALUES (1, 'h', 1, 'dsse', '0.0.1', 3000, 9000, zeroblob(32), '[]', x'00', NULL),
             (2, 'h', 2, 'dsse', '0.0.1', NULL, 5000, zeroblob(32), '[]', x'00', NULL),
             (3, 'h', 3, 'dsse', '0.0.1', 99999999, 4000, zeroblob(32), '[]', x'00', NULL),
             (4, 'ct', 4, 'certificate', '', NULL, 8000, zeroblob(32), '[]', x'00', 'ab');
      INSERT INTO findings (entry, watch, signer_position, verdict, violations, signer)
      VALUES (1, 'w', 0, 'expected', '[]', '{}'), (2, 'w', 0, 'expected', '[]', '{}'), (3, 'w', 0, 'expected', '[]', '{}'),
             (4, 'w', 0, 'expected', '[]', '{}'), (1, 'v', 0, 'expected', '[]', '{}'), (2, 'v', 0, 'unexpected', '[]', '{}'),
             (3, 'u', 0, 'observed', '[]', '{}'), (2, 't', 0, 'forged', '[]', '{}');`);
    db.close();
    const store = openStore(path);
    load(
      store,
      ['t', 'u', 'v', 'w'].map((name) => ({ name, cadenceMs: 5 })),
    );
    expect(listCadences(store).map(({ watch, last }) => [watch, last])).toEqual([
      ['t', null],
      ['u', { at: 4000, log: 'h', index: 3 }],
      ['v', { at: 3000, log: 'h', index: 1 }],
      ['w', { at: 5000, log: 'h', index: 2 }],
    ]);
  });
});
