import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
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
  /** Folder for the metadata: until it expires, a later start works without network. */
  readonly cachePath: string;
  /** How long the mirror may be silent. */
  readonly timeoutMs: number;
  /** How long one reading of it may take in all; default: six times as long. */
  readonly wholeMs?: number;
}

/** Trust data, and why it may be out of date: a sentence, or null. */
export interface TufTrust {
  readonly data: TrustData;
  readonly stale: string | null;
  /** True for the copy inside @sigstore/tuf: whatever was ever fetched is newer. */
  readonly shipped: boolean;
}

/** A mirror that trickles, or has root after root, must not hold us up for ever. */
const WHOLE = 6;

/**
 * The trusted root that a TUF repository publishes, every signature and expiry checked; it is good until the
 * repository's timestamp expires. When it cannot be had, what was fetched before is used until then, and for the
 * public-good instance the copy that @sigstore/tuf ships; `stale` says so. Rejects when there is nothing of another mirror.
 */
export async function loadTufTrust(options: TufOptions): Promise<TufTrust> {
  const mirrorURL = options.mirrorUrl ?? PUBLIC_GOOD;
  try {
    return { data: await fetchInTime(mirrorURL, options, 'online'), stale: null, shipped: false };
  } catch (error) {
    const reason = `Cannot refresh trust data from "${mirrorURL}": ${describe(error)}`;
    const cached = await readCached(mirrorURL, options);
    if (cached !== null) {
      return { data: cached, stale: `${reason}; what was fetched before is used`, shipped: false };
    }
    if (mirrorURL !== PUBLIC_GOOD) {
      throw new Error(reason, { cause: error });
    }
    return { data: shippedTrust(), stale: `${reason}; the copy shipped with this version is used`, shipped: true };
  }
}

/**
 * The trusted root inside @sigstore/tuf, which has no function that gives it. It is known to be good only until the
 * last thing it tells of began.
 */
export function shippedTrust(): TrustData {
  const seeds: unknown = createRequire(import.meta.url)('@sigstore/tuf/seeds.json');
  // Shape of the package's own file, pinned by its exact version.
  const { targets } = (seeds as Record<typeof PUBLIC_GOOD, { readonly targets: Record<typeof TARGET, string> }>)[
    PUBLIC_GOOD
  ];
  const data = parseTrustedRoot(Buffer.from(targets[TARGET], 'base64').toString());
  const starts = [...data.authorities, ...data.logs, ...data.ctLogs].map(({ validFrom }) => validFrom?.getTime() ?? 0);
  return { ...data, goodUntil: new Date(Math.max(...starts)) };
}

/** The client bounds the silence of the mirror, not the whole. What comes too late is let go. */
async function fetchInTime(mirrorURL: string, options: TufOptions, mode: 'online' | 'offline'): Promise<TrustData> {
  const limit = options.wholeMs ?? options.timeoutMs * WHOLE;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it did not answer whole within ${limit} ms`));
    }, limit);
  });
  try {
    return await Promise.race([fetchTrust(mirrorURL, options, mode), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `offline`: nothing is asked of the network as long as the metadata kept is signed and has not expired. */
async function fetchTrust(mirrorURL: string, options: TufOptions, mode: 'online' | 'offline'): Promise<TrustData> {
  const client = await initTUF({
    mirrorURL,
    ...(options.rootPath === undefined ? {} : { rootPath: options.rootPath }),
    cachePath: cachePathOf(options),
    timeout: options.timeoutMs,
    retry: { retries: 1, minTimeout: 500 },
    forceCache: mode === 'offline',
  });
  return { ...parseTrustedRoot(await client.getTarget(TARGET)), goodUntil: expiryOf(mirrorURL, options) };
}

async function readCached(mirrorURL: string, options: TufOptions): Promise<TrustData | null> {
  const expiry = expiryOf(mirrorURL, options);
  if (expiry === null || expiry.getTime() < Date.now()) {
    return null;
  }
  try {
    return await fetchInTime(mirrorURL, options, 'offline');
  } catch {
    // Incomplete or altered: as good as none.
    return null;
  }
}

/** When the timestamp kept by the client expires; null where there is none. The client checks its signature, not we. */
function expiryOf(mirrorURL: string, options: TufOptions): Date | null {
  try {
    const { host, pathname } = new URL(mirrorURL);
    // The client keeps each repository in a folder of this name (its dist/client.js).
    const folder = encodeURIComponent(host + pathname.replace(/\/$/, ''));
    const text = readFileSync(join(cachePathOf(options), folder, 'timestamp.json'), 'utf8');
    const { signed } = JSON.parse(text) as { readonly signed: { readonly expires: string } };
    const expires = new Date(signed.expires);
    return Number.isNaN(expires.getTime()) ? null : expires;
  } catch {
    return null;
  }
}

/** The client goes on from the root it has kept: another first root gets another folder, or it would never be read. */
function cachePathOf({ cachePath, rootPath }: TufOptions): string {
  return rootPath === undefined ? cachePath : join(cachePath, hash('sha256', readFileSync(rootPath)).slice(0, 16));
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof Error && error.cause !== undefined ? `${message}: ${describe(error.cause)}` : message;
}
