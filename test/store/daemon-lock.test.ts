import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockForDaemon } from '../../src/store/daemon-lock.ts';
import { DatabaseError } from '../../src/store/database-error.ts';
import { openStore, tempFolder } from './temp-store.ts';
import { startScript } from './run-script.ts';

describe('lockForDaemon()', () => {
  it('lets one daemon at a time run on a database', () => {
    const path = join(tempFolder(), 'new', 'sigwatch.db');
    const unlock = lockForDaemon(path);
    expect(() => lockForDaemon(path)).toThrow(
      new DatabaseError(`Cannot run on database "${path}": another sigwatch runs on it`),
    );
    unlock();
    lockForDaemon(path)();
    expect(readdirSync(join(path, '..'))).toEqual(['sigwatch.db.lock']);
  });

  it('hinders no reader and no writer', () => {
    const store = openStore();
    onTestFinished(lockForDaemon(store.path));
    expect(openStore(store.path).transaction(() => 1)).toBe(1);
    expect(openStore(store.path, { readonly: true }).prepare('SELECT 1 AS one').get()).toEqual({ one: 1 });
  });

  it('knows a database again behind a symbolic link', () => {
    const store = openStore();
    const link = join(tempFolder(), 'link.db');
    symlinkSync(store.path, link);
    onTestFinished(lockForDaemon(store.path));
    expect(() => lockForDaemon(link)).toThrow('another sigwatch runs on it');
  });

  it('goes with the process that held it, also when that is killed', async () => {
    const path = join(tempFolder(), 'sigwatch.db');
    const child = startScript('hold-lock.ts', path);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child.stdout ?? child, 'data');
    expect(() => lockForDaemon(path)).toThrow('another sigwatch runs on it');
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockForDaemon(path)();
  });

  it('says why it cannot lock', () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'sigwatch.db.lock'));
    writeFileSync(join(folder, 'file'), '');
    expect(() => lockForDaemon(join(folder, 'sigwatch.db'))).toThrow(DatabaseError);
    expect(() => lockForDaemon(join(folder, 'file', 'sigwatch.db'))).toThrow(DatabaseError);
  });
});
