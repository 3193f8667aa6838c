import { describe, expect, it } from 'vitest';
import { readStatus } from '../../src/store/status.ts';
import { saveUnparsable, type FoundUnparsable } from '../../src/store/unparsable.ts';
import { leafHash } from '../../src/tlog/hash.ts';
import { LATER, LOG, NOW } from './samples.ts';
import { openStore } from './temp-store.ts';

const unparsable = (index: number, body: Buffer, differing: Partial<FoundUnparsable> = {}): FoundUnparsable => ({
  log: LOG,
  index,
  kind: null,
  apiVersion: null,
  problem: 'Cannot parse it',
  unread: false,
  leafHash: leafHash(body),
  body,
  ...differing,
});

const TOTALS = 'SELECT unread, kept, kept_bytes, dropped FROM unparsable_totals ORDER BY unread';
const NONE = { kept: 0, kept_bytes: 0, dropped: 0 };

describe('saveUnparsable()', () => {
  it('keeps the entry whole, once', () => {
    const store = openStore();
    const body = Buffer.from([0, 0xff, 0x1b]);
    const entry = unparsable(3, body, { kind: 'dsse', apiVersion: '9.9.9', unread: true });
    expect([saveUnparsable(store, entry, NOW), saveUnparsable(store, entry, LATER)]).toEqual(['kept', 'kept']);
    expect(store.prepare('SELECT * FROM unparsable').all()).toEqual([
      {
        log: LOG,
        idx: 3,
        kind: 'dsse',
        api_version: '9.9.9',
        problem: 'Cannot parse it',
        unread: 1,
        leaf_hash: leafHash(body),
        observed_at: NOW.getTime(),
        body,
      },
    ]);
    expect(store.prepare(TOTALS).all()).toEqual([
      { unread: 0, ...NONE },
      { unread: 1, kept: 1, kept_bytes: 3, dropped: 0 },
    ]);
  });

  it('keeps both entries that a forked log shows at one place', () => {
    const store = openStore();
    for (const text of ['one', 'two']) {
      saveUnparsable(store, unparsable(3, Buffer.from(text)), NOW);
    }
    expect(store.prepare('SELECT body FROM unparsable').all()).toHaveLength(2);
  });

  it('only counts entries beyond 10,000 of a sort, and says which was the first', () => {
    const store = openStore();
    const body = Buffer.from('x');
    const results = store.transaction(() =>
      Array.from({ length: 10_002 }, (_, index) => saveUnparsable(store, unparsable(index, body), NOW)),
    );
    expect([results.indexOf('full'), results.indexOf('dropped'), results.length]).toEqual([10_000, 10_001, 10_002]);
    expect(saveUnparsable(store, unparsable(7, body, { unread: true, log: 'other' }), NOW)).toBe('kept');
    expect(store.prepare('SELECT count(*) AS n FROM unparsable').get()).toEqual({ n: 10_001 });
    expect(store.prepare(TOTALS).all()).toEqual([
      { unread: 0, kept: 10_000, kept_bytes: 10_000, dropped: 2 },
      { unread: 1, kept: 1, kept_bytes: 1, dropped: 0 },
    ]);
    // What is only of a kind that is not known is no fault.
    expect(readStatus(store).unparsable).toBe(10_002);
  });

  it('only counts an entry that does not fit into 64 MiB, and keeps a smaller one after it', () => {
    const store = openStore();
    const sizes = [40 * 1024 * 1024, 24 * 1024 * 1024 + 1, 24 * 1024 * 1024, 1];
    const results = sizes.map((size, index) => saveUnparsable(store, unparsable(index, Buffer.alloc(size)), NOW));
    expect(results).toEqual(['kept', 'full', 'kept', 'dropped']);
    expect(store.prepare(TOTALS).all()).toEqual([
      { unread: 0, kept: 2, kept_bytes: 64 * 1024 * 1024, dropped: 2 },
      { unread: 1, ...NONE },
    ]);
  });
});
