import { trustStaleAlert } from './alert/log-alert.ts';
import type { TrustConfig } from './config/config.ts';
import type { Certificate } from './entry/entry.ts';
import type { Clock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { loadTrust, type LoadedTrust } from './load-trust.ts';
import type { ChainVerdict } from './policy/watch.ts';
import type { AlertDraft } from './alert/alert.ts';
import { closeAlert } from './store/alerts.ts';
import type { Store } from './store/store.ts';
import { createChainVerifier } from './trust/chain.ts';

/** What a TUF repository publishes is good for some days at a time: past that a stranger's certificate could be of a CA we do not know yet. */
const REFRESH_MS = 6 * 3_600_000;

/** The certificate authorities in force. */
export interface TrustKeeper {
  readonly chainOf: (certificate: Certificate) => ChainVerdict;
  /** Reads the trust source again every six hours until `signal` aborts, where it is one that changes. */
  keepFresh(signal: AbortSignal): Promise<void>;
}

/** Takes over what was loaded at the start. Where the trust source could not be refreshed, that is told; where it could again, that alert is closed. */
export function createTrustKeeper(
  config: TrustConfig,
  cachePath: string,
  loaded: LoadedTrust,
  deps: {
    readonly store: Store;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly tell: (draft: AlertDraft, now: Date) => string;
  },
): TrustKeeper {
  const { store, clock, logger } = deps;
  let verifyChain = createChainVerifier(loaded.data.authorities, loaded.data.goodUntil);

  const use = ({ data, stale }: LoadedTrust): void => {
    verifyChain = createChainVerifier(data.authorities, data.goodUntil);
    for (const { what, why } of data.skipped) {
      logger.warn({ what, why }, 'left out of the trust data');
    }
    const now = clock.now();
    store.transaction(() => {
      const stalled = trustStaleAlert(stale ?? '');
      if (stale === null) {
        closeAlert(store, stalled.dedupeKey);
      } else {
        deps.tell(stalled, now);
      }
    });
    if (stale !== null) {
      logger.warn({ reason: stale }, 'trust data is stale');
    }
  };
  use(loaded);

  return {
    chainOf: (certificate) => verifyChain(certificate, clock.now()),
    async keepFresh(signal) {
      const changes = config.source.kind === 'public-good' || config.source.kind === 'tuf';
      await clock.sleep(REFRESH_MS, signal);
      while (!signal.aborted) {
        if (changes) {
          await refresh();
        }
        await clock.sleep(REFRESH_MS, signal);
      }
    },
  };

  /** What was in force stays so when nothing better can be had. */
  async function refresh(): Promise<void> {
    try {
      use(await loadTrust(config, cachePath));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ reason }, 'trust data is stale');
      store.transaction(() => deps.tell(trustStaleAlert(reason), clock.now()));
    }
  }
}
