import { dirname, join } from 'node:path';
import type { AlertDraft } from './alert/alert.ts';
import type { ChannelConfig } from './alert/channel.ts';
import { createEmailSink } from './alert/email.ts';
import { channelsFor } from './alert/route.ts';
import type { Sink } from './alert/sink.ts';
import { createSlackSink } from './alert/slack.ts';
import type { Config } from './config/config.ts';
import { checkSignature } from './entry/signature.ts';
import type { Clock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { createHttpClient, type HttpClient } from './log/http.ts';
import type { LogSource } from './log/log.ts';
import { deliverAlerts, deliverOnce } from './monitor/deliver-alerts.ts';
import type { FollowDeps, Progress } from './monitor/follow-deps.ts';
import { followSource, passOverSource } from './monitor/follow-source.ts';
import { beat } from './monitor/beat.ts';
import { schedule, type Scheduled } from './monitor/schedule.ts';
import { tell } from './monitor/tell.ts';
import { createSources } from './sources.ts';
import { lockForDaemon } from './store/daemon-lock.ts';
import { saveConfigured } from './store/sources.ts';
import { Store } from './store/store.ts';
import { loadTrust, type LoadedTrust } from './load-trust.ts';
import { createTrustKeeper, type TrustKeeper } from './trust-keeper.ts';
import { VERSION } from './version.ts';

/** Below the 975 requests a minute and client that the public Rekor v1 instance allows, of which it sends 429s above. */
const PUBLIC_RATE_PER_MINUTE = 900;

/** How long a log may be silent in an exchange: one that hangs shows within 30 seconds, and the wait for the poll is a part of them. */
const SILENCE_MS = 15_000;

/** What the machine gives the daemon. */
export interface DaemonDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pid: number;
  readonly onProgress: (progress: Progress) => void;
  /** Called once, when everything runs. */
  readonly onReady: () => void;
  /** Called every 30 seconds or oftener while the event loop turns. */
  readonly onAlive: () => void;
}

/** How `run --once` ended. */
export interface OnceOutcome {
  /** An alert of class identity or log was raised, or a log is misbehaving. */
  readonly found: boolean;
  /** A log, the trust source or a channel could not be reached. */
  readonly failed: boolean;
}

/** Builds every part from the configuration and runs until `signal` aborts. Throws DatabaseError, or what is our own fault. */
export async function runDaemon(config: Config, deps: DaemonDeps, signal: AbortSignal): Promise<void> {
  const parts = await assemble(config, deps);
  // One part's programming fault ends them all: the supervisor restarts the process.
  const failed = new AbortController();
  const running = AbortSignal.any([signal, failed.signal]);
  const loops = [
    ...parts.sources.map((source) => followSource(source, config.logs.pollIntervalMs, parts.follow, running)),
    deliverAlerts(parts.store, parts.sinks, deps, running),
    schedule(parts.store, scheduled(config, parts), deps, running),
    parts.keeper.keepFresh(running),
    beat(parts.store, { pid: deps.pid, version: VERSION, onAlive: deps.onAlive }, deps.clock, running),
  ];
  try {
    for (const loop of loops) {
      loop.catch(() => {
        failed.abort();
      });
    }
    deps.logger.info({ version: VERSION, sources: parts.sources.length, watches: config.watches.length }, 'running');
    deps.onReady();
    await Promise.all(loops);
    deps.logger.info({}, 'stopped');
  } finally {
    failed.abort();
    // Nothing may still use the database when it is closed.
    await Promise.allSettled(loops);
    await close(parts);
  }
}

/** One pass over every log to the checkpoint it shows now; delivers what is waiting, and returns. */
export async function runOnce(config: Config, deps: DaemonDeps, signal: AbortSignal): Promise<OnceOutcome> {
  const parts = await assemble(config, deps);
  try {
    const passes = await Promise.all(parts.sources.map((source) => passOverSource(source, parts.follow, signal)));
    const outcomes = passes.flat();
    const delivered = await deliverOnce(parts.store, parts.sinks, deps, signal);
    return {
      found: parts.raised.count > 0 || outcomes.some(({ kind }) => kind === 'misbehaving'),
      failed: delivered.failed > 0 || parts.trustStale || outcomes.some(({ kind }) => kind === 'unavailable'),
    };
  } finally {
    await close(parts);
  }
}

interface Parts {
  readonly store: Store;
  readonly unlock: () => void;
  readonly http: HttpClient;
  readonly publicHttp: HttpClient;
  readonly sources: readonly LogSource[];
  readonly sinks: ReadonlyMap<string, Sink>;
  readonly follow: FollowDeps;
  readonly channelsFor: (alert: RoutedAlert) => readonly string[];
  /** Identity and log alerts raised by this process. */
  readonly raised: { count: number };
  readonly keeper: TrustKeeper;
  readonly trustStale: boolean;
}

type RoutedAlert = Pick<AlertDraft, 'class' | 'kind' | 'severity' | 'watch' | 'notify'>;

async function assemble(config: Config, deps: DaemonDeps): Promise<Parts> {
  const unlock = lockForDaemon(config.database);
  try {
    const trust = await loadTrust(config.trust, trustCache(config));
    const store = Store.open(config.database);
    return { ...build(config, trust, store, deps), unlock };
  } catch (error) {
    unlock();
    throw error;
  }
}

function build(config: Config, trust: LoadedTrust, store: Store, deps: DaemonDeps): Omit<Parts, 'unlock'> {
  const http = createHttpClient({ timeoutMs: SILENCE_MS });
  const publicHttp = createHttpClient({ timeoutMs: SILENCE_MS, ratePerMinute: PUBLIC_RATE_PER_MINUTE });
  const sources = createSources(config.logs, trust.data.logs, { http, publicHttp });
  const channels = config.notify?.channels ?? new Map<string, ChannelConfig>();
  const route = (alert: RoutedAlert): readonly string[] =>
    channelsFor(alert, config.notify?.routes ?? [], [...channels.keys()]);
  const telling = { channelsFor: route, groupWaitMs: config.notify?.groupWaitMs ?? 0 };
  const raised = { count: 0 };
  const tellOne = (draft: AlertDraft, now: Date): string => {
    raised.count += draft.class === 'operational' ? 0 : 1;
    return tell(store, draft, telling, now).alert.id;
  };
  saveConfigured(
    store,
    sources.map(({ name }) => name),
  );
  const keeper = createTrustKeeper(config.trust, trustCache(config), trust, { ...deps, store, tell: tellOne });
  return {
    store,
    http,
    publicHttp,
    sources,
    sinks: createSinks(channels),
    follow: {
      store,
      clock: deps.clock,
      logger: deps.logger,
      watches: config.watches,
      judging: { chainOf: keeper.chainOf, signatureOf: checkSignature },
      tell: tellOne,
      onProgress: deps.onProgress,
    },
    channelsFor: route,
    raised,
    keeper,
    trustStale: trust.stale !== null,
  };
}

function trustCache({ database }: Config): string {
  return join(dirname(database), 'tuf');
}

function scheduled({ retention, notify }: Config, { channelsFor }: Parts): Scheduled {
  // Without channels nothing was told, and so nothing is told again.
  return { retention, channelsFor, repeatIntervalMs: notify?.repeatIntervalMs ?? Infinity };
}

function createSinks(channels: ReadonlyMap<string, ChannelConfig>): ReadonlyMap<string, Sink> {
  return new Map([...channels].map(([name, channel]) => [name, createSink(name, channel)]));
}

function createSink(name: string, channel: ChannelConfig): Sink {
  switch (channel.type) {
    case 'slack':
      return createSlackSink(name, channel);
    case 'email':
      return createEmailSink(name, channel);
  }
}

async function close(parts: Parts): Promise<void> {
  await Promise.all([parts.http.close(), parts.publicHttp.close()]);
  parts.store.close();
  parts.unlock();
}
