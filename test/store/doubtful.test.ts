import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import {
  countAttestationDoubts,
  doubtsOfTrust,
  dueAttestations,
  endDoubt,
  findAttestationDoubt,
  findStoredEntry,
  hasOverdue,
  prolongDoubt,
} from '../../src/store/doubtful.ts';
import { openStore, tempFolder } from './temp-store.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const AFTER = new Date('2026-11-21T13:00:00Z');

/** A database of the version before entries could wait: one entry that is unverifiable twice, and one that is expected. */
function oldDatabase(): string {
  const path = join(tempFolder(), 'old.db');
  const db = new Database(path);
  db.exec(
    `CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`,
  );
  for (const name of readdirSync('migrations').filter((file) => file < '0004')) {
    db.exec(readFileSync(join('migrations', name), 'utf8'));
    db.prepare('INSERT INTO schema_migrations VALUES (?, ?, 0)').run(Number(name.slice(0, 4)), name);
  }
  db.exec(`
    INSERT INTO sources (name, type, url, origin) VALUES ('acme', 'rekor-v1', 'https://h', 'h');
    INSERT INTO logs (origin, source, type, url, original, updated_at) VALUES ('h - 1', 'acme', 'rekor-v1', 'https://h', 1, 0);
    INSERT INTO entries (id, log, idx, global_index, uuid, kind, api_version, integrated_time, observed_at, leaf_hash, artifacts, body, extra)
    VALUES (7, 'h - 1', 3, 5, 'ab', 'dsse', '0.0.1', 9000, 5, zeroblob(32), '[]', x'626f6479', x'6578747261'),
           (8, 'h - 1', 4, 6, 'cd', 'dsse', '0.0.1', NULL, 5, zeroblob(32), '[]', x'626f6479', NULL);
    INSERT INTO findings (entry, watch, signer_position, verdict, violations, signer)
    VALUES (7, 'w', 0, 'unverifiable', '[]', '{}'), (7, 'w', 1, 'unverifiable', '[]', '{}'), (8, 'w', 0, 'expected', '[]', '{}');`);
  db.close();
  return path;
}

describe('entries that wait', () => {
  it('are, after an update, those that were unverifiable before', () => {
    const store = openStore(oldDatabase());
    expect(doubtsOfTrust(store, -1, 10)).toEqual([{ entry: 7, reason: 'trust', dueAt: new Date(0), until: null }]);
    expect([doubtsOfTrust(store, 7, 10), countAttestationDoubts(store)]).toEqual([[], 0]);
  });

  it('are found with what it takes to judge them', () => {
    const store = openStore(oldDatabase());
    expect(findStoredEntry(store, 7)).toEqual({
      id: 7,
      log: 'h - 1',
      type: 'rekor-v1',
      index: 3,
      globalIndex: 5,
      uuid: 'ab',
      leafHash: Buffer.alloc(32),
      body: Buffer.from('body'),
      extra: Buffer.from('extra'),
      issuance: null,
      integratedTime: 9,
      timeSigned: false,
      observedAt: new Date(5),
    });
    expect(findStoredEntry(store, 8)).toMatchObject({ integratedTime: null, extra: null });
    expect(findStoredEntry(store, 9)).toBeNull();
  });

  it('wait for an attestation until they are due, and longer', () => {
    const store = openStore(oldDatabase());
    const doubt = { entry: 7, reason: 'attestation', dueAt: NOW, until: AFTER } as const;
    prolongDoubt(store, doubt);
    expect(dueAttestations(store, new Date(NOW.getTime() - 1), 10)).toEqual([]);
    expect(dueAttestations(store, NOW, 10)).toEqual([doubt]);
    expect([hasOverdue(store, NOW), hasOverdue(store, AFTER)]).toEqual([false, true]);

    prolongDoubt(store, { ...doubt, dueAt: AFTER, until: new Date(0) });
    expect(findAttestationDoubt(store, 7)).toEqual({ ...doubt, dueAt: AFTER });
    endDoubt(store, doubt);
    expect([findAttestationDoubt(store, 7), countAttestationDoubts(store)]).toEqual([null, 0]);
    expect(doubtsOfTrust(store, -1, 10)).toHaveLength(1);
  });
});
