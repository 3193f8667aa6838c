import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { DatabaseError } from './database-error.ts';
import { makeFolder } from './make-folder.ts';
import { migrate, requireCurrent, requireKnown } from './migrate.ts';

/** How long a statement waits for another process's lock. It blocks the event loop, so it is short. */
const BUSY_TIMEOUT_MS = 500;

/** How often a transaction waits that long before it gives up. */
const WRITE_TRIES = 4;

/** How often opening is tried again while another process sets up the same file. */
const OPEN_TRIES = 10;
const OPEN_PAUSE_MS = 50;

/** A write-ahead log that a slow reader made grow is cut back to this when it is done. */
const MAX_IDLE_WAL_BYTES = 64 * 1024 * 1024;

type SqlValue = string | number | bigint | Buffer | null;

/** A prepared statement with parameters by name; rows as the SQL beside it says. */
export type Query<Row> = Database.Statement<[parameters?: Readonly<Record<string, SqlValue>>], Row>;

/** The one SQLite file. Synchronous: nothing can be awaited while a lock is held. */
export class Store {
  readonly db: Database.Database;
  readonly #queries = new Map<string, Query<unknown>>();

  private constructor(db: Database.Database) {
    this.db = db;
  }

  /**
   * Opens the database, made (with its folder) and brought up to date if need be. With `readonly` it must exist and
   * nothing is changed; that works beside a daemon that writes. Throws DatabaseError.
   */
  static open(path: string, options: { readonly readonly?: boolean } = {}): Store {
    return new Store(options.readonly === true ? openToRead(path) : openToWrite(path));
  }

  /** Where the database lies, as it was named on opening. */
  get path(): string {
    return this.db.name;
  }

  /** Prepares a statement once and keeps it. The caller vouches for the shape of a row. */
  prepare<Row = unknown>(sql: string): Query<Row> {
    let query = this.#queries.get(sql);
    if (query === undefined) {
      query = this.db.prepare<[parameters?: Readonly<Record<string, SqlValue>>]>(sql);
      this.#queries.set(sql, query);
    }
    // better-sqlite3 has no types of rows either: the SELECT stands beside the type given.
    return query as Query<Row>;
  }

  /**
   * Runs `fn` in one transaction that writes: all of it or nothing. Inside another one it is a part of that. Waits up to
   * two seconds for who else writes. Throws what `fn` throws.
   */
  transaction<T>(fn: () => T extends PromiseLike<unknown> ? never : T): T {
    const run = this.db.transaction(fn);
    for (let tries = 1; ; tries += 1) {
      try {
        return run.immediate();
      } catch (error) {
        // An `fn` that began has the lock, so only a beginning that failed can be busy.
        if (!isBusy(error) || this.db.inTransaction || tries === WRITE_TRIES) {
          throw error;
        }
      }
    }
  }

  /** Closes the file; harmless when done twice. */
  close(): void {
    this.db.close();
  }
}

function openToWrite(path: string): Database.Database {
  makeFolder(path);
  return open(path, false, (db) => {
    // Before anything of a newer database, or of another program's, is touched.
    requireKnown(db);
    const mode = db.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal' && !db.memory) {
      throw new DatabaseError(
        `Cannot use database "${path}": its file system has no shared memory for SQLite's WAL mode`,
      );
    }
    // What was told to people must survive a power cut as well.
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma(`journal_size_limit = ${MAX_IDLE_WAL_BYTES}`);
    migrate(db);
  });
}

function openToRead(path: string): Database.Database {
  if (!existsSync(path)) {
    throw new DatabaseError(`Cannot read database "${path}": there is none yet; \`sigwatch run\` makes it`);
  }
  return open(path, true, requireCurrent);
}

function open(path: string, readonly: boolean, setUp: (db: Database.Database) => void): Database.Database {
  for (let tries = 1; ; tries += 1) {
    let db: Database.Database | undefined;
    try {
      db = new Database(path, { readonly, timeout: BUSY_TIMEOUT_MS });
      setUp(db);
      return db;
    } catch (error) {
      db?.close();
      if (!(error instanceof Database.SqliteError)) {
        throw error;
      }
      // Turning WAL mode on does not wait for a lock, whatever the timeout (sqlite.org/wal.html).
      if (!isBusy(error) || tries === OPEN_TRIES) {
        throw new DatabaseError(describeFailure(path, readonly, error), { cause: error });
      }
      pause(OPEN_PAUSE_MS);
    }
  }
}

function describeFailure(
  path: string,
  readonly: boolean,
  error: { readonly code: string; readonly message: string },
): string {
  if (error.code === 'SQLITE_NOTADB') {
    return `Cannot open database "${path}": the file is no SQLite database; name another one as \`database\``;
  }
  if (readonly && /^SQLITE_(CANTOPEN|READONLY)/.test(error.code)) {
    // sqlite.org/wal.html#readonly: the -shm file is removed by the last process that closes the database.
    return (
      `Cannot read database "${path}": ${error.message}; while no daemon runs, SQLite has to make "${path}-shm" and ` +
      `"${path}-wal" to read it: run this as the user who owns the folder, or start the daemon`
    );
  }
  return `Cannot open database "${path}": ${error.message} (${error.code})`;
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
