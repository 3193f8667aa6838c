import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { AlertDraft } from './alert/alert.ts';
import type { ChannelConfig } from './alert/channel.ts';
import { createEmailSink } from './alert/email.ts';
import { channelsFor } from './alert/route.ts';
import type { Sink } from './alert/sink.ts';
import { createSlackSink } from './alert/slack.ts';
import { unfitLogsAlert } from './alert/unfit-logs-alert.ts';
import { createAttestationFinder } from './attestation/find-attestation.ts';
import { ConfigError } from './config/config-error.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { createDispatcher } from './log/dispatcher.ts';
import { createHttpClient, type HttpClient } from './log/http.ts';
import { deliverAlerts, deliverOnce } from './monitor/deliver-alerts.ts';
import type { FollowDeps, Progress } from './monitor/follow-deps.ts';
import type { FollowedSource } from './monitor/followed-source.ts';
import { passOverSource } from './monitor/follow-source.ts';
import { followSources, type SourceLoops } from './monitor/follow-sources.ts';
import { beat } from './monitor/beat.ts';
import { judgeAgain, judgeAgainOnce } from './monitor/judge-again.ts';
import { schedule, type Scheduled } from './monitor/schedule.ts';
import { tell } from './monitor/tell.ts';
import { createSources } from './sources.ts';
import { lockForDaemon } from './store/daemon-lock.ts';
import { hasStalled, hasStopped } from './store/life.ts';
import { saveConfigured } from './store/sources.ts';
import { Store } from './store/store.ts';
import { countFailingVantages } from './store/vantages.ts';
import { openTrustKeeper, type TrustKeeper } from './trust-keeper.ts';
import { TrustUnavailable } from './trust/trust-unavailable.ts';
import { VERSION } from './version.ts';

/** Below the 975 requests a minute and client that the public Rekor v1 instance allows, of which it sends 429s above. */
const PUBLIC_RATE_PER_MINUTE = 900;

/** How long a log may be silent in an exchange: one that hangs shows within 30 seconds, and the wait for the poll is a part of them. */
const SILENCE_MS = 15_000;

/** How long a host that failed again and again is left alone at most. */
const LONGEST_PAUSE_MS = 20_000;

/** GitHub answers 5,000 requests an hour with a token; without one its 60 are used up soon, and it says so. */
const ATTESTATION_RATE_PER_MINUTE = 60;
const ATTESTATION_CONNECTIONS = 4;

/** To one webhook. */
const CHANNEL_CONNECTIONS = 4;

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
  /** A log, the trust source or a channel could not be reached, or a log is stalled. */
  readonly failed: boolean;
}

/** Builds every part from the configuration and runs until `signal` aborts. Throws DatabaseError, or what is our own fault. */
export async function runDaemon(config: Config, deps: DaemonDeps, signal: AbortSignal): Promise<void> {
  const parts = await assemble(config, deps, signal);
  // One part's programming fault ends them all: the supervisor restarts the process.
  const failed = new AbortController();
  const running = AbortSignal.any([signal, failed.signal]);
  const following = followSources(parts.sources, config.logs.pollIntervalMs, parts.follow, running);
  parts.keeper.onLogs((changed) => {
    followChanged(parts, following, changed);
  });
  const again = judgeAgain(parts.follow, running);
  parts.keeper.onRefreshed(() => {
    again.trustRefreshed();
  });
  const loops = [
    following.ended,
    again.ended,
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
  const parts = await assemble(config, deps, signal);
  try {
    await judgeAgainOnce(parts.follow, signal);
    const passes = await Promise.all(parts.sources.map((source) => passOverSource(source, parts.follow, signal)));
    const outcomes = passes.flat();
    const delivered = await deliverOnce(parts.store, parts.sinks, deps, signal);
    return {
      // One that is stopped misbehaves also while it cannot be asked.
      found: parts.raised.count > 0 || outcomes.some(({ kind }) => kind === 'misbehaving') || hasStopped(parts.store),
      failed:
        delivered.failed > 0 ||
        parts.keeper.stale ||
        outcomes.some(({ kind }) => kind === 'unavailable') ||
        [...parts.follow.attestations.states.values()].some((failure) => failure !== null) ||
        hasStalled(parts.store) ||
        countFailingVantages(parts.store) > 0,
    };
  } finally {
    await close(parts);
  }
}

/** Follows what the trust source names by now. What the configuration says of a log that came may not fit it: that is told, and those that run go on. */
function followChanged(parts: Parts, following: SourceLoops, changed: ReadonlySet<string>): void {
  const { store, clock, logger, tell } = parts.follow;
  try {
    const sources = parts.findSources();
    following.follow(sources, changed);
    logger.info({ sources: sources.length, changed: [...changed] }, 'trusted logs changed');
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    logger.error({ error: error.message }, 'trusted logs not followed');
    store.transaction(() => tell(unfitLogsAlert(error.message), clock.now()));
  }
}

interface Parts {
  readonly store: Store;
  readonly unlock: () => void;
  readonly http: HttpClient;
  readonly publicHttp: HttpClient;
  readonly attestationHttp: HttpClient;
  readonly way: Way;
  readonly sources: readonly FollowedSource[];
  /** Those that the configuration and the trust data name now; they are shown from now on. */
  readonly findSources: () => readonly FollowedSource[];
  readonly sinks: ReadonlyMap<string, Sink>;
  readonly follow: FollowDeps;
  readonly channelsFor: (alert: RoutedAlert) => readonly string[];
  /** Identity and log alerts raised by this process. */
  readonly raised: { count: number };
  readonly keeper: TrustKeeper;
}

type RoutedAlert = Pick<AlertDraft, 'class' | 'kind' | 'severity' | 'watch' | 'notify'>;

async function assemble(config: Config, deps: DaemonDeps, signal: AbortSignal): Promise<Parts> {
  const unlock = lockForDaemon(config.database);
  const { proxy, ca } = config.network;
  // A log is tried again after ten times the poll interval at the latest: this is a part of it.
  const longestPauseMs = Math.min(2 * config.logs.pollIntervalMs, LONGEST_PAUSE_MS);
  const http = createHttpClient({ timeoutMs: SILENCE_MS, longestPauseMs, proxy, ca });
  const publicHttp = createHttpClient({
    timeoutMs: SILENCE_MS,
    longestPauseMs,
    ratePerMinute: PUBLIC_RATE_PER_MINUTE,
    proxy,
    ca,
  });
  const attestationHttp = createHttpClient({
    timeoutMs: SILENCE_MS,
    connections: ATTESTATION_CONNECTIONS,
    ratePerMinute: ATTESTATION_RATE_PER_MINUTE,
    proxy,
    ca,
  });
  const way = proxy === null && ca === null ? undefined : createDispatcher(CHANNEL_CONNECTIONS, proxy, ca);
  let store: Store | undefined;
  try {
    store = Store.open(config.database);
    return await build(config, { store, http, publicHttp, attestationHttp, way, unlock }, deps, signal);
  } catch (error) {
    await close({ store, http, publicHttp, attestationHttp, way, unlock });
    throw error;
  }
}

type Opened = Pick<Parts, 'store' | 'http' | 'publicHttp' | 'attestationHttp' | 'way' | 'unlock'>;

/** By which channels are reached; undefined: directly. */
type Way = ReturnType<typeof createDispatcher> | undefined;

async function build(config: Config, opened: Opened, deps: DaemonDeps, signal: AbortSignal): Promise<Parts> {
  const { store, http, publicHttp, attestationHttp, way } = opened;
  const channels = config.notify?.channels ?? new Map<string, ChannelConfig>();
  const route = (alert: RoutedAlert): readonly string[] =>
    channelsFor(alert, config.notify?.routes ?? [], [...channels.keys()]);
  const telling = { channelsFor: route, groupWaitMs: config.notify?.groupWaitMs ?? 0 };
  const raised = { count: 0 };
  const tellOne = (draft: AlertDraft, now: Date): string => {
    raised.count += draft.class === 'operational' ? 0 : 1;
    return tell(store, draft, telling, now).alert.id;
  };
  const { clock, logger } = deps;
  const sinks = createSinks(channels, config.network.ca, way);
  let keeper: TrustKeeper;
  try {
    keeper = await openTrustKeeper(config.trust, trustCache(config), { store, clock, logger, http, tell: tellOne });
  } catch (error) {
    if (error instanceof TrustUnavailable) {
      // Nothing runs without: whoever is to be told of it is told before the end.
      await deliverOnce(store, sinks, deps, signal);
    }
    throw error;
  }
  const findSources = (): readonly FollowedSource[] => {
    const sources = createSources(config.logs, keeper.logs(), { http, publicHttp });
    saveConfigured(
      store,
      sources.map(({ source }) => source.name),
    );
    return sources;
  };
  return {
    ...opened,
    sources: findSources(),
    findSources,
    sinks,
    follow: {
      store,
      clock,
      logger,
      watches: config.watches,
      judging: keeper.judging,
      attestations: createAttestationFinder({ http: attestationHttp, clock, logger }),
      witnesses: config.logs.witnesses && { ...config.logs.witnesses, unmet: new Set() },
      tell: tellOne,
      onProgress: deps.onProgress,
      suspectTrust: (seen, signal) => keeper.suspect(seen, signal),
    },
    channelsFor: route,
    raised,
    keeper,
  };
}

function trustCache({ database }: Config): string {
  return join(dirname(database), 'tuf');
}

function scheduled({ retention, notify }: Config, { channelsFor }: Parts): Scheduled {
  // Without channels nothing was told, and so nothing is told again.
  return { retention, channelsFor, repeatIntervalMs: notify?.repeatIntervalMs ?? Infinity };
}

function createSinks(
  channels: ReadonlyMap<string, ChannelConfig>,
  ca: string | null,
  way: Way,
): ReadonlyMap<string, Sink> {
  return new Map([...channels].map(([name, channel]) => [name, createSink(name, channel, ca, way)]));
}

function createSink(name: string, channel: ChannelConfig, ca: string | null, way: Way): Sink {
  switch (channel.type) {
    case 'slack':
      return createSlackSink(name, channel, way);
    case 'email':
      // What is given stands instead of the usual certificates.
      return createEmailSink(name, channel, ca === null ? {} : { ca: [...rootCertificates, ca].join('\n') });
  }
}

async function close({
  store,
  http,
  publicHttp,
  attestationHttp,
  way,
  unlock,
}: Omit<Opened, 'store'> & { store: Store | undefined }) {
  await Promise.all([http.close(), publicHttp.close(), attestationHttp.close(), way?.destroy()]);
  store?.close();
  unlock();
}
