import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrustConfig } from '../src/config/config.ts';
import { createDemoAuthority, type DemoAuthority } from '../src/demo/certificate-authority.ts';
import { parseCertificate } from '../src/entry/certificate.ts';
import type { Clock } from '../src/lib/clock.ts';
import { tell } from '../src/monitor/tell.ts';
import { listAlerts } from '../src/store/alerts.ts';
import { Store } from '../src/store/store.ts';
import { openTrustKeeper, type TrustKeeper } from '../src/trust-keeper.ts';
import { TrustUnavailable } from '../src/trust/trust-unavailable.ts';
import { startFakeTuf, type FakeTuf } from './fakes/fake-tuf.ts';

const SECOND = 1000;
const HOUR = 3_600_000;
const NEVER = new AbortController().signal;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
let repository: FakeTuf;
let folder: string;
let store: Store;

beforeEach(async () => {
  // Only what time it is: the TUF client asks the machine.
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-21T12:00:00Z') });
  repository = await startFakeTuf();
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-trust-'));
  writeFileSync(join(folder, 'root.json'), repository.root);
  store = Store.open(join(folder, 'sigwatch.db'));
});

afterEach(async () => {
  vi.useRealTimers();
  store.close();
  await repository.close();
  rmSync(folder, { recursive: true });
});

describe('keepFresh()', () => {
  it('believes a new authority once the repository publishes it, and says while it cannot be asked', async () => {
    const [old, young] = [createDemoAuthority({ name: 'old' }), createDemoAuthority({ name: 'young' })];
    publish({ authorities: [old] });
    // What happens while the keeper sleeps: the new authority, a broken repository, one that is well again.
    const keeper = await open();
    const seen: unknown[] = [];
    const look = (): void => {
      seen.push({ old: verdict(keeper, old), young: verdict(keeper, young), states: states() });
    };
    await live(keeper, look, [
      () => {
        publish({ authorities: [old, young] });
      },
      () => {
        repository.fail(500);
      },
      () => {
        repository.fail(null);
      },
    ]);
    expect(seen).toEqual([
      { old: 'trusted', young: 'untrusted', states: [] },
      { old: 'trusted', young: 'trusted', states: ['key-changed open'] },
      { old: 'trusted', young: 'trusted', states: ['trust-stale open', 'key-changed open'] },
      { old: 'trusted', young: 'trusted', states: ['key-changed open', 'trust-stale closed'] },
    ]);
  });

  it('goes on with what it had when that expires while it runs, and cannot say forged of whoever came since', async () => {
    const [known, stranger] = [createDemoAuthority({ name: 'known' }), createDemoAuthority({ name: 'stranger' })];
    publish({ authorities: [known], expires: inHours(9) });
    const keeper = await open();
    const seen: unknown[] = [];
    const look = (): void => {
      seen.push([verdict(keeper, known), verdict(keeper, stranger), ...states()]);
    };
    const fail = (): void => {
      repository.fail(503);
    };
    await live(keeper, look, [fail, fail]);
    expect(seen).toEqual([
      ['trusted', 'untrusted'],
      // At 18:00 the cache is good, at midnight it is not.
      ['trusted', 'untrusted', 'trust-stale open'],
      ['trusted', 'unknown', 'trust-stale open'],
    ]);
  });
});

describe('openTrustKeeper()', () => {
  it('has in force after a restart what was last read, also when that has expired and cannot be refreshed', async () => {
    const known = createDemoAuthority({ name: 'known' });
    publish({ authorities: [known], logs: ['a.test'], expires: inHours(1) });
    await open();
    publish({ authorities: [known], logs: ['a.test', 'b.test'], expires: inHours(2) });
    await open();
    vi.setSystemTime(inHours(100));

    const keeper = await open();
    expect([keeper.stale, verdict(keeper, known)]).toEqual([true, 'trusted']);
    expect(keeper.logs().logs.map(({ origin, later }) => [origin, later])).toEqual([
      ['a.test', undefined],
      ['b.test', true],
    ]);
    expect(states()).toEqual(['trust-stale open', 'key-changed open']);
  });

  it('refuses a source of which nothing is known, and tells', async () => {
    repository.fail(503);
    await expect(open()).rejects.toThrow(TrustUnavailable);
    expect(states()).toEqual(['trust-stale open']);
  });

  it('does not compare with another source', async () => {
    publish({ logs: ['a.test'] });
    await open();
    const other = await open({ source: { kind: 'none' }, authorities: [] });
    expect([other.stale, other.logs().logs, states()]).toEqual([false, [], []]);
  });

  it('compares a file with what it held at the last start, and follows only what is in it now', async () => {
    const dataOf = (...origins: readonly string[]) => ({
      authorities: [],
      logs: origins.map((origin) => ({
        ...{ type: 'rekor-v2' as const, origin, url: `https://${origin}`, readPath: '/api/v2' },
        ...{ spki: keyOf(origin), validFrom: null, validTo: null },
      })),
      ctLogs: [],
      goodUntil: null,
      skipped: [],
    });
    const file = (...origins: readonly string[]): TrustConfig => ({
      source: { kind: 'trusted-root', file: '/etc/root.json', data: dataOf(...origins) },
      authorities: [],
    });
    await open(file('a.test'));
    const keeper = await open(file('b.test'));
    expect(keeper.logs().logs.map(({ origin }) => origin)).toEqual(['b.test']);
    expect(states()).toEqual(['key-changed open']);
    expect(await keeper.suspect(new Date(), NEVER)).toBe(false);
  });
});

describe('key-changed', () => {
  it('shows both sides, once for each change, and never at the first sight', async () => {
    publish({ logs: ['a.test'] });
    await open();
    expect(states()).toEqual([]);
    publish({ logs: ['b.test'] });
    await open();
    await open();
    const [alert] = listAlerts(store);
    expect(alert).toMatchObject({ class: 'log', kind: 'key-changed', severity: 'high', state: 'open', occurrences: 1 });
    expect(alert?.title).toBe(`tuf ${repository.url}: the trust source changed its keys, authorities or logs (2)`);
    expect(alert?.summary).toContain('Gone: log "a.test"; it was: rekor-v2 at https://a.test/api/v2 with key sha256:');
    expect(alert?.summary).toContain('New: log "b.test": rekor-v2 at https://b.test/api/v2 with key sha256:');

    publish({ logs: ['c.test'] });
    await open();
    expect(states()).toEqual(['key-changed open', 'key-changed open']);
  });

  it('tells at the first sight of one key for two logs', async () => {
    publish({ logs: ['a.test', 'b.test'], key: keyOf('a.test') });
    await open();
    expect(listAlerts(store)[0]?.summary).toMatch(
      /^One key is given for several logs: sha256:[0-9a-f]{64} for a\.test, b\.test\.\n/,
    );
  });

  it('tells of a second key of a log, and has both in force', async () => {
    publish({ logs: ['a.test'] });
    await open();
    publish({ logs: ['a.test', 'a.test'], keys: [keyOf('a.test'), keyOf('new')] });
    const keeper = await open();
    expect(keeper.logs().logs.map(({ spki }) => spki)).toEqual([keyOf('a.test'), keyOf('new')]);
    expect(listAlerts(store)[0]?.summary).toMatch(
      /^Log "a\.test" has a new key sha256:\S+ while an old one is still valid/,
    );
  });
});

describe('suspect()', () => {
  it('reads the source again for somebody who signed since, and says whether something else is in force', async () => {
    publish({ logs: ['a.test'] });
    const keeper = await open();
    const changed: string[] = [];
    keeper.onLogs((origins) => changed.push(...origins));
    const before = repository.requests.length;
    expect(await keeper.suspect(new Date('2026-11-21T11:54:59Z'), NEVER)).toBe(false);
    expect(repository.requests.length).toBe(before);

    publish({ logs: ['a.test', 'b.test'] });
    pass(SECOND);
    expect(await keeper.suspect(new Date(), NEVER)).toBe(true);
    expect(keeper.logs().logs.map(({ origin }) => origin)).toEqual(['a.test', 'b.test']);
    expect(changed).toEqual(['b.test']);
  });

  it('asks ever more seldom, and as at first after the next regular reading', async () => {
    publish({ logs: ['a.test'] });
    const keeper = await open();
    const asks = async (): Promise<boolean> => {
      const before = repository.requests.length;
      await keeper.suspect(new Date(), NEVER);
      return repository.requests.length > before;
    };
    const asked: number[] = [];
    for (let second = 1; second <= 3600; second += 1) {
      pass(SECOND);
      if (await asks()) {
        asked.push(second);
      }
    }
    expect(asked).toEqual([1, 11, 31, 71, 151, 311, 631, 1231, 1831, 2431, 3031]);

    await live(keeper, () => undefined, [() => undefined]);
    pass(SECOND);
    expect([await asks(), await asks()]).toEqual([true, false]);
  });

  it('asks once for all who ask meanwhile', async () => {
    publish({ logs: ['a.test'] });
    const keeper = await open();
    publish({ logs: ['b.test'] });
    pass(SECOND);
    repository.requests.length = 0;
    const answers = await Promise.all([1, 2, 3].map(() => keeper.suspect(new Date(), NEVER)));
    expect(answers).toEqual([true, true, true]);
    expect(repository.requests.filter((path) => path === '/timestamp.json')).toHaveLength(1);
  });

  it('does not hold up whoever asks when the repository does not end its answer', async () => {
    publish({ logs: ['a.test'] });
    const keeper = await open(undefined, { ...still, sleep: async () => undefined });
    repository.tamper(/timestamp/, 'trickle');
    pass(SECOND);
    expect(await keeper.suspect(new Date(), NEVER)).toBe(false);
  });
});

/** Its time is that of the machine, and who sleeps sleeps until the end. */
const still: Clock = {
  now: () => new Date(),
  sleep: (_, signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    }),
};

function open(config: TrustConfig = tuf(), clock: Clock = still): Promise<TrustKeeper> {
  return openTrustKeeper(config, join(folder, 'tuf'), {
    store,
    // Who is sent to sleep for six hours is driven by live().
    clock: {
      now: () => clock.now(),
      sleep: (ms, signal) => (ms === 6 * HOUR ? regular(ms, signal) : clock.sleep(ms, signal)),
    },
    logger: quiet,
    tell: (draft, now) => tell(store, draft, { channelsFor: () => [], groupWaitMs: 0 }, now).alert.id,
  });
}

let regular: Clock['sleep'] = (ms, signal) => still.sleep(ms, signal);

/** Runs the keeper's loop: six hours pass for each of `meanwhile`; `look` is called before each, and at the end. */
async function live(keeper: TrustKeeper, look: () => void, meanwhile: readonly (() => void)[]): Promise<void> {
  const stop = new AbortController();
  const waiting = [...meanwhile];
  regular = async (ms, signal) => {
    // While the source is read the same time bounds that.
    if (signal !== stop.signal) {
      await still.sleep(ms, signal);
      return;
    }
    look();
    const next = waiting.shift();
    if (next === undefined) {
      stop.abort();
      return;
    }
    pass(ms);
    next();
  };
  await keeper.keepFresh(stop.signal);
}

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

function tuf(): TrustConfig {
  return { source: { kind: 'tuf', url: repository.url, root: join(folder, 'root.json') }, authorities: [] };
}

/** Kind and state of each alert, the open ones first. */
function states(): readonly string[] {
  return listAlerts(store).map(({ kind, state }) => `${kind} ${state}`);
}

/** Of a certificate that begins now. */
function verdict(keeper: TrustKeeper, authority: DemoAuthority): string {
  const request = { subject: 'a@example.com', claims: {}, notBefore: new Date() };
  return keeper.judging.chainOf(parseCertificate(authority.issue(request).certificate));
}

const keys = new Map<string, Buffer>();

function keyOf(name: string): Buffer {
  const key = keys.get(name) ?? generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
  keys.set(name, key);
  return key;
}

function publish(content: {
  readonly authorities?: readonly DemoAuthority[];
  readonly logs?: readonly string[];
  readonly key?: Buffer;
  readonly keys?: readonly Buffer[];
  readonly expires?: Date;
}): void {
  const root = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: (content.logs ?? []).map((host, position) => ({
      baseUrl: `https://${host}`,
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: (content.keys?.[position] ?? content.key ?? keyOf(host)).toString('base64'),
        keyDetails: 'PKIX_ED25519',
        validFor: { start: '2020-01-01T00:00:00Z' },
      },
      logId: { keyId: Buffer.alloc(32).toString('base64') },
    })),
    certificateAuthorities: (content.authorities ?? []).map(({ chain }, position) => ({
      uri: `https://ca-${position}.example`,
      certChain: { certificates: chain.map((der) => ({ rawBytes: der.toString('base64') })) },
      validFor: { start: '2020-01-01T00:00:00Z' },
    })),
    ctlogs: [],
    timestampAuthorities: [],
  };
  repository.publish(JSON.stringify(root), content.expires ?? inHours(10_000));
}

function inHours(hours: number): Date {
  return new Date(Date.now() + hours * HOUR);
}
