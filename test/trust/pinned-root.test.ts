import { hash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchPinnedRoot, STAGING } from '../../src/trust/pinned-root.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

const ROOT = Buffer.from('{"signed":{"_type":"root"}}');
const PINNED = { url: 'https://tuf.example', version: 3, sha256: hash('sha256', ROOT) };
let folder: string;
let asked: { url: string; maxBytes: number }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-pinned-'));
  asked = [];
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('fetchPinnedRoot()', () => {
  it('asks for the pinned version once, and keeps it', async () => {
    const file = await fetchFrom(ROOT);
    expect(readFileSync(file)).toEqual(ROOT);
    expect(await fetchFrom(Buffer.from('another'))).toBe(file);
    expect(asked).toEqual([{ url: 'https://tuf.example/3.root.json', maxBytes: 512_000 }]);
  });

  it('refuses another file, and keeps nothing of it', async () => {
    const other = Buffer.from(`${ROOT.toString()}\n`);
    await expect(fetchFrom(other)).rejects.toThrow(
      `Cannot trust "https://tuf.example/3.root.json": its SHA-256 is ${hash('sha256', other)}, expected ${PINNED.sha256}`,
    );
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  it('asks again when what it kept was altered', async () => {
    const file = await fetchFrom(ROOT);
    writeFileSync(file, 'altered');
    expect(readFileSync(await fetchFrom(ROOT))).toEqual(ROOT);
    expect(asked.length).toBe(2);
  });

  it('passes on that it cannot be had', async () => {
    const failing = (): Promise<Buffer> => Promise.reject(new Error('no network'));
    await expect(fetchPinnedRoot(PINNED, folder, failing)).rejects.toThrow('no network');
  });
});

describe.runIf(hasRealdata)('STAGING', () => {
  it('is the recorded root from which on every later one is recorded', () => {
    const folderOf = realdata('trust/sigstore__root-signing-staging/metadata');
    const recorded = readFileSync(`${folderOf}/root_history/${STAGING.version}.root.json`);
    expect(hash('sha256', recorded)).toBe(STAGING.sha256);
    expect([11, 12, 13].map((version) => existsSync(`${folderOf}/root_history/${version}.root.json`))).toEqual([
      false,
      true,
      true,
    ]);
    expect(readFileSync(`${folderOf}/root.json`, 'utf8')).toMatch(/"version":\s*14\b/);
  });
});

function fetchFrom(content: Buffer): Promise<string> {
  return fetchPinnedRoot(PINNED, join(folder, 'cache'), (url, maxBytes) => {
    asked.push({ url, maxBytes });
    return Promise.resolve(content);
  });
}
