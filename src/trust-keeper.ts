import { TRUST_STALE_KEY, trustStaleAlert } from './alert/log-alert.ts';
import type { TrustConfig } from './config/config.ts';
import { createJudging, type Judging } from './judging.ts';
import type { Logger } from './lib/logger.ts';
import { loadPublished } from './load-trust.ts';
import type { HttpClient } from './log/http.ts';
import { closeAlert } from './store/alerts.ts';
import { changedOrigins, digestOf, logsOf, nextSnapshot, type TrustSnapshot } from './trust/snapshot.ts';
import { TrustUnavailable } from './trust/trust-unavailable.ts';
import type { TrustData } from './trust/trusted-root.ts';
import { isPublished, openTrustMemory, type TrustMemoryDeps } from './trust-memory.ts';

/** What a TUF repository publishes is good for some days at a time: past that a stranger's certificate could be of a CA we do not know yet. */
const REFRESH_MS = 6 * 3_600_000;

/** Whom we do not know makes us ask again, but anybody can put a stranger into a log: at once, after ten seconds, and then ever more seldom. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 10 * 60_000;

/** What was read may be older than we think: clocks differ, and mirrors are cached. */
const SLACK_MS = 5 * 60_000;

/** How long a log waits for the answer. */
const PATIENCE_MS = 15_000;

/** The logs that are trusted; those that the trust source named only later are marked. */
export type TrustedLogs = Pick<TrustData, 'logs' | 'ctLogs'>;

/** The certificate authorities and logs in force. */
export interface TrustKeeper {
  /** Answers by what is in force when it is asked. */
  readonly judging: Judging;
  readonly logs: () => TrustedLogs;
  /** True when the trust source could not be read at the start. */
  readonly stale: boolean;
  /** Tells that the trust source could not be read when it was last tried, or closes what was told of that. For a keeper that was opened on trial, and is in force now. */
  tellStale(): void;
  /**
   * Somebody signed at `seen` whom we do not know. Reads the trust source again, if it is one that changes, was last read
   * before that or hardly later, and was not asked for such a reason lately. True when something else is in force now.
   */
  suspect(seen: Date, signal: AbortSignal): Promise<boolean>;
  /** Reads the trust source again every six hours until `signal` aborts, where it is one that changes. */
  keepFresh(signal: AbortSignal): Promise<void>;
  /** Has `listener` called with the origins of logs that came, or are to be read otherwise than before. Returns what ends that. */
  onLogs(listener: (changed: ReadonlySet<string>) => void): () => void;
  /** Has `listener` called each time when the trust source was read anew, and what it says is in force. Returns what ends that. */
  onRefreshed(listener: () => void): () => void;
}

export interface TrustKeeperDeps extends TrustMemoryDeps {
  readonly logger: Logger;
  readonly http?: HttpClient;
}

/**
 * Reads the trust source; where it cannot be read, what it published when it last could be is in force. That it could not
 * be read is told, and closed once it can; what it changed is told. Throws TrustUnavailable when nothing of it is known, which is
 * told as well. `isTrial`: another one is in force, so that nobody is told yet that this one cannot be read.
 */
export async function openTrustKeeper(
  config: TrustConfig,
  cachePath: string,
  deps: TrustKeeperDeps,
  { isTrial }: { readonly isTrial: boolean } = { isTrial: false },
): Promise<TrustKeeper> {
  const { store, clock, logger } = deps;
  const { source } = config;
  const memory = openTrustMemory(source, deps);
  const changes = isPublished(source);
  const listeners = new Set<(changed: ReadonlySet<string>) => void>();
  const refreshed = new Set<() => void>();
  let refreshedAt = 0;
  let pauseMs = 0;
  let quietUntil = 0;
  let underway: Promise<boolean> | null = null;
  let ending: AbortSignal | null = null;

  const first = await read();
  let lastStale = first.stale;
  if (first.snapshot === null) {
    if (!isTrial) {
      report(first.stale, false);
    }
    throw new TrustUnavailable(first.stale ?? 'Cannot read the trust source: it holds nothing');
  }
  let inForce = first.snapshot;
  let judging = judgingBy(inForce);
  if (!isTrial) {
    report(first.stale);
  }

  return {
    judging: {
      chainOf: (certificate) => judging.chainOf(certificate),
      findChain: (certificate) => judging.findChain(certificate),
      signatureOf: (entry, signer) => judging.signatureOf(entry, signer),
      sctOf: (certificate) => judging.sctOf(certificate),
    },
    logs: () => logsOf(inForce),
    stale: first.stale !== null,
    tellStale: () => {
      report(lastStale);
    },
    onLogs: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onRefreshed: (listener) => {
      refreshed.add(listener);
      return () => refreshed.delete(listener);
    },
    async suspect(seen, signal) {
      const now = clock.now().getTime();
      if (!changes || seen.getTime() < refreshedAt - SLACK_MS || (underway === null && now < quietUntil)) {
        return false;
      }
      if (underway === null) {
        pauseMs = Math.min(Math.max(2 * pauseMs, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
        quietUntil = now + pauseMs;
      }
      return await within(PATIENCE_MS, refresh(), signal);
    },
    async keepFresh(signal) {
      ending = signal;
      await clock.sleep(REFRESH_MS, signal);
      while (!signal.aborted) {
        if (changes) {
          pauseMs = 0;
          await within(REFRESH_MS, refresh(), signal);
        }
        await clock.sleep(REFRESH_MS, signal);
      }
    },
  };

  /** Reads it again, once for all who ask meanwhile. What was in force stays so when nothing better can be had. */
  function refresh(): Promise<boolean> {
    underway ??= readAgain().finally(() => {
      underway = null;
    });
    return underway;
  }

  async function readAgain(): Promise<boolean> {
    const { snapshot, stale } = await read();
    // Whoever ends closes the database.
    if (ending?.aborted === true) {
      return false;
    }
    report(stale);
    const before = inForce;
    inForce = snapshot ?? before;
    judging = judgingBy(inForce);
    const changed = changedOrigins(before, inForce);
    if (changed.size > 0) {
      listeners.forEach((listener) => {
        listener(changed);
      });
    }
    if (stale === null) {
      refreshed.forEach((listener) => {
        listener();
      });
    }
    return digestOf(before.data) !== digestOf(inForce.data);
  }

  /** What is in force from now on, and why it may be out of date; null where nothing of the source is known. */
  async function read(): Promise<{ readonly snapshot: TrustSnapshot | null; readonly stale: string | null }> {
    const began = clock.now().getTime();
    try {
      const { data, stale, shipped } = await loadPublished(source, cachePath, deps.http);
      if (ending?.aborted === true) {
        return { snapshot: null, stale };
      }
      for (const { what, why } of data.skipped) {
        logger.warn({ what, why }, 'left out of the trust data');
      }
      refreshedAt = stale === null ? began : refreshedAt;
      // A copy that came with this version is no reading of the source: whatever was ever read is newer.
      return { snapshot: shipped ? (memory.last() ?? nextSnapshot(null, data, false)) : memory.take(data), stale };
    } catch (error) {
      if (!(error instanceof TrustUnavailable)) {
        throw error;
      }
      return { snapshot: memory.last(), stale: error.message };
    }
  }

  function judgingBy(snapshot: TrustSnapshot): Judging {
    const { authorities, goodUntil } = snapshot.data;
    return createJudging(
      { authorities: [...authorities, ...config.authorities], ctLogs: logsOf(snapshot).ctLogs, goodUntil },
      () => clock.now(),
    );
  }

  function report(stale: string | null, isKnown = true): void {
    lastStale = stale;
    if (stale === null) {
      closeAlert(store, TRUST_STALE_KEY);
      return;
    }
    logger.warn({ reason: stale }, 'trust data is stale');
    store.transaction(() => deps.tell(trustStaleAlert(stale, isKnown), clock.now()));
  }

  /** Waits for `work`, but not longer than `ms` or until `signal` aborts: then it is false. */
  async function within(ms: number, work: Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    const done = new AbortController();
    try {
      return await Promise.race([work, clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(() => false)]);
    } finally {
      done.abort();
    }
  }
}
