import type { TrustConfig } from './config/config.ts';
import type { TrustData } from './trust/trusted-root.ts';
import { TrustUnavailable } from './trust/trust-unavailable.ts';
import { loadTufTrust } from './trust/tuf.ts';

/** How long the trust source may take before the cached or shipped data is used. */
const TIMEOUT_MS = 10_000;

/** The trust data to judge by, and why it may be out of date (null when it is not). */
export interface LoadedTrust {
  readonly data: TrustData;
  readonly stale: string | null;
}

/**
 * Loads what the configuration trusts: the TUF repository, a trusted_root.json, or nothing but the configured CAs,
 * which are added in each case. `cachePath` is a folder for TUF metadata. Throws {@link TrustUnavailable}.
 */
export async function loadTrust(config: TrustConfig, cachePath: string): Promise<LoadedTrust> {
  const { data, stale } = await loadSource(config, cachePath);
  return { data: { ...data, authorities: [...data.authorities, ...config.authorities] }, stale };
}

async function loadSource({ source }: TrustConfig, cachePath: string): Promise<LoadedTrust> {
  switch (source.kind) {
    case 'none':
      return { data: { authorities: [], logs: [], goodUntil: null, skipped: [] }, stale: null };
    case 'trusted-root':
      return { data: source.data, stale: null };
    case 'public-good':
      return await loadTufTrust({ cachePath, timeoutMs: TIMEOUT_MS });
    case 'tuf':
      try {
        return await loadTufTrust({ mirrorUrl: source.url, rootPath: source.root, cachePath, timeoutMs: TIMEOUT_MS });
      } catch (error) {
        throw new TrustUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
      }
  }
}
