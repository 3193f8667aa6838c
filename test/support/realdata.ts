import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(process.env['SIGWATCH_REALDATA'] ?? '../shared/realdata');

/** True when the recorded real data lies beside the checkout (or where SIGWATCH_REALDATA points). */
export const hasRealdata = existsSync(root);

if (!hasRealdata) {
  console.warn(`Skipped: tests on recorded real data, because "${root}" does not exist (set SIGWATCH_REALDATA)`);
}

/** Absolute path of a recorded file. */
export function realdata(path: string): string {
  return resolve(root, path);
}
