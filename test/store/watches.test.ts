import { describe, expect, it } from 'vitest';
import { saveFindings } from '../../src/store/findings.ts';
import type { Store } from '../../src/store/store.ts';
import { listWatches, saveWatches, type WatchChanges } from '../../src/store/watches.ts';
import { finding, foundEntry, LATER, NOW } from './samples.ts';
import { openStore } from './temp-store.ts';

const LAST = new Date(LATER.getTime() + 60_000);

/** Loads watches, each by name and severity. */
function load(store: Store, watches: Readonly<Record<string, string>>, now: Date): WatchChanges {
  const definitions = Object.entries(watches).map(([name, severity]) => ({
    name,
    definition: JSON.stringify({ name, mode: 'enforce', severity }),
  }));
  return store.transaction(() => saveWatches(store, definitions, now));
}

const NOTHING = { added: [], changed: [], removed: [] };

describe('saveWatches()', () => {
  it('says what was added, changed and removed, and nothing when nothing was', () => {
    const store = openStore();
    expect(load(store, { b: 'high', a: 'high' }, NOW)).toEqual({ ...NOTHING, added: ['b', 'a'] });
    expect(load(store, { a: 'high', b: 'high' }, LATER)).toEqual(NOTHING);
    expect(load(store, { c: 'low', b: 'low' }, LATER)).toEqual({ added: ['c'], changed: ['b'], removed: ['a'] });
    expect(load(store, {}, LAST)).toEqual({ ...NOTHING, removed: ['b', 'c'] });
    expect(load(store, {}, LAST)).toEqual(NOTHING);
  });

  it('keeps each change with the definition that came', () => {
    const store = openStore();
    load(store, { a: 'high' }, NOW);
    load(store, { a: 'low' }, LATER);
    load(store, {}, LAST);
    expect(store.prepare('SELECT watch, change, definition, changed_at FROM watch_changes ORDER BY id').all()).toEqual([
      { watch: 'a', change: 'added', definition: '{"name":"a","mode":"enforce","severity":"high"}', changed_at: +NOW },
      {
        watch: 'a',
        change: 'changed',
        definition: '{"name":"a","mode":"enforce","severity":"low"}',
        changed_at: +LATER,
      },
      { watch: 'a', change: 'removed', definition: null, changed_at: +LAST },
    ]);
  });

  it('counts from anew for a watch that comes back', () => {
    const store = openStore();
    load(store, { a: 'high' }, NOW);
    load(store, { a: 'low' }, LATER);
    expect(listWatches(store)).toEqual([
      { name: 'a', mode: 'enforce', since: NOW.toISOString(), changed_at: LATER.toISOString() },
    ]);
    load(store, {}, LATER);
    expect(listWatches(store)).toEqual([]);
    expect(load(store, { a: 'low' }, LAST)).toEqual({ ...NOTHING, added: ['a'] });
    expect(listWatches(store)).toMatchObject([{ since: LAST.toISOString(), changed_at: LAST.toISOString() }]);
  });

  it('begins a history that is older than the record of watches with its first finding', () => {
    const store = openStore();
    saveFindings(store, foundEntry(7), [finding({ watch: 'old' })], NOW);
    saveFindings(store, foundEntry(8), [finding({ watch: 'old' })], LATER);
    load(store, { old: 'high', young: 'high' }, LAST);
    load(store, { old: 'high', young: 'high', other: 'high' }, LAST);
    expect(listWatches(store).map(({ name, since }) => [name, since])).toEqual([
      ['old', NOW.toISOString()],
      ['other', LAST.toISOString()],
      ['young', LAST.toISOString()],
    ]);
  });
});

describe('v_watches', () => {
  it('shows those that are gone too', () => {
    const store = openStore();
    load(store, { a: 'high', b: 'high' }, NOW);
    load(store, { a: 'high' }, LATER);
    expect(store.prepare('SELECT * FROM v_watches ORDER BY name').all()).toEqual([
      {
        name: 'a',
        mode: 'enforce',
        since: NOW.toISOString(),
        in_force: 1,
        definition: '{"name":"a","mode":"enforce","severity":"high"}',
        changed_at: NOW.toISOString(),
      },
      {
        name: 'b',
        mode: 'enforce',
        since: NOW.toISOString(),
        in_force: 0,
        definition: '{"name":"b","mode":"enforce","severity":"high"}',
        changed_at: LATER.toISOString(),
      },
    ]);
  });
});
