import { ConfigError } from './config/config-error.ts';
import type { CustomLog, LogsConfig } from './config/config.ts';
import { formatPath } from './config/key-path.ts';
import { PlanFault, planLog, type PlannedLog, type PlannedShard } from './config/plan-log.ts';
import { isNonEmpty } from './lib/non-empty.ts';
import type { HttpClient } from './log/http.ts';
import type { LogSource } from './log/log.ts';
import { createCtSource } from './log/ct/reader.ts';
import { createRekorV1Source } from './log/rekor-v1/reader.ts';
import { createRekorV2Source } from './log/rekor-v2/reader.ts';
import { STALE_AFTER_MS, type FollowedShard, type FollowedSource } from './monitor/followed-source.ts';
import type { TrustData, TrustedLog } from './trust/trusted-root.ts';

/** The usual maximum merge delay of CT logs. */
const MERGE_DELAY_MS = 24 * 3_600_000;

interface Clients {
  readonly http: HttpClient;
  /** Held to the rate limit of the public Rekor v1 instances. */
  readonly publicHttp: HttpClient;
}

/**
 * Every log to follow: the custom ones, and those of the trust source as `discover` and `ct` say. A custom log stands for
 * the trusted one of the same origin, and `override` changes either. Throws ConfigError for an override that cannot be
 * applied to what the trust source knows: another log's pinned checkpoint, a key that its type of log cannot have.
 */
export function createSources(
  logs: LogsConfig,
  trusted: Pick<TrustData, 'logs' | 'ctLogs'>,
  clients: Clients,
  now = new Date(),
): readonly FollowedSource[] {
  const taken = new Set(logs.custom.map(({ origin }) => origin));
  const candidates = [...(logs.discover ? trusted.logs : []), ...(logs.ct ? trusted.ctLogs : [])];
  const discovered = groupByOrigin(
    candidates.filter(({ origin }) => !taken.has(origin)),
    logs,
    now,
  );
  const planned = [...logs.custom, ...discovered].map((log) => plan(log, logs));
  return withOwnNames(planned.filter(({ enabled }) => enabled !== false)).map((log) => follow(log, logs, clients));
}

function plan(log: CustomLog, { override }: LogsConfig): PlannedLog {
  try {
    return planLog(log, override);
  } catch (error) {
    if (!(error instanceof PlanFault)) {
      throw error;
    }
    const path = formatPath(['logs', 'override', error.origin ?? log.origin, error.key]);
    throw new ConfigError([{ file: '', line: null, column: null, path, message: error.message }], { cause: error });
  }
}

function follow(log: PlannedLog, logs: LogsConfig, clients: Clients): FollowedSource {
  return {
    source: createSource(log, clients),
    also: vantagePoints(log, clients),
    staleAfterMs: log.staleAfterMs === undefined ? usualStaleAfter(log, logs) : log.staleAfterMs,
    pinned: log.pinned,
    shards: new Map([...log.shards].map(([origin, shard]) => [origin, followShard(log, shard, clients)])),
  };
}

/** A CT log need not sign anew before its maximum merge delay is over (RFC 6962 §3.5). */
function usualStaleAfter({ type }: PlannedLog, { staleAfterMs }: LogsConfig): number | null {
  return staleAfterMs === undefined ? (type === 'ct' ? MERGE_DELAY_MS : STALE_AFTER_MS) : staleAfterMs;
}

function followShard(log: PlannedLog, shard: PlannedShard, clients: Clients): FollowedShard {
  const { also, pinned, staleAfterMs, start, enabled } = shard;
  return {
    ...(also && { also: vantagePoints({ ...log, also }, clients) }),
    ...(pinned && { pinned }),
    ...(staleAfterMs !== undefined && { staleAfterMs }),
    ...(start !== undefined && { start }),
    ...(enabled !== undefined && { enabled }),
  };
}

/** The same log at its further addresses. */
function vantagePoints(log: PlannedLog, clients: Clients): readonly LogSource[] {
  return (log.also ?? []).map((url) => createSource({ ...log, url }, clients));
}

function createSource(log: PlannedLog, { http, publicHttp }: Clients): LogSource {
  const { name, url, readPath, origin, keys, start } = log;
  switch (log.type) {
    case 'rekor-v1':
      return createRekorV1Source({ name, url, origin, keys, start }, isPublic(url) ? publicHttp : http);
    case 'rekor-v2':
      return createRekorV2Source({ name, url, readPath, origin, keys, start: startOf(log) }, http);
    case 'ct':
      return createCtSource({ name, url, origin, keys, start }, http);
  }
}

/** Rekor v2 entries carry no time: where the start is a date, nothing of them may be missed, so all are read. */
function startOf({ start }: PlannedLog): PlannedLog['start'] {
  return start instanceof Date ? 'genesis' : start;
}

/** The trust source lists a log once for each key it has had: any of them may sign. */
function groupByOrigin(trusted: readonly TrustedLog[], { start }: LogsConfig, now: Date): readonly CustomLog[] {
  const origins = [...new Set(trusted.map(({ origin }) => origin))];
  return origins.flatMap((origin) => {
    const same = trusted.filter((log) => log.origin === origin);
    const [log] = same;
    const publicKeys = same.map(({ spki }) => spki);
    if (log === undefined || !isNonEmpty(publicKeys)) {
      return [];
    }
    const { type, url, readPath } = log;
    const isLater = same.every(({ later }) => later === true);
    // Of a log whose time is over nobody expects a sign of life.
    const isOver = same.every(({ validTo }) => validTo !== null && validTo < now);
    return [
      {
        ...{ name: origin, type, url, readPath, origin, publicKeys, start: isLater ? 'genesis' : start },
        ...(isOver && { staleAfterMs: null }),
      },
    ];
  });
}

/** A name stands for one source: of two that an override gave the same one, the second is called by its origin. */
function withOwnNames(planned: readonly PlannedLog[]): readonly PlannedLog[] {
  const taken = new Set<string>();
  return planned.map((log) => {
    const name = taken.has(log.name) ? log.origin : log.name;
    taken.add(name);
    return { ...log, name };
  });
}

function isPublic(url: string): boolean {
  return /\.sigstore\.dev$|\.sigstage\.dev$/.test(new URL(url).hostname);
}
