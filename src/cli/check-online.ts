import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type ConfigProblem } from '../config/config-error.ts';
import type { Config } from '../config/config.ts';
import { unknownOrigins } from '../config/plan-log.ts';
import { loadPublished, type LoadedTrust } from '../load-trust.ts';
import { createHttpClient, type HttpClient } from '../log/http.ts';
import { LogMisbehaved, LogUnavailable, type LogReader, type LogSource } from '../log/log.ts';
import type { FollowedSource } from '../monitor/followed-source.ts';
import { createVantage, lookTwice } from '../monitor/vantage.ts';
import { createSources } from '../sources.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { TrustUnavailable } from '../trust/trust-unavailable.ts';

/** One log at one of its addresses, and whether it shows there a checkpoint that its key signed. */
export interface ReachedLog {
  readonly name: string;
  readonly origin: string;
  readonly url: string;
  readonly ok: boolean;
  /** Of the tree that the checkpoint is about. */
  readonly size: number | null;
  readonly error: string | null;
}

/** What was found out by asking. */
export interface OnlineOutcome {
  readonly logs: readonly ReachedLog[];
  readonly trust: { readonly ok: boolean; readonly error: string | null };
  /** What shows only once it is known which logs the trust source names. */
  readonly errors: readonly ConfigProblem[];
  /** Origins of overrides that no log has. */
  readonly unknown: readonly string[];
}

/** How long a server may be silent. */
const SILENCE_MS = 15_000;

/** How long one log may take in all. */
const LIMIT_MS = 60_000;

/**
 * Asks the trust source for its logs, and every log at each of its addresses for its checkpoint. Writes nothing that
 * stays: the metadata of the trust source goes into a folder that is removed again.
 */
export async function checkOnline(config: Config, signal: AbortSignal): Promise<OnlineOutcome> {
  const { proxy, ca } = config.network;
  const http = createHttpClient({ timeoutMs: SILENCE_MS, proxy, ca });
  const cache = mkdtempSync(join(tmpdir(), 'sigwatch-check-'));
  try {
    const trust = await askTrust(config, cache, http);
    const { logs } = config;
    const known = [...logs.custom, ...(logs.discover ? trust.data.logs : []), ...(logs.ct ? trust.data.ctLogs : [])];
    return {
      trust: { ok: trust.stale === null, error: trust.stale },
      // Without the trust source nobody knows which logs there are.
      unknown: trust.stale === null ? unknownOrigins(logs.override, known) : [],
      ...(await askLogs(config, trust, http, signal)),
    };
  } finally {
    await http.close();
    rmSync(cache, { recursive: true, force: true });
  }
}

async function askTrust({ trust }: Config, cache: string, http: HttpClient): Promise<LoadedTrust> {
  try {
    return await loadPublished(trust.source, cache, http);
  } catch (error) {
    if (!(error instanceof TrustUnavailable)) {
      throw error;
    }
    return {
      data: { authorities: [], logs: [], ctLogs: [], goodUntil: null, skipped: [] },
      stale: error.message,
    };
  }
}

async function askLogs(
  { logs }: Config,
  trust: LoadedTrust,
  http: HttpClient,
  signal: AbortSignal,
): Promise<Pick<OnlineOutcome, 'logs' | 'errors'>> {
  let sources: readonly FollowedSource[];
  try {
    sources = createSources(logs, trust.data, { http, publicHttp: http });
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return { logs: [], errors: error.problems };
  }
  const found = await Promise.all(
    sources.map((source) => askSource(source, AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]))),
  );
  return { logs: found.flat(), errors: [] };
}

/** A line for each log of a source at each address; one where it cannot even be asked which these are. */
async function askSource(followed: FollowedSource, signal: AbortSignal): Promise<readonly ReachedLog[]> {
  const { source } = followed;
  let readers: readonly LogReader[];
  try {
    readers = (await source.discover(signal)).filter(({ origin }) => followed.shards.get(origin)?.enabled !== false);
  } catch (error) {
    return [unreached(source, source.origin, source.url, error, signal)];
  }
  const reached = readers.map(async (reader) => {
    const { origin } = reader;
    const also = followed.shards.get(origin)?.also ?? followed.also;
    const vantages = also.map((other) => createVantage(other, origin));
    return await Promise.all([
      ask(source, origin, source.url, () => lookTwice(reader, signal), signal),
      ...vantages.map((vantage) =>
        ask(source, origin, vantage.url, async () => (await vantage.look(signal)).checkpoint, signal),
      ),
    ]);
  });
  return (await Promise.all(reached)).flat();
}

async function ask(
  source: LogSource,
  origin: string,
  url: string,
  look: () => Promise<SignedCheckpoint>,
  signal: AbortSignal,
): Promise<ReachedLog> {
  try {
    const { size } = await look();
    return { name: source.name, origin, url, ok: true, size, error: null };
  } catch (error) {
    return unreached(source, origin, url, error, signal);
  }
}

function unreached({ name }: LogSource, origin: string, url: string, error: unknown, signal: AbortSignal): ReachedLog {
  if (signal.aborted) {
    return {
      name,
      origin,
      url,
      ok: false,
      size: null,
      error: `Cannot read checkpoint from "${url}": not done in time`,
    };
  }
  if (error instanceof LogUnavailable || error instanceof LogMisbehaved) {
    return { name, origin, url, ok: false, size: null, error: error.message };
  }
  throw error;
}
