import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPinned } from '../src/load-trust.ts';
import { TrustUnavailable } from '../src/trust/trust-unavailable.ts';
import type { PinnedRoot } from '../src/trust/pinned-root.ts';
import { startFakeTuf, type FakeTuf } from './fakes/fake-tuf.ts';

let repository: FakeTuf;
let folder: string;

beforeEach(async () => {
  repository = await startFakeTuf();
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-pinned-'));
  repository.publish(
    '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
    new Date(Date.now() + 3_600_000),
  );
});

afterEach(async () => {
  await repository.close();
  rmSync(folder, { recursive: true });
});

describe('loadPinned()', () => {
  it('begins at the pinned root, and goes on from there to the newest', async () => {
    repository.rotateRoot();
    repository.publish(
      '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
      new Date(Date.now() + 7_200_000),
    );
    expect(await loadPinned(pinned(), folder)).toMatchObject({ stale: null, shipped: false });
    expect(repository.requests.slice(0, 3)).toEqual(['/1.root.json', '/2.root.json', '/3.root.json']);
  });

  it('needs the network at its first use only', async () => {
    await loadPinned(pinned(), folder);
    repository.fail(503);
    const { stale } = await loadPinned(pinned(), folder);
    expect(stale).toMatch(/^Cannot refresh trust data from "http:.*; what was fetched before is used$/);
  });

  it('says what it cannot fetch, and what is not the pinned one', async () => {
    const other = { ...pinned(), sha256: '00'.repeat(32) };
    await expect(loadPinned(other, folder)).rejects.toThrow(
      new TrustUnavailable(
        `Cannot trust "${repository.url}/1.root.json": its SHA-256 is ${pinned().sha256}, expected ${other.sha256}`,
      ),
    );
    const refused: unknown = await loadPinned({ ...pinned(), version: 9 }, folder).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TrustUnavailable);
    expect(String(refused)).toContain(`"${repository.url}/9.root.json"`);
  });
});

function pinned(): PinnedRoot {
  return { url: repository.url, version: 1, sha256: hash('sha256', repository.root) };
}
