import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrustConfig } from '../src/config/config.ts';
import { createDemoAuthority, type DemoAuthority } from '../src/demo/certificate-authority.ts';
import { parseCertificate } from '../src/entry/certificate.ts';
import { systemClock, type Clock } from '../src/lib/clock.ts';
import { loadTrust } from '../src/load-trust.ts';
import { tell } from '../src/monitor/tell.ts';
import { listAlerts } from '../src/store/alerts.ts';
import { Store } from '../src/store/store.ts';
import { createTrustKeeper } from '../src/trust-keeper.ts';
import { startFakeTuf, type FakeTuf } from './fakes/fake-tuf.ts';

const SIX_HOURS = 6 * 3_600_000;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
let repository: FakeTuf;
let folder: string;
let store: Store;

beforeEach(async () => {
  repository = await startFakeTuf();
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-trust-'));
  writeFileSync(join(folder, 'root.json'), repository.root);
  store = Store.open(join(folder, 'sigwatch.db'));
});

afterEach(async () => {
  store.close();
  await repository.close();
  rmSync(folder, { recursive: true });
});

describe('createTrustKeeper()', () => {
  it('believes a new authority once the repository publishes it, and says while it cannot be asked', async () => {
    const [old, young] = [createDemoAuthority({ name: 'old' }), createDemoAuthority({ name: 'young' })];
    publish(old);
    // What happens while the keeper sleeps: the new authority, a broken repository, one that is well again.
    const meanwhile = [
      () => {
        publish(old, young);
      },
      () => {
        repository.fail(500);
      },
      () => {
        repository.fail(null);
      },
    ];
    const seen: unknown[] = [];
    const { keeper, run } = await keep(meanwhile, () => {
      seen.push({ old: verdict(old), young: verdict(young), states: states() });
    });
    const verdict = (authority: DemoAuthority) => keeper.chainOf(leafOf(authority));

    await run();
    expect(seen).toEqual([
      { old: 'trusted', young: 'untrusted', states: [] },
      { old: 'trusted', young: 'trusted', states: [] },
      { old: 'trusted', young: 'trusted', states: ['trust-stale open'] },
      { old: 'trusted', young: 'trusted', states: ['trust-stale closed'] },
    ]);
  });
});

/** A keeper whose clock lets six hours pass for each of `meanwhile`; `look` is called before each, and at the end. */
async function keep(meanwhile: readonly (() => void)[], look: () => void) {
  const stop = new AbortController();
  const waits: number[] = [];
  const clock: Clock = {
    now: () => systemClock.now(),
    async sleep(ms) {
      look();
      waits.push(ms);
      const next =
        meanwhile[waits.length - 1] ??
        (() => {
          stop.abort();
        });
      next();
    },
  };
  const config: TrustConfig = {
    source: { kind: 'tuf', url: repository.url, root: join(folder, 'root.json') },
    authorities: [],
  };
  const cache = join(folder, 'tuf');
  const keeper = createTrustKeeper(config, cache, await loadTrust(config, cache), {
    store,
    clock,
    logger: quiet,
    tell: (draft, now) => tell(store, draft, { channelsFor: () => [], groupWaitMs: 0 }, now).alert.id,
  });
  const run = async (): Promise<void> => {
    await keeper.keepFresh(stop.signal);
    expect(waits).toEqual([...meanwhile, null].map(() => SIX_HOURS));
  };
  return { keeper, run };
}

function states(): readonly string[] {
  return listAlerts(store).map(({ kind, state }) => `${kind} ${state}`);
}

function leafOf(authority: DemoAuthority) {
  return parseCertificate(authority.issue({ subject: 'a@example.com', claims: {} }).certificate);
}

function publish(...authorities: readonly DemoAuthority[]): void {
  const root = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [],
    certificateAuthorities: authorities.map(({ chain }, position) => ({
      uri: `https://ca-${position}.example`,
      certChain: { certificates: chain.map((der) => ({ rawBytes: der.toString('base64') })) },
      validFor: { start: '2020-01-01T00:00:00Z' },
    })),
    ctlogs: [],
    timestampAuthorities: [],
  };
  repository.publish(JSON.stringify(root), new Date(Date.now() + 24 * 3_600_000));
}
