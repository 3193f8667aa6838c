import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/config.ts';
import { loadWithoutSecrets } from '../config/load.ts';
import type { Clock } from '../lib/clock.ts';
import { readHeartbeat } from '../store/heartbeat.ts';
import { DatabaseError } from '../store/database-error.ts';
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
 * or where it is no good as it stands, of which nobody is asked; 3 where no daemon runs or answers. Throws DatabaseError.
 */
export async function reloadCommand(
  configFile: string,
  options: ReloadOptions,
  io: Pick<Io, 'stdout' | 'stderr' | 'env' | 'signal'>,
  clock: Clock,
): Promise<ExitStatus> {
  const config = load(configFile, options, io);
  if (config === null) {
    return 2;
  }
  requireDatabase(config.database);
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

/** Null for a configuration that is no good, of which is said what is wrong. */
function load(
  file: string,
  options: ReloadOptions,
  io: Pick<Io, 'stdout' | 'stderr' | 'env'>,
): Pick<Config, 'file' | 'database'> | null {
  try {
    // Whoever asks may not have the secrets of the daemon, which looks at them itself.
    return loadWithoutSecrets(file, io.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    if (options.json === true) {
      const refused = { outcome: 'refused', cause: 'command', file, problem: error.message, watches: null } as const;
      io.stdout(`${jsonLine({ ...refused, requested_at: null, done_at: null })}\n`);
    }
    io.stderr(`${safeLines(error.message)}\nThe daemon was not asked: what it has in force stays in force\n`);
    return null;
  }
}

/** Opens it to be read: that makes no database, and brings none up to date beside an older daemon. */
function requireDatabase(path: string): void {
  try {
    Store.open(path, { readonly: true }).close();
  } catch (error) {
    if (!(error instanceof DatabaseError)) {
      throw error;
    }
    throw new DatabaseError(
      `${error.message}\nA daemon that runs keeps the database it began with: for another one, start it again`,
      { cause: error },
    );
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
