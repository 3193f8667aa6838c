import Database from 'better-sqlite3';

/** The database cannot be used as it is: the operator must act. Ends a command with status 3. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

/** A DatabaseError that says what cannot be done, and why. */
export function becauseOf(cause: unknown, what: string): DatabaseError {
  return new DatabaseError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

/** What SQLite says of the machine: locks, a full or broken disk, rights (sqlite.org/rescode.html). Anything else is a fault of ours. */
const OPERATIONAL = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CORRUPT|CANTOPEN|NOTADB|PERM|PROTOCOL)/;

/** The DatabaseError that any error thrown while a store was used amounts to; null where it is something else. */
export function toDatabaseError(error: unknown): DatabaseError | null {
  if (error instanceof DatabaseError) {
    return error;
  }
  const operational = error instanceof Database.SqliteError && OPERATIONAL.test(error.code);
  return operational ? becauseOf(error, `Cannot use the database (${error.code})`) : null;
}
