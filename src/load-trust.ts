import type { TrustSource } from './config/config.ts';
import { createHttpClient, type HttpClient } from './log/http.ts';
import { fetchPinnedRoot, STAGING, type PinnedRoot } from './trust/pinned-root.ts';
import { TrustUnavailable } from './trust/trust-unavailable.ts';
import { loadTufTrust, type TufOptions, type TufTrust } from './trust/tuf.ts';

/** How long the trust source may take for one answer before the cached or shipped data is used. */
const TIMEOUT_MS = 10_000;

/** What a trust source publishes, and why it may be out of date (null when it is not). */
export type LoadedTrust = Pick<TufTrust, 'data' | 'stale'>;

/**
 * Loads what the trust source publishes: a TUF repository, a trusted_root.json, or nothing. `cachePath` is a folder for TUF
 * metadata; `http` is for the first root of a repository that is known by a digest only. Throws {@link TrustUnavailable}.
 */
export async function loadPublished(source: TrustSource, cachePath: string, http?: HttpClient): Promise<TufTrust> {
  switch (source.kind) {
    case 'none':
      return {
        data: { authorities: [], logs: [], ctLogs: [], goodUntil: null, skipped: [] },
        stale: null,
        shipped: false,
      };
    case 'trusted-root':
      return { data: source.data, stale: null, shipped: false };
    case 'public-good':
      return await loadTufTrust({ cachePath, timeoutMs: TIMEOUT_MS });
    case 'staging':
      return await loadPinned(STAGING, cachePath, http);
    case 'tuf':
      return await loadMirror({ mirrorUrl: source.url, rootPath: source.root, cachePath, timeoutMs: TIMEOUT_MS });
  }
}

/** The same of a repository whose first root is known by its digest alone. */
export async function loadPinned(pinned: PinnedRoot, cachePath: string, http?: HttpClient): Promise<TufTrust> {
  const client = http ?? createHttpClient({ timeoutMs: TIMEOUT_MS });
  try {
    const rootPath = await fetchPinnedRoot(pinned, cachePath, async (url, maxBytes) => {
      const { body } = await client.fetch({ url, maxBytes }, new AbortController().signal);
      return body;
    });
    return await loadMirror({ mirrorUrl: pinned.url, rootPath, cachePath, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    throw toUnavailable(error);
  } finally {
    if (http === undefined) {
      await client.close();
    }
  }
}

async function loadMirror(options: TufOptions): Promise<TufTrust> {
  try {
    return await loadTufTrust(options);
  } catch (error) {
    throw toUnavailable(error);
  }
}

function toUnavailable(error: unknown): TrustUnavailable {
  return error instanceof TrustUnavailable
    ? error
    : new TrustUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
}
