import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { becauseOf, DatabaseError } from './database-error.ts';
import { makeFolder } from './make-folder.ts';

/**
 * Makes this process the only daemon on the database at `path`, until the function returned is called or the process
 * ends, however it ends. Throws DatabaseError while another one runs. Commands that read or write are not hindered.
 */
export function lockForDaemon(path: string): () => void {
  const lockFile = `${realPath(path)}.lock`;
  let lock: Database.Database | undefined;
  try {
    lock = new Database(lockFile, { timeout: 0 });
    // A lock of the operating system, held by SQLite on a file of its own: it goes with the process, also after SIGKILL.
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock?.close();
    if (cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY')) {
      throw new DatabaseError(`Cannot run on database "${path}": another sigwatch runs on it`, { cause });
    }
    throw becauseOf(cause, `Cannot lock database "${path}" with "${lockFile}"`);
  }
  const held = lock;
  return () => {
    held.close();
  };
}

/** One name for one file, so that a symbolic link makes no second lock. Makes the folder if need be. */
function realPath(path: string): string {
  if (existsSync(path)) {
    return realpathSync(path);
  }
  makeFolder(path);
  return join(realpathSync(dirname(path)), basename(path));
}
