import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { ChannelConfig } from './alert/channel.ts';
import { createEmailSink } from './alert/email.ts';
import type { Sink } from './alert/sink.ts';
import { createSlackSink } from './alert/slack.ts';
import { createAttestationFinder } from './attestation/find-attestation.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { createDispatcher } from './log/dispatcher.ts';
import { createHttpClient, type HttpClient } from './log/http.ts';
import type { FollowDeps } from './monitor/follow-deps.ts';
import type { FollowedSource } from './monitor/followed-source.ts';
import { createSources } from './sources.ts';
import type { Store } from './store/store.ts';
import type { Telling } from './telling.ts';
import { openTrustKeeper, type TrustKeeper } from './trust-keeper.ts';

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

/** What stays while configurations come and go. */
export interface Base {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onProgress: FollowDeps['onProgress'];
  readonly telling: Telling;
}

/** Something that is built from some of the configuration, and kept by the next one that says the same of it. */
export interface Part<T> {
  /** All of the configuration that it is built from. */
  readonly madeFrom: readonly unknown[];
  readonly value: T;
  /** Closes its connections. Nothing may use it any more. */
  readonly close: () => Promise<void>;
}

/** By whom logs and places of attestations are asked. Each remembers how often each host may be asked. */
interface Clients {
  readonly http: HttpClient;
  readonly publicHttp: HttpClient;
  readonly attestationHttp: HttpClient;
}

/** All that is built from one configuration. */
export interface Parts {
  readonly config: Config;
  readonly clients: Part<Clients>;
  readonly trust: Part<TrustKeeper>;
  readonly sinks: Part<ReadonlyMap<string, Sink>>;
  /** The sources that the configuration and the trust data name now. Throws ConfigError where one does not fit the other. */
  readonly findSources: () => readonly FollowedSource[];
  /** Those that were named when it was built. */
  readonly sources: readonly FollowedSource[];
  readonly follow: FollowDeps;
  readonly channelsFor: Telling['channelsFor'];
}

/** The sinks of a configuration: before all else, for what goes wrong with the rest is told through them. */
export function openSinks({ notify, network }: Config, before: Parts | null): Part<ReadonlyMap<string, Sink>> {
  const channels = notify?.channels ?? new Map<string, ChannelConfig>();
  const { proxy, ca } = network;
  return keepOr(before?.sinks, [channels, network], () => {
    const way = proxy === null && ca === null ? undefined : createDispatcher(CHANNEL_CONNECTIONS, proxy, ca);
    const value = new Map([...channels].map(([name, channel]) => [name, createSink(name, channel, ca, way)]));
    return { value, close: async () => way?.destroy() };
  });
}

/**
 * Builds what `config` asks for, keeping of the configuration `before` what is the same: the trust source is not asked again where
 * nothing of it changed. Begins nothing. Whatever it throws (ConfigError, TrustUnavailable), what there was before is as it was.
 */
export async function openParts(config: Config, base: Base, before: Parts | null): Promise<Parts> {
  const { store, clock, logger, telling, onProgress } = base;
  const { trust, logs, network } = config;
  const opened: Part<unknown>[] = [];
  const open = <T>(part: Part<T>): Part<T> => {
    opened.push(part);
    return part;
  };
  try {
    const sinks = open(openSinks(config, before));
    const clients = open(openClients(config, before));
    const known = keep(before?.trust, [trust, network]);
    const keeper = open(known ?? (await openTrust(config, base, before === null)));
    const findSources = (): readonly FollowedSource[] => createSources(logs, keeper.value.logs(), clients.value);
    return {
      config,
      // Now is the time to say what does not fit.
      sources: findSources(),
      channelsFor: telling.channelsFor,
      clients,
      trust: keeper,
      sinks,
      findSources,
      follow: {
        store,
        clock,
        logger,
        watches: config.watches,
        judging: keeper.value.judging,
        attestations: createAttestationFinder({ http: clients.value.attestationHttp, clock, logger }),
        witnesses: logs.witnesses && { ...logs.witnesses, unmet: new Set() },
        tell: telling.tell,
        onProgress,
        suspectTrust: (seen, signal) => keeper.value.suspect(seen, signal),
      },
    };
  } catch (error) {
    await closeAll(opened, partsOf(before));
    throw error;
  }
}

/** Closes what is not a part of `next` as well. */
export async function closeParts(parts: Parts, next: Parts | null): Promise<void> {
  await closeAll(partsOf(parts), partsOf(next));
}

async function closeAll(parts: readonly Part<unknown>[], kept: readonly Part<unknown>[]): Promise<void> {
  await Promise.all(parts.filter((part) => !kept.includes(part)).map((part) => part.close()));
}

function partsOf(parts: Parts | null): readonly Part<unknown>[] {
  return parts === null ? [] : [parts.clients, parts.trust, parts.sinks];
}

function keep<T>(part: Part<T> | undefined, madeFrom: Part<T>['madeFrom']): Part<T> | null {
  return part !== undefined && isDeepStrictEqual(part.madeFrom, madeFrom) ? part : null;
}

function keepOr<T>(
  part: Part<T> | undefined,
  madeFrom: Part<T>['madeFrom'],
  make: () => Pick<Part<T>, 'value' | 'close'>,
): Part<T> {
  return keep(part, madeFrom) ?? { madeFrom, ...make() };
}

function openClients({ network, logs: { pollIntervalMs } }: Config, before: Parts | null): Part<Clients> {
  const { proxy, ca } = network;
  return keepOr(before?.clients, [network, pollIntervalMs], () => {
    // A log is tried again after ten times the poll interval at the latest: this is a part of it.
    const longestPauseMs = Math.min(2 * pollIntervalMs, LONGEST_PAUSE_MS);
    const usual = { timeoutMs: SILENCE_MS, proxy, ca };
    const http = createHttpClient({ ...usual, longestPauseMs });
    const publicHttp = createHttpClient({ ...usual, longestPauseMs, ratePerMinute: PUBLIC_RATE_PER_MINUTE });
    const attestationHttp = createHttpClient({
      ...usual,
      connections: ATTESTATION_CONNECTIONS,
      ratePerMinute: ATTESTATION_RATE_PER_MINUTE,
    });
    return {
      value: { http, publicHttp, attestationHttp },
      close: async () => {
        await Promise.all([http.close(), publicHttp.close(), attestationHttp.close()]);
      },
    };
  });
}

/** `isFirst`: nothing is in force yet, so that whatever is wrong with the trust source is told at once. */
async function openTrust(
  { trust, network, database }: Config,
  { store, clock, logger, telling }: Base,
  isFirst: boolean,
): Promise<Part<TrustKeeper>> {
  const { proxy, ca } = network;
  // Its own: it may outlive those of the logs.
  const http = createHttpClient({ timeoutMs: SILENCE_MS, longestPauseMs: LONGEST_PAUSE_MS, proxy, ca });
  const close = () => http.close();
  try {
    const deps = { store, clock, logger, http, tell: telling.tell };
    const value = await openTrustKeeper(trust, join(dirname(database), 'tuf'), deps, { isTrial: !isFirst });
    return { madeFrom: [trust, network], value, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function createSink(
  name: string,
  channel: ChannelConfig,
  ca: string | null,
  way: ReturnType<typeof createDispatcher> | undefined,
): Sink {
  switch (channel.type) {
    case 'slack':
      return createSlackSink(name, channel, way);
    case 'email':
      // What is given stands instead of the usual certificates.
      return createEmailSink(name, channel, ca === null ? {} : { ca: [...rootCertificates, ca].join('\n') });
  }
}
