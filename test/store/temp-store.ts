import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Store } from '../../src/store/store.ts';

/** A folder of its own for the running test. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sigwatch-store-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Opens a database, by default a new one, until the running test ends. */
export function openStore(
  path = join(tempFolder(), 'sigwatch.db'),
  options: { readonly readonly?: boolean } = {},
): Store {
  const store = Store.open(path, options);
  onTestFinished(() => {
    store.close();
  });
  return store;
}
