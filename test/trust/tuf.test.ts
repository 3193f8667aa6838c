import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoAuthority } from '../../src/demo/certificate-authority.ts';
import { loadTufTrust, shippedTrust, type TufTrust } from '../../src/trust/tuf.ts';
import { startFakeTuf, type FakeTuf } from '../fakes/fake-tuf.ts';

const HOUR = 3_600_000;
const TIMEOUT_MS = 2000;
let repository: FakeTuf;
let folder: string;

beforeEach(async () => {
  repository = await startFakeTuf();
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-tuf-'));
  writeFileSync(join(folder, 'root.json'), repository.root);
});

afterEach(async () => {
  await repository.close();
  rmSync(folder, { recursive: true });
});

describe('loadTufTrust()', () => {
  it('gives what the repository publishes, good until its timestamp expires', async () => {
    const expires = inHours(24);
    repository.publish(trustedRoot('https://one.example'), expires);
    expect(outline(await load())).toEqual({
      authorities: ['https://one.example'],
      goodUntil: expires,
      stale: null,
    });
  });

  it('gives what is new when it is asked again', async () => {
    repository.publish(trustedRoot('https://one.example'), inHours(24));
    await load();
    repository.publish(trustedRoot('https://two.example'), inHours(48));
    expect(outline(await load())).toEqual({
      authorities: ['https://two.example'],
      goodUntil: inHours(48),
      stale: null,
    });
  });

  it('goes on with what it fetched before while the repository cannot be reached, and says so', async () => {
    const expires = inHours(24);
    repository.publish(trustedRoot('https://one.example'), expires);
    await load();
    repository.fail(500);
    expect(outline(await load())).toEqual({
      authorities: ['https://one.example'],
      goodUntil: expires,
      stale: expect.stringContaining(`Cannot refresh trust data from "${repository.url}": `) as string,
    });
  });

  it('refuses what it fetched before when that was altered', async () => {
    repository.publish(trustedRoot('https://one.example'), inHours(24));
    await load();
    repository.fail(500);
    const [cached = ''] = filesNamed('trusted_root.json');
    writeFileSync(cached, trustedRoot('https://evil.example'));
    await expect(load()).rejects.toThrow(`Cannot refresh trust data from "${repository.url}": `);
  });

  it('refuses metadata that has expired', async () => {
    repository.publish(trustedRoot('https://one.example'), inHours(-1));
    await expect(load()).rejects.toThrow(/^Cannot refresh trust data from "http:.*": .*expired/i);
  });

  it('refuses metadata that somebody else signed', async () => {
    const other = await startFakeTuf();
    try {
      other.publish(trustedRoot('https://evil.example'), inHours(24));
      await expect(load(other.url)).rejects.toThrow(`Cannot refresh trust data from "${other.url}": `);
    } finally {
      await other.close();
    }
  });

  it('starts from another root file when it is given one, whatever it kept', async () => {
    repository.publish(trustedRoot('https://one.example'), inHours(24));
    await load();
    writeFileSync(join(folder, 'root.json'), '{}');
    await expect(load()).rejects.toThrow(`Cannot refresh trust data from "${repository.url}": `);
  });

  it('names the mirror when there is no root file', async () => {
    rmSync(join(folder, 'root.json'));
    await expect(load()).rejects.toThrow(/^Cannot refresh trust data from "http:.*": ENOENT/);
  });

  it('walks from root to root, each signed by the one before', async () => {
    repository.publish(trustedRoot('https://one.example'), inHours(24));
    repository.rotateRoot();
    repository.rotateRoot();
    repository.publish(trustedRoot('https://two.example'), inHours(48));
    expect(outline(await load())).toMatchObject({ authorities: ['https://two.example'], stale: null });
    expect(repository.requests.filter((path) => /^\/\d+\.root\.json$/.test(path))).toEqual([
      '/2.root.json',
      '/3.root.json',
      '/4.root.json',
    ]);
  });

  it('refuses a root that the one before did not sign', async () => {
    repository.rotateRoot();
    repository.publish(trustedRoot('https://one.example'), inHours(24));
    repository.tamper(/2\.root\.json/, (root) => root.replace('2099', '2098'));
    await expect(load()).rejects.toThrow(/^Cannot refresh trust data from "http:.*": .*sign/i);
  });

  it('refuses a target other than the one that is signed', async () => {
    repository.publish(trustedRoot('https://one.example'), inHours(24));
    repository.tamper(/targets\/.*trusted_root\.json/, (target) => target.replace('one.example', 'two.example'));
    await expect(load()).rejects.toThrow(/^Cannot refresh trust data from "http:.*": .*hash/i);
    expect(filesNamed('trusted_root.json')).toEqual([]);
  });

  it('gives up on a repository that does not end an answer', async () => {
    repository.publish(trustedRoot('https://one.example'), inHours(24));
    repository.tamper(/timestamp/, 'trickle');
    await expect(load(repository.url, 100)).rejects.toThrow(/: it did not answer whole within 100 ms$/);
  });

  it('refuses a trusted root that is none', async () => {
    repository.publish('{}', inHours(24));
    await expect(load()).rejects.toThrow('Cannot parse trusted root of media type "(none)"');
  });
});

describe('shippedTrust()', () => {
  it('knows the public-good instance up to the last thing it tells of', () => {
    const { authorities, logs, goodUntil, skipped } = shippedTrust();
    expect(authorities.map(({ chain }) => chain.length)).toEqual([1, 2]);
    expect(logs.map(({ type, origin }) => `${type} ${origin}`)).toEqual([
      'rekor-v1 rekor.sigstore.dev',
      'rekor-v2 log2025-1.rekor.sigstore.dev',
    ]);
    expect({ goodUntil, skipped }).toEqual({ goodUntil: new Date('2025-09-23T00:00:00Z'), skipped: [] });
  });
});

function load(mirrorUrl = repository.url, wholeMs = 60_000): Promise<TufTrust> {
  const rootPath = join(folder, 'root.json');
  return loadTufTrust({ mirrorUrl, rootPath, cachePath: join(folder, 'cache'), timeoutMs: TIMEOUT_MS, wholeMs });
}

function filesNamed(name: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(name))
    .map((path) => join(folder, path));
}

function outline({ data, stale }: TufTrust): object {
  return { authorities: data.authorities.map(({ name }) => name), goodUntil: data.goodUntil, stale };
}

function trustedRoot(uri: string): string {
  const certificates = createDemoAuthority({ name: 'test' }).chain.map((der) => ({ rawBytes: der.toString('base64') }));
  return JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    certificateAuthorities: [{ uri, certChain: { certificates } }],
  });
}

/** TUF counts in whole seconds; tests do not last an hour. */
function inHours(hours: number): Date {
  return new Date(START + hours * HOUR);
}

const START = Math.floor(Date.now() / 1000) * 1000;
