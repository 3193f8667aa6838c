import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { offlineTrust } from '../../src/cli/offline-trust.ts';
import type { TrustSource } from '../../src/config/config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Store } from '../../src/store/store.ts';
import { openTrustMemory } from '../../src/trust-memory.ts';
import type { TrustData, TrustedLog } from '../../src/trust/trusted-root.ts';
import { shippedTrust } from '../../src/trust/tuf.ts';
import { authority } from '../support/actors.ts';
import { ed25519Signer } from '../tlog/signed-note.ts';

const CA = { name: 'test-ca', chain: authority.chain, validFrom: null, validTo: null };
const TUF: TrustSource = { kind: 'tuf', url: 'http://127.0.0.1:1', root: '/nowhere/root.json' };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-offline-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const database = (): string => join(folder, 'sigwatch.db');
const load = (source: TrustSource): TrustData =>
  offlineTrust({ trust: { source, authorities: [CA] }, database: database() });

const logOf = (origin: string): TrustedLog => ({
  ...{ type: 'rekor-v2', origin, url: `https://${origin}`, readPath: '/api/v2', validFrom: null, validTo: null },
  spki: ed25519Signer(origin).key.spki,
});
const published = (...logs: TrustedLog[]): TrustData => ({
  authorities: [],
  logs,
  ctLogs: [],
  goodUntil: null,
  skipped: [],
});

/** As the daemon does each time it has read the trust source. */
function remember(source: TrustSource, ...readings: TrustData[]): void {
  const store = Store.open(database());
  const memory = openTrustMemory(source, { store, clock: systemClock, tell: () => '' });
  readings.forEach((data) => memory.take(data));
  store.close();
}

describe('offlineTrust()', () => {
  it('is what is configured, where nobody is asked', () => {
    const data = published(logOf('log.test'));
    expect(load({ kind: 'none' })).toEqual({ ...published(), authorities: [CA] });
    expect(load({ kind: 'trusted-root', file: 'root.json', data })).toEqual({ ...data, authorities: [CA] });
  });

  it('is what the daemon last read, with the keys that were there before', () => {
    const [old, young] = [logOf('old.test'), logOf('young.test')];
    remember(TUF, published(old), published(young));
    expect(load(TUF).logs.map(({ origin, spki }) => [origin, spki])).toEqual([
      ['young.test', young.spki],
      ['old.test', old.spki],
    ]);
  });

  it('is nothing but the configured authorities where the daemon never read it', () => {
    expect(load(TUF)).toEqual({ ...published(), authorities: [CA] });
    expect(load({ kind: 'staging' }).logs).toEqual([]);
    remember(TUF, published(logOf('log.test')));
    expect(load({ ...TUF, url: 'http://127.0.0.1:2' }).logs).toEqual([]);
  });

  it('is the shipped copy of public-good until something newer was read', () => {
    expect(load({ kind: 'public-good' }).logs).toEqual(shippedTrust().logs);
    remember({ kind: 'public-good' }, published(logOf('log.test')));
    expect(load({ kind: 'public-good' }).logs.map(({ origin }) => origin)).toEqual(['log.test']);
  });
});
