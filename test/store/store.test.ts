import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { Store } from '../../src/store/store.ts';
import { DatabaseError, toDatabaseError } from '../../src/store/database-error.ts';
import { openStore, tempFolder } from './temp-store.ts';
import { runAll } from './run-script.ts';

const MIGRATIONS = readdirSync('migrations').sort();

describe('Store.open()', () => {
  it('makes the file, and folders that only the owner may enter', () => {
    const folder = join(tempFolder(), 'new', 'deeper');
    const store = openStore(join(folder, 'sigwatch.db'));
    expect(store.path).toBe(join(folder, 'sigwatch.db'));
    expect([folder, join(folder, '..')].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  it('leaves a folder that exists as it is', () => {
    const folder = tempFolder();
    chmodSync(folder, 0o750);
    openStore(join(folder, 'sigwatch.db'));
    expect(statSync(folder).mode & 0o777).toBe(0o750);
  });

  it('writes ahead, waits for the disk and at most half a second for others, and checks references', () => {
    const { db } = openStore();
    const settings = ['journal_mode', 'synchronous', 'busy_timeout', 'foreign_keys'];
    expect(settings.map((name) => db.pragma(name, { simple: true }))).toEqual(['wal', 2, 500, 1]);
  });

  it('runs every migration once, in order, and records it', () => {
    const first = openStore();
    const query = 'SELECT version, name FROM schema_migrations ORDER BY version';
    const recorded = first.prepare(query).all();
    expect(recorded).toEqual(MIGRATIONS.map((name) => ({ version: Number(name.slice(0, 4)), name })));
    expect(openStore(first.path).prepare(query).all()).toEqual(recorded);
    expect(first.prepare('SELECT count(*) AS n FROM schema_migrations WHERE applied_at > 1.7e12').get()).toEqual({
      n: MIGRATIONS.length,
    });
  });

  it('refuses a database that a newer program wrote, and leaves it as it is', () => {
    const { path, db } = openStore();
    db.exec(`INSERT INTO schema_migrations (version, name, applied_at) VALUES (9999, '9999-later.sql', 0)`);
    db.close();
    const before = readFileSync(path);
    const refusal = new DatabaseError(
      `Cannot use database "${path}": it was written by a newer sigwatch (it has "9999-later.sql"); use that version or newer`,
    );
    expect(() => Store.open(path)).toThrow(refusal);
    expect(() => Store.open(path, { readonly: true })).toThrow(refusal);
    expect(readFileSync(path)).toEqual(before);
  });

  it("refuses another program's database, and leaves it as it is", () => {
    const path = join(tempFolder(), 'other.db');
    new Database(path).exec('CREATE TABLE theirs (a)').close();
    const before = readFileSync(path);
    expect(() => Store.open(path)).toThrow(
      new DatabaseError(
        `Cannot use database "${path}": it holds tables of another program; name another file as \`database\``,
      ),
    );
    expect(readFileSync(path)).toEqual(before);
  });

  it('refuses a file that is no database', () => {
    const path = join(tempFolder(), 'notes.txt');
    writeFileSync(path, 'These are my notes, not a database. '.repeat(100));
    expect(() => Store.open(path)).toThrow(
      new DatabaseError(
        `Cannot open database "${path}": the file is no SQLite database; name another one as \`database\``,
      ),
    );
  });

  it('refuses a folder that cannot be made', () => {
    const path = join(tempFolder(), 'file');
    writeFileSync(path, '');
    expect(() => Store.open(join(path, 'sigwatch.db'))).toThrow(DatabaseError);
    expect(() => Store.open(join(path, 'sigwatch.db'))).toThrow(
      /^Cannot make the folder of database ".*": EEXIST|ENOTDIR/,
    );
  });

  it('lets processes that start at once set up one database', async () => {
    const path = join(tempFolder(), 'sigwatch.db');
    const results = await runAll(8, 'open-database.ts', path);
    expect(results).toEqual(
      Array.from({ length: 8 }, () => ({ status: 0, stdout: `${MIGRATIONS.length}\n`, stderr: '' })),
    );
  });
});

describe('Store.open() to read', () => {
  it('makes no file where there is none, and says what makes it', () => {
    const folder = tempFolder();
    const path = join(folder, 'none', 'sigwatch.db');
    expect(() => Store.open(path, { readonly: true })).toThrow(
      new DatabaseError(`Cannot read database "${path}": there is none yet; \`sigwatch run\` makes it`),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses tables that are not set up yet', () => {
    const path = join(tempFolder(), 'sigwatch.db');
    writeFileSync(path, '');
    expect(() => Store.open(path, { readonly: true })).toThrow(
      new DatabaseError(
        `Cannot read database "${path}": its tables are not those of this sigwatch; \`sigwatch run\` brings them up to date`,
      ),
    );
  });

  it('reads what is committed while a daemon writes', () => {
    const writer = openStore();
    const reader = openStore(writer.path, { readonly: true });
    const count = reader.prepare('SELECT count(*) AS n FROM sources');
    const insert = writer.prepare(`INSERT INTO sources (name, type, url, origin) VALUES (@name, '', '', '')`);
    const seen = writer.transaction(() => {
      insert.run({ name: 'a' });
      return count.get();
    });
    expect([seen, count.get()]).toEqual([{ n: 0 }, { n: 1 }]);
    expect(() => reader.db.exec('DELETE FROM sources')).toThrow('attempt to write a readonly database');
  });

  it('opens while a daemon holds the write lock', () => {
    const writer = openStore();
    writer.db.exec('BEGIN IMMEDIATE');
    expect(openStore(writer.path, { readonly: true }).prepare('SELECT 1 AS one').get()).toEqual({ one: 1 });
  });

  it('says what to do when the files beside the database cannot be made', () => {
    const { path, db } = openStore();
    db.close();
    mkdirSync(`${path}-wal`);
    expect(() => Store.open(path, { readonly: true })).toThrow(
      new DatabaseError(
        `Cannot read database "${path}": unable to open database file; while no daemon runs, SQLite has to make ` +
          `"${path}-shm" and "${path}-wal" to read it: run this as the user who owns the folder, or start the daemon`,
      ),
    );
  });
});

describe('Store.transaction()', () => {
  const insert = `INSERT INTO sources (name, type, url, origin) VALUES (@name, '', '', '')`;
  const names = 'SELECT name FROM sources ORDER BY name';

  it('returns what the function returns, and keeps what it wrote', () => {
    const store = openStore();
    expect(store.transaction(() => store.prepare(insert).run({ name: 'a' }).changes)).toBe(1);
    expect(store.prepare(names).all()).toEqual([{ name: 'a' }]);
  });

  it('undoes everything when the function throws', () => {
    const store = openStore();
    const failing = (): void => {
      store.prepare(insert).run({ name: 'a' });
      throw new RangeError('no');
    };
    expect(() => {
      store.transaction(failing);
    }).toThrow(new RangeError('no'));
    expect(store.prepare(names).all()).toEqual([]);
  });

  it('is a part of the transaction it is called in', () => {
    const store = openStore();
    store.transaction(() => {
      store.prepare(insert).run({ name: 'a' });
      expect(() =>
        store.transaction(() => {
          store.prepare(insert).run({ name: 'b' });
          return store.prepare(insert).run({ name: 'a' }).changes;
        }),
      ).toThrow('UNIQUE');
      return store.prepare(insert).run({ name: 'c' }).changes;
    });
    expect(store.prepare(names).all()).toEqual([{ name: 'a' }, { name: 'c' }]);
  });

  it('takes the write lock at its beginning, and gives up when another process keeps it', () => {
    const store = openStore();
    const other = openStore(store.path);
    store.db.exec('BEGIN IMMEDIATE');
    expect(() => other.transaction(() => 1)).toThrow('database is locked');
  });

  it('leaves no trace of a transaction that a crash cut off', () => {
    const store = openStore();
    store.prepare(insert).run({ name: 'before' });
    const copy = join(tempFolder(), 'copy.db');
    store.transaction(() => {
      store.prepare(insert).run({ name: 'half' });
      // What a killed process leaves behind: the file and its write-ahead log.
      copyFileSync(store.path, copy);
      copyFileSync(`${store.path}-wal`, `${copy}-wal`);
      return 0;
    });
    expect(openStore(copy).prepare(names).all()).toEqual([{ name: 'before' }]);
    expect(existsSync(`${copy}-shm`)).toBe(true);
  });
});

describe('Store.prepare()', () => {
  it('prepares equal statements once', () => {
    const store = openStore();
    expect(store.prepare('SELECT 1')).toBe(store.prepare('SELECT 1'));
  });

  it('keeps every whole number up to 2^53−1', () => {
    const store = openStore();
    const counts = [2 ** 31, 2 ** 32 + 1, 2 ** 51 + 1, 2 ** 53 - 1];
    const insert = store.prepare('INSERT INTO entry_counts (log, kind, count) VALUES (@log, @kind, @count)');
    store.transaction(() => {
      counts.forEach((count) => insert.run({ log: 'l', kind: String(count), count }));
      return 0;
    });
    expect(store.prepare('SELECT count FROM entry_counts ORDER BY count').all()).toEqual(
      counts.map((count) => ({ count })),
    );
  });
});

describe('toDatabaseError()', () => {
  it.each(['SQLITE_FULL', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_IOERR_WRITE', 'SQLITE_READONLY_DBMOVED'])(
    'takes %s for a trouble of the machine',
    (code) => {
      const error = new Database.SqliteError('as SQLite says', code);
      expect(toDatabaseError(error)).toEqual(new DatabaseError(`Cannot use the database (${code}): as SQLite says`));
    },
  );

  it('takes nothing else for one', () => {
    const known = new DatabaseError('known');
    const others = [new Database.SqliteError('no such table', 'SQLITE_ERROR'), new Error('SQLITE_FULL'), undefined];
    expect([toDatabaseError(known), ...others.map(toDatabaseError)]).toEqual([known, null, null, null]);
  });
});
