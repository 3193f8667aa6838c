import { pino } from 'pino';
import { loadConfig } from '../config/load.ts';
import { runDaemon, runOnce, type DaemonDeps } from '../daemon.ts';
import { systemClock } from '../lib/clock.ts';
import type { ExitStatus, Io } from './io.ts';
import { safe } from './print.ts';
import { createProgressLine } from './progress-line.ts';
import { createSupervisorNotifier } from './supervisor.ts';

/** `sigwatch run [--once]`: the daemon until the signal, or one pass. Throws ConfigError before anything is started or written. */
export async function runCommand(
  configFile: string,
  options: { readonly once: boolean; readonly verbose: boolean },
  io: Io,
): Promise<ExitStatus> {
  const config = loadConfig(configFile, io.env);
  const progress = createProgressLine(io.interactive ? io.stderr : () => undefined, io.columns, () => Date.now());
  const notify = createSupervisorNotifier(io.env);
  const deps: DaemonDeps = {
    clock: systemClock,
    logger: pino(
      // A person who watches a catch-up wants the line that moves, not a JSON line for each batch.
      { level: options.verbose ? 'debug' : io.interactive ? 'warn' : 'info', base: null },
      {
        write: (line: string) => {
          progress.clear();
          io.stderr(line);
        },
      },
    ),
    pid: io.pid,
    onProgress: (now) => {
      progress.update(now);
    },
    onReady: () => {
      if (io.interactive) {
        io.stderr(safe(`Watching. \`sigwatch status --config ${configFile}\` shows how far; Ctrl-C ends it.`) + '\n');
      }
      notify('READY=1');
    },
    onAlive: () => {
      notify('WATCHDOG=1');
    },
    readConfig: () => loadConfig(configFile, io.env),
    onHangUp: io.onHangUp,
    onReloading: () => {
      // For units of Type=notify-reload, which wait for a time after that of their signal (systemd.service(5)).
      notify('RELOADING=1', `MONOTONIC_USEC=${io.monotonicMicros()}`);
    },
    onReloaded: () => {
      notify('READY=1');
    },
  };
  if (options.once) {
    io.onHangUp(() => {
      deps.logger.warn({}, 'SIGHUP ignored: one pass reads its configuration once');
    });
    const { found, failed } = await runOnce(config, deps, io.signal);
    progress.clear();
    // What was found is not taken back by a signal.
    return found ? 1 : failed && !io.signal.aborted ? 3 : 0;
  }
  io.signal.addEventListener('abort', () => {
    notify('STOPPING=1');
  });
  await runDaemon(config, deps, io.signal);
  progress.clear();
  return 0;
}
