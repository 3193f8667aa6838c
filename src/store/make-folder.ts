import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { becauseOf } from './database-error.ts';

/** Makes the folder of a database if need be; only its owner may enter a new one. Throws DatabaseError. */
export function makeFolder(database: string): void {
  try {
    mkdirSync(dirname(database), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw becauseOf(cause, `Cannot make the folder of database "${database}"`);
  }
}
