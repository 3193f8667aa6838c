import { readdirSync, readFileSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { DatabaseError } from './database-error.ts';

// Lies two levels above both src/store/ and dist/store/.
const FOLDER = new URL('../../migrations/', import.meta.url);

interface Migration {
  readonly version: number;
  readonly name: string;
}

/**
 * Brings the tables up to date: each file of migrations/ that was not run yet, by name, in a transaction of its own.
 * Safe when two processes do it at once. Throws DatabaseError for a database that is newer than this program or not ours.
 */
export function migrate(db: Database.Database): void {
  for (const migration of pendingMigrations(db)) {
    const sql = readFileSync(new URL(migration.name, FOLDER), 'utf8');
    db.transaction(() => {
      // Looked at again under the write lock: another process may have been quicker.
      if (appliedNames(db).includes(migration.name)) {
        return;
      }
      db.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
        version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`);
      db.exec(sql);
      db.prepare(
        `INSERT INTO schema_migrations (version, name, applied_at)
         VALUES (@version, @name, CAST(unixepoch('subsec') * 1000 AS INTEGER))`,
      ).run(migration);
    }).immediate();
  }
}

/** Throws DatabaseError for a database that is newer than this program or not ours. Changes nothing. */
export function requireKnown(db: Database.Database): void {
  pendingMigrations(db);
}

/** Throws DatabaseError unless the tables are exactly those that this program knows. Changes nothing. */
export function requireCurrent(db: Database.Database): void {
  const pending = pendingMigrations(db);
  if (pending.length > 0) {
    throw new DatabaseError(
      `Cannot read database "${db.name}": its tables are not those of this sigwatch; \`sigwatch run\` brings them up to date`,
    );
  }
}

function pendingMigrations(db: Database.Database): readonly Migration[] {
  const known = knownMigrations();
  const applied = appliedNames(db);
  const unknown = applied.find((name) => !known.some((migration) => migration.name === name));
  if (unknown !== undefined) {
    throw new DatabaseError(
      `Cannot use database "${db.name}": it was written by a newer sigwatch (it has "${unknown}"); use that version or newer`,
    );
  }
  return known.filter(({ name }) => !applied.includes(name));
}

function knownMigrations(): readonly Migration[] {
  return readdirSync(FOLDER)
    .filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name))
    .sort()
    .map((name) => ({ version: Number(name.slice(0, 4)), name }));
}

function appliedNames(db: Database.Database): readonly string[] {
  const tables = db.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all();
  if (tables.includes('schema_migrations')) {
    return db.prepare<[], string>('SELECT name FROM schema_migrations ORDER BY version').pluck().all();
  }
  if (tables.length > 0) {
    throw new DatabaseError(
      `Cannot use database "${db.name}": it holds tables of another program; name another file as \`database\``,
    );
  }
  return [];
}
