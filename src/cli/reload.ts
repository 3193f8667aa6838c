import { loadWithoutSecrets } from '../config/load.ts';
import type { Clock } from '../lib/clock.ts';
import { readHeartbeat } from '../store/heartbeat.ts';
import { findReload, requestReload, type Reload } from '../store/reloads.ts';
import { Store } from '../store/store.ts';
import type { WatchChanges } from '../store/watches.ts';
import type { ExitStatus, Io } from './io.ts';
import { jsonLine, safe, safeLines } from './print.ts';
import { isAlive } from './status.ts';

/** How long the daemon's answer is waited for, and how often it is looked for. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 100;

export interface ReloadOptions {
  readonly json?: boolean | undefined;
}

/**
 * `sigwatch reload`: has the running daemon read its configuration again, and waits for what comes of it. 2 where the daemon refuses it,
 * 3 where none runs or answers. A configuration that is no good as it stands is refused before anybody is asked: throws ConfigError.
 * Throws DatabaseError.
 */
export async function reloadCommand(
  configFile: string,
  options: ReloadOptions,
  io: Pick<Io, 'stdout' | 'stderr' | 'env' | 'signal'>,
  clock: Clock,
): Promise<ExitStatus> {
  // Whoever asks may not have the secrets of the daemon, which looks at them itself.
  const config = loadWithoutSecrets(configFile, io.env);
  // Opened to be read first: that makes no database, and brings none up to date beside an older daemon.
  Store.open(config.database, { readonly: true }).close();
  const store = Store.open(config.database);
  try {
    const heartbeat = readHeartbeat(store);
    if (!isAlive(heartbeat, clock.now())) {
      const where = `on database "${safe(config.database)}"`;
      io.stderr(
        `Cannot reload "${safe(config.file)}": no daemon runs ${where}, expected a \`sigwatch run\`; it reads its configuration when it starts\n`,
      );
      return 3;
    }
    const id = store.transaction(() => requestReload(store, 'command', clock.now()));
    const reload = await waitFor(store, id, io.signal, clock);
    if (reload?.result == null) {
      const pid = heartbeat === null ? '' : ` (pid ${heartbeat.pid})`;
      io.stderr(
        `Cannot say what became of "${safe(config.file)}": the daemon${pid} has not answered, expected an answer within ` +
          `${PATIENCE_MS / 1000} s; it acts on the request once it can, and \`sigwatch status\` says so\n`,
      );
      return 3;
    }
    return answer(reload, reload.result, config.file, options, io);
  } finally {
    store.close();
  }
}

/** The request once it is done, or as it stands when it was waited for long enough. */
async function waitFor(store: Store, id: number, signal: AbortSignal, clock: Clock): Promise<Reload | null> {
  let reload = findReload(store, id);
  for (let waited = 0; waited < PATIENCE_MS && reload?.result === null && !signal.aborted; waited += LOOK_MS) {
    await clock.sleep(LOOK_MS, signal);
    reload = findReload(store, id);
  }
  return reload;
}

function answer(
  { cause, requestedAt, doneAt }: Reload,
  result: NonNullable<Reload['result']>,
  asked: string,
  options: ReloadOptions,
  io: Pick<Io, 'stdout' | 'stderr'>,
): ExitStatus {
  const isLoaded = result.outcome === 'loaded';
  if (result.file !== asked) {
    io.stderr(`The daemon reads "${safe(result.file)}", not "${safe(asked)}"\n`);
  }
  if (options.json === true) {
    const line = {
      ...{ outcome: result.outcome, cause, file: result.file, problem: isLoaded ? null : result.problem },
      watches: isLoaded ? result.watches : null,
      requested_at: requestedAt.toISOString(),
      done_at: doneAt?.toISOString() ?? null,
    };
    io.stdout(`${jsonLine(line)}\n`);
  }
  if (!isLoaded) {
    io.stderr(`${safeLines(result.problem)}\nThe daemon refused it: the configuration from before stays in force\n`);
    return 2;
  }
  if (options.json !== true) {
    io.stdout(`The daemon has read "${safe(result.file)}" again\n${describeChanges(result.watches)}`);
  }
  return 0;
}

function describeChanges({ added, changed, removed }: WatchChanges): string {
  const lines = Object.entries({ added, changed, removed }).flatMap(([what, names]) =>
    names.length === 0 ? [] : [`Watches ${what}: ${names.map(safe).join(', ')}\n`],
  );
  return lines.length === 0 ? 'No watch is other than before\n' : lines.join('');
}
