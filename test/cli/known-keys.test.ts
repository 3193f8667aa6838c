import { describe, expect, it } from 'vitest';
import { knownKeys } from '../../src/cli/known-keys.ts';
import type { CustomLog, LogsConfig } from '../../src/config/config.ts';
import type { TrustedLog } from '../../src/trust/trusted-root.ts';

const key = (name: string): Buffer => Buffer.from(name);
const NOBODY = new Map<string, never>();

const custom = (origin: string, type: CustomLog['type'], ...names: string[]): CustomLog => ({
  ...{ name: origin, type, url: 'http://127.0.0.1', readPath: '', origin, start: 'head' },
  publicKeys: [key(names[0] ?? ''), ...names.slice(1).map(key)],
});
const trusted = (origin: string, type: TrustedLog['type'], name: string): TrustedLog => ({
  ...{ type, origin, url: 'http://127.0.0.1', readPath: '', validFrom: null, validTo: null },
  spki: key(name),
});

const LOGS = [custom('rekor.test', 'rekor-v1', 'a', 'b'), custom('log.test', 'rekor-v2', 'c')];
const TRUST = {
  logs: [
    trusted('log.test', 'rekor-v2', 'published'),
    trusted('other.test', 'rekor-v2', 'old'),
    trusted('other.test', 'rekor-v2', 'new'),
  ],
  ctLogs: [trusted('ct.test/2026', 'ct', 'ct')],
};

function keysOf(origin: string, type: TrustedLog['type'], override: LogsConfig['override'] = NOBODY): string[] {
  return knownKeys({ origin, type }, { custom: LOGS, override }, TRUST).map(String);
}

describe('knownKeys()', () => {
  it('knows a Rekor v1 server by the name of each of its shards', () => {
    expect(keysOf('rekor.test - 1193050959916656506', 'rekor-v1')).toEqual(['a', 'b']);
    expect(keysOf('rekor.test - 12 - 34', 'rekor-v1')).toEqual([]);
    expect(keysOf('evil.rekor.test - 12', 'rekor-v1')).toEqual([]);
    expect(keysOf('rekor.test - x', 'rekor-v1')).toEqual([]);
  });

  it('takes a custom log for the trusted one of its origin, and every key that a trusted one ever had', () => {
    expect(keysOf('log.test', 'rekor-v2')).toEqual(['c']);
    expect(keysOf('other.test', 'rekor-v2')).toEqual(['old', 'new']);
    expect(keysOf('ct.test/2026', 'ct')).toEqual(['ct']);
  });

  it('takes the keys that an override says', () => {
    const override = new Map([['other.test', { publicKeys: [key('said')] as const }]]);
    expect(keysOf('other.test', 'rekor-v2', override)).toEqual(['said', 'said']);
  });

  it('knows no key of another log, or of the same name but another type', () => {
    expect(keysOf('unknown.test', 'rekor-v2')).toEqual([]);
    expect(keysOf('log.test', 'ct')).toEqual([]);
    expect(keysOf('log.test - 12', 'rekor-v2')).toEqual([]);
  });
});
