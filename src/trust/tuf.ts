import { createRequire } from 'node:module';
import { initTUF } from '@sigstore/tuf';
import { parseTrustedRoot, type TrustData } from './trusted-root.ts';

/** Where the public-good instance's trust data is published; what @sigstore/tuf ships a first root of. */
const PUBLIC_GOOD = 'https://tuf-repo-cdn.sigstore.dev';
const TARGET = 'trusted_root.json';

export interface TufOptions {
  /** Default: the public-good instance. */
  readonly mirrorUrl?: string;
  /** The first root.json of a mirror that is not the public-good instance. */
  readonly rootPath?: string;
  /** Folder for the metadata, so that a later start works without network until it expires. */
  readonly cachePath: string;
  /** Of each request. */
  readonly timeoutMs: number;
}

/**
 * The trusted root that a TUF repository publishes, every signature and expiry checked. When the public-good one cannot
 * be had, the copy that @sigstore/tuf ships is used, and `stale` says why. Rejects when another mirror cannot be had.
 */
export async function loadTufTrust(
  options: TufOptions,
): Promise<{ readonly data: TrustData; readonly stale: string | null }> {
  const mirrorURL = options.mirrorUrl ?? PUBLIC_GOOD;
  try {
    const client = await initTUF({
      mirrorURL,
      ...(options.rootPath === undefined ? {} : { rootPath: options.rootPath }),
      cachePath: options.cachePath,
      timeout: options.timeoutMs,
      retry: { retries: 1 },
    });
    return { data: parseTrustedRoot(await client.getTarget(TARGET)), stale: null };
  } catch (error) {
    const reason = `Cannot refresh trust data from "${mirrorURL}": ${error instanceof Error ? error.message : String(error)}`;
    const shipped = mirrorURL === PUBLIC_GOOD ? shippedRoot() : undefined;
    if (shipped === undefined) {
      throw new Error(reason, { cause: error });
    }
    return { data: parseTrustedRoot(shipped), stale: `${reason}; the copy shipped with this version is used` };
  }
}

/** The trusted root inside @sigstore/tuf, which has no function that gives it. */
function shippedRoot(): string | undefined {
  const seeds: unknown = createRequire(import.meta.url)('@sigstore/tuf/seeds.json');
  // Shape of the package's own file, pinned by its exact version.
  const { targets } = (seeds as Record<string, { readonly targets: Readonly<Record<string, string>> } | undefined>)[
    PUBLIC_GOOD
  ] ?? { targets: {} };
  const encoded = targets[TARGET];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}
