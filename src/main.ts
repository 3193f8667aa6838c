#!/usr/bin/env node

/** A clean end is promised within five seconds: past this, what still hangs is cut off. Everything in the database is transactional. */
const GRACE_MS = 4_000;

const stop = new AbortController();
const end = (): void => {
  stop.abort();
  setTimeout(() => process.exit(0), GRACE_MS).unref();
};
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) {
      process.exit(0);
    }
    end();
  });
}
// The daemon reads its configuration again; any other command ends, as it would without a handler. One that comes while it is still
// starting is remembered.
let hungUp = false;
const remember = (): void => {
  hungUp = true;
};
let hangUp = process.argv[2] === 'run' ? remember : end;
process.on('SIGHUP', () => {
  hangUp();
});
// A reader that went away (`sigwatch history | head`) is no fault; what was started for it is cleared away.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') {
    process.exit(3);
  }
  end();
});
// Who reads the log lines may go away: the watch goes on.
process.stderr.on('error', () => undefined);

// Loaded last: it takes a moment, in which a signal must find its handler.
const { runCli } = await import('./cli/program.ts');

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  // 0 on a terminal that does not know its size.
  columns: process.stdout.columns > 0 ? process.stdout.columns : 80,
  terminal: process.stdout.isTTY,
  stdin: () => process.stdin,
  interactive: process.stderr.isTTY,
  env: process.env,
  signal: stop.signal,
  onHangUp: (listener) => {
    hangUp = listener;
    if (hungUp) {
      hungUp = false;
      listener();
    }
  },
  monotonicMicros: () => process.hrtime.bigint() / 1000n,
  self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
  pid: process.pid,
});
