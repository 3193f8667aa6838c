import { unfitLogsAlert } from './alert/unfit-logs-alert.ts';
import { ConfigError, formatProblem } from './config/config-error.ts';
import type { Config } from './config/config.ts';
import { createLoops, type Loop, type Loops } from './lib/loops.ts';
import { beat } from './monitor/beat.ts';
import { checkCadence, keepCadence } from './monitor/check-cadence.ts';
import { deliverAlerts, deliverOnce } from './monitor/deliver-alerts.ts';
import type { FollowedSource } from './monitor/followed-source.ts';
import { passOverSource } from './monitor/follow-source.ts';
import { followSources, type SourceLoops } from './monitor/follow-sources.ts';
import { judgeAgain, judgeAgainOnce } from './monitor/judge-again.ts';
import { loadWatches } from './monitor/load-watches.ts';
import { createReloadRequests } from './monitor/reload-requests.ts';
import { schedule } from './monitor/schedule.ts';
import { closeParts, openParts, openSinks, type Base, type Parts } from './parts.ts';
import { lockForDaemon } from './store/daemon-lock.ts';
import { toDatabaseError } from './store/database-error.ts';
import { hasStalled, hasStopped } from './store/life.ts';
import { settleReloads } from './store/reloads.ts';
import { saveConfigured } from './store/sources.ts';
import { Store } from './store/store.ts';
import { countFailingVantages } from './store/vantages.ts';
import { createTelling } from './telling.ts';
import { TrustUnavailable } from './trust/trust-unavailable.ts';
import { VERSION } from './version.ts';

/** What the machine gives to one pass. */
export type PassDeps = Pick<Base, 'clock' | 'logger' | 'onProgress'>;

/** What the machine gives to the daemon. */
export interface DaemonDeps extends PassDeps {
  readonly pid: number;
  /** Called once, when everything runs. */
  readonly onReady: () => void;
  /** Called every 30 seconds or oftener while the event loop turns. */
  readonly onAlive: () => void;
  /** Reads the configuration again. Throws ConfigError. */
  readonly readConfig: () => Config;
  /** Has `listener` called each time when a signal asks to do so. */
  readonly onHangUp: (listener: () => void) => void;
  /** Called when the configuration begins to be read again, and when that is done, whatever came of it. */
  readonly onReloading: () => void;
  readonly onReloaded: () => void;
}

/** How `run --once` ended. */
export interface OnceOutcome {
  /** An alert of class identity or log was raised, or a log is misbehaving. */
  readonly found: boolean;
  /** A log, the trust source or a channel could not be reached, or a log is stalled. */
  readonly failed: boolean;
}

/**
 * Builds every part from the configuration and runs until `signal` aborts. Asked to, it reads the configuration again and goes on by
 * that, or by what it had where that one is no good. Throws DatabaseError, or what is our own fault.
 */
export async function runDaemon(config: Config, deps: DaemonDeps, signal: AbortSignal): Promise<void> {
  const loops = createLoops(signal);
  const base = openBase(config, deps);
  let parts: Parts | null = null;
  try {
    parts = await openFirst(config, base, signal);
    const beating = { pid: deps.pid, version: VERSION, onAlive: deps.onAlive };
    loops.start((until) => beat(base.store, beating, deps.clock, until));
    const requests = createReloadRequests(base.store, deps.clock);
    deps.onHangUp(() => {
      requests.hangUp();
    });
    const sources = putInForce(parts, null, base);
    let running = start(parts, sources, null, loops);
    deps.logger.info({ version: VERSION, sources: sources.length, watches: config.watches.length }, 'running');
    deps.onReady();
    for (let asked = await requests.next(loops.signal); asked !== null; asked = await requests.next(loops.signal)) {
      deps.onReloading();
      const next = await openNext(parts, asked, base, deps);
      if (next !== null) {
        // Of two loops over one log the first must have ended, for both write its position: nothing is half done meanwhile.
        await stop(running, next);
        const before: Parts = parts;
        parts = next;
        await closeParts(before, next);
        running = start(next, putInForce(next, { before, asked }, base), running, loops);
      }
      deps.onReloaded();
    }
    await loops.end();
    deps.logger.info({}, 'stopped');
  } finally {
    // Nothing may still use the database when it is closed.
    await loops.end().catch(() => undefined);
    if (parts !== null) {
      await closeParts(parts, null);
    }
    base.close();
  }
}

/** One pass over every log to the checkpoint it shows now; delivers what is waiting, and returns. */
export async function runOnce(config: Config, deps: PassDeps, signal: AbortSignal): Promise<OnceOutcome> {
  const base = openBase(config, deps);
  let parts: Parts | null = null;
  try {
    parts = await openFirst(config, base, signal);
    const { store, telling } = base;
    const { follow } = parts;
    const sources = putInForce(parts, null, base);
    await judgeAgainOnce(follow, signal);
    const passes = await Promise.all(sources.map((source) => passOverSource(source, follow, signal)));
    const outcomes = passes.flat();
    checkCadence(follow);
    const delivered = await deliverOnce(store, parts.sinks.value, deps, signal);
    return {
      // One that is stopped misbehaves also while it cannot be asked.
      found: telling.raised() > 0 || outcomes.some(({ kind }) => kind === 'misbehaving') || hasStopped(store),
      failed:
        delivered.failed > 0 ||
        parts.trust.value.stale ||
        outcomes.some(({ kind }) => kind === 'unavailable') ||
        [...follow.attestations.states.values()].some((failure) => failure !== null) ||
        hasStalled(store) ||
        countFailingVantages(store) > 0,
    };
  } finally {
    if (parts !== null) {
      await closeParts(parts, null);
    }
    base.close();
  }
}

/** What a process holds from its start to its end. */
interface OpenBase extends Base {
  readonly close: () => void;
}

function openBase(config: Config, { clock, logger, onProgress }: PassDeps): OpenBase {
  const unlock = lockForDaemon(config.database);
  try {
    const store = Store.open(config.database);
    const close = (): void => {
      store.close();
      unlock();
    };
    return { store, clock, logger, onProgress, telling: createTelling(store, config), close };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function openFirst(config: Config, base: Base, signal: AbortSignal): Promise<Parts> {
  try {
    return await openParts(config, base, null);
  } catch (error) {
    if (error instanceof TrustUnavailable) {
      // Nothing runs without: whoever is to be told of it is told before the end.
      const sinks = openSinks(config, null);
      await deliverOnce(base.store, sinks.value, base, signal);
      await sinks.close();
    }
    throw error;
  }
}

/** Builds what the configuration asks for by now; null where it is no good, which is said, and those who asked are answered. Throws DatabaseError. */
async function openNext(
  before: Parts,
  asked: readonly number[],
  base: Base,
  { readConfig }: DaemonDeps,
): Promise<Parts | null> {
  const { store, clock, logger } = base;
  const { file, database } = before.config;
  try {
    const config = readConfig();
    if (config.database !== database) {
      const message = `expected "${database}", which the running daemon uses: restart it to use "${config.database}"`;
      throw new ConfigError([{ file, line: null, column: null, path: 'database', message }]);
    }
    return await openParts(config, base, before);
  } catch (error) {
    if (toDatabaseError(error) !== null) {
      throw error;
    }
    const problems = error instanceof ConfigError ? error.problems.map(formatProblem) : [messageOf(error)];
    for (const problem of problems) {
      logger.error({ problem }, 'configuration refused');
    }
    if (!(error instanceof ConfigError || error instanceof TrustUnavailable)) {
      logger.error({ err: error }, 'configuration refused by a fault of our own');
    }
    store.transaction(() => {
      settleReloads(store, asked, { outcome: 'refused', file, problem: problems.join('\n') }, clock.now());
    });
    logger.warn({ file, problems: problems.length }, 'the configuration from before stays in force');
    return null;
  }
}

/**
 * Has the database and the channels know what is in force from now on, and answers those who asked for it. `reload`: null at the start.
 * Returns the sources to follow.
 */
function putInForce(
  parts: Parts,
  reload: { readonly before: Parts; readonly asked: readonly number[] } | null,
  { store, clock, logger, telling }: Base,
): readonly FollowedSource[] {
  const { config, trust } = parts;
  const now = clock.now();
  telling.follow(config);
  return store.transaction(() => {
    const watches = loadWatches(store, config.watches, now);
    // They fitted when they were built.
    const sources = findSources(parts) ?? parts.sources;
    if (reload !== null) {
      settleReloads(store, reload.asked, { outcome: 'loaded', file: config.file, watches }, now);
      logger.info({ ...watches, sources: sources.length, watches: config.watches.length }, 'configuration reloaded');
    } else if (watches.added.length + watches.changed.length + watches.removed.length > 0) {
      logger.info(watches, 'watches changed');
    }
    if (reload !== null && reload.before.trust !== trust) {
      trust.value.tellStale();
    }
    return sources;
  });
}

/** The loops of one configuration. */
interface Running {
  readonly parts: Parts;
  /** Goes on as long as its part is kept. */
  readonly trust: Loop;
  readonly delivery: Loop;
  readonly others: readonly Loop[];
}

/** Begins to follow, judge and tell by `parts`; what goes on from before is taken over. */
function start(parts: Parts, sources: readonly FollowedSource[], before: Running | null, loops: Loops): Running {
  const { config, follow, trust, sinks } = parts;
  const { store } = follow;
  const keeper = trust.value;
  const jobs = {
    retention: config.retention,
    channelsFor: parts.channelsFor,
    // Without channels nothing was told, and so nothing is told again.
    repeatIntervalMs: config.notify?.repeatIntervalMs ?? Infinity,
  };
  return {
    parts,
    trust: before?.parts.trust === trust ? before.trust : loops.start((until) => keeper.keepFresh(until)),
    delivery:
      before?.parts.sinks === sinks
        ? before.delivery
        : loops.start((until) => deliverAlerts(store, sinks.value, follow, until)),
    others: [
      loops.start(async (until) => {
        const following = followSources(sources, config.logs.pollIntervalMs, follow, until);
        const stopListening = keeper.onLogs((changed) => {
          followChanged(parts, following, changed);
        });
        await following.ended.finally(stopListening);
      }),
      loops.start(async (until) => {
        const again = judgeAgain(follow, until);
        const stopListening = keeper.onRefreshed(() => {
          again.trustRefreshed();
        });
        await again.ended.finally(stopListening);
      }),
      loops.start((until) => keepCadence(follow, until)),
      loops.start((until) => schedule(store, jobs, follow, until)),
    ],
  };
}

/** Stops every loop but those that `next` takes over. */
async function stop({ parts, trust, delivery, others }: Running, next: Parts): Promise<void> {
  const ended = [
    ...others,
    ...(parts.trust === next.trust ? [] : [trust]),
    ...(parts.sinks === next.sinks ? [] : [delivery]),
  ];
  await Promise.all(ended.map((loop) => loop.stop()));
}

/** Follows what the trust source names by now, beside those that run already. */
function followChanged(parts: Parts, following: SourceLoops, changed: ReadonlySet<string>): void {
  const sources = findSources(parts);
  if (sources !== null) {
    following.follow(sources, changed);
    parts.follow.logger.info({ sources: sources.length, changed: [...changed] }, 'trusted logs changed');
  }
}

/**
 * The sources that the configuration and the trust data name now; they are shown from now on. What the configuration says of a log that
 * came lately may not fit it: that is told, and the answer is null.
 */
function findSources(parts: Parts): readonly FollowedSource[] | null {
  const { store, clock, logger, tell } = parts.follow;
  try {
    const sources = parts.findSources();
    saveConfigured(
      store,
      sources.map(({ source }) => source.name),
    );
    return sources;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    logger.error({ error: error.message }, 'trusted logs not followed');
    store.transaction(() => tell(unfitLogsAlert(error.message), clock.now()));
    return null;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
