#!/usr/bin/env node
import { runCli } from './cli/program.ts';

/** A clean end is promised within five seconds: past this, what still hangs is cut off. Everything in the database is transactional. */
const GRACE_MS = 4_000;

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) {
      process.exit(0);
    }
    stop.abort();
    setTimeout(() => process.exit(0), GRACE_MS).unref();
  });
}
// A reader that went away (`sigwatch history | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 3);
});

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  columns: process.stdout.isTTY ? process.stdout.columns : 80,
  interactive: process.stderr.isTTY,
  env: process.env,
  signal: stop.signal,
  self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
  pid: process.pid,
});
