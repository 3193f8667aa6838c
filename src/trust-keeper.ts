import type { AlertDraft } from './alert/alert.ts';
import { TRUST_STALE_KEY, trustStaleAlert } from './alert/log-alert.ts';
import type { TrustConfig } from './config/config.ts';
import type { Certificate } from './entry/entry.ts';
import type { Clock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { loadTrust, type LoadedTrust } from './load-trust.ts';
import type { ChainVerdict } from './policy/watch.ts';
import { closeAlert } from './store/alerts.ts';
import type { Store } from './store/store.ts';
import { createChainVerifier } from './trust/chain.ts';
import { TrustUnavailable } from './trust/trust-unavailable.ts';
import type { TrustData } from './trust/trusted-root.ts';

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
  let verifyChain = adopt(loaded.data);
  report(loaded.stale);

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
      const { data, stale } = await loadTrust(config, cachePath);
      verifyChain = adopt(data);
      report(stale);
    } catch (error) {
      if (!(error instanceof TrustUnavailable)) {
        throw error;
      }
      report(error.message);
    }
  }

  function adopt({ authorities, goodUntil, skipped }: TrustData): ReturnType<typeof createChainVerifier> {
    for (const { what, why } of skipped) {
      logger.warn({ what, why }, 'left out of the trust data');
    }
    return createChainVerifier(authorities, goodUntil);
  }

  function report(stale: string | null): void {
    if (stale === null) {
      closeAlert(store, TRUST_STALE_KEY);
      return;
    }
    logger.warn({ reason: stale }, 'trust data is stale');
    store.transaction(() => deps.tell(trustStaleAlert(stale), clock.now()));
  }
}
