import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';
import { loadTufTrust } from '../../src/trust/tuf.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

/** The recorded repositories have no snapshot: that far the client must come, and not further. */
const NO_SNAPSHOT = /Unable to load snapshot metadata/;

/** Where the recorded roots begin to follow each other, and where they end. */
const REPOSITORIES = [
  ['sigstore__root-signing', 12, 15, 762],
  ['sigstore__root-signing-staging', 12, 14, 703],
] as const;

describe.runIf(hasRealdata).each(REPOSITORIES)('the recorded TUF repository %s', (name, first, last, timestamp) => {
  const folderOf = realdata(`trust/${name}/metadata`);
  let cache: string;
  let mirror: Listening;
  let tampered: number | null;

  beforeEach(async () => {
    tampered = null;
    cache = mkdtempSync(join(tmpdir(), 'sigwatch-real-tuf-'));
    const server = createServer((request, response) => {
      const path = (request.url ?? '').slice(1);
      const file = fileOf(path);
      const content = file === null ? null : readFileSync(file, 'utf8');
      response.writeHead(content === null ? 404 : 200);
      response.end(
        path === `${tampered}.root.json`
          ? content?.replace('"threshold": 3', '"threshold": 1').replace('"threshold": 2', '"threshold": 1')
          : content,
      );
    });
    mirror = await listenOnLoopback(server);
  });

  afterEach(async () => {
    vi.useRealTimers();
    await mirror.close();
    rmSync(cache, { recursive: true });
  });

  it('is walked from root to root, up to its newest root and timestamp', async () => {
    await expect(loadAt('2026-08-22')).rejects.toThrow(NO_SNAPSHOT);
    expect(kept()).toEqual({ root: last, timestamp });
  });

  it('is refused once its timestamp has expired, and once its root has', async () => {
    await expect(loadAt('2026-09-01')).rejects.toThrow(/expired/);
    expect(kept()).toEqual({ root: last, timestamp: null });
    await expect(loadAt('2026-12-01')).rejects.toThrow(/Final root\.json is expired/);
  });

  it('is refused from a root on that was altered', async () => {
    tampered = first + 2;
    await expect(loadAt('2026-08-22')).rejects.toThrow(/sign/);
    expect(kept()).toEqual({ root: first + 1, timestamp: null });
  });

  function fileOf(path: string): string | null {
    const version = /^(\d+)\.root\.json$/.exec(path)?.[1];
    const file =
      version === undefined || Number(version) === last
        ? join(folderOf, version === undefined ? path : 'root.json')
        : join(folderOf, 'root_history', path);
    return existsSync(file) ? file : null;
  }

  function loadAt(day: string): Promise<unknown> {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date(`${day}T00:00:00Z`) });
    const rootPath = join(folderOf, `root_history/${first}.root.json`);
    return loadTufTrust({ mirrorUrl: mirror.url, rootPath, cachePath: cache, timeoutMs: 5000 });
  }

  /** Versions of what the client kept. */
  function kept(): { readonly root: number | null; readonly timestamp: number | null } {
    const files = readdirSync(cache, { recursive: true, encoding: 'utf8' });
    const versionOf = (file: string): number | null => {
      const found = files.find((path) => path.endsWith(`/${file}`));
      return found === undefined
        ? null
        : // Kept only after it was checked.
          (JSON.parse(readFileSync(join(cache, found), 'utf8')) as { readonly signed: { readonly version: number } })
            .signed.version;
    };
    return { root: versionOf('root.json'), timestamp: versionOf('timestamp.json') };
  }
});
