import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../src/config/config-error.ts';
import type { LogOverride, LogsConfig } from '../src/config/config.ts';
import { LocalLog } from '../src/demo/local-log.ts';
import { createHttpClient } from '../src/log/http.ts';
import { createSources } from '../src/sources.ts';
import type { TrustedLog } from '../src/trust/trusted-root.ts';
import { FakeRekorV1 } from './fakes/fake-rekor-v1.ts';

const clients = { http: createHttpClient(), publicHttp: createHttpClient() };
const v2 = new LocalLog('log.test');
const v1 = new FakeRekorV1({ host: 'rekor.test' });
const ct = new FakeRekorV1({ host: 'ct.test/2026' });

afterAll(async () => {
  await Promise.all([clients.http.close(), clients.publicHttp.close()]);
});

const CONFIG: LogsConfig = {
  ...{ discover: true, ct: false, pollIntervalMs: 10_000, start: 'head', staleAfterMs: 3_600_000 },
  ...{ custom: [], override: new Map(), witnesses: null },
};

function trustedLog(type: TrustedLog['type'], origin: string, spki: Buffer, later = false): TrustedLog {
  const place = { type, origin, url: `https://${origin}`, readPath: '/api/v2' };
  return { ...place, spki, validFrom: null, validTo: null, ...(later && { later }) };
}

const TRUSTED = {
  logs: [trustedLog('rekor-v1', 'rekor.test', v1.keys[0].spki), trustedLog('rekor-v2', 'log.test', v2.key.spki)],
  ctLogs: [trustedLog('ct', 'ct.test/2026', ct.keys[0].spki)],
};

function sources(config: Partial<LogsConfig>, trusted: Parameters<typeof createSources>[1] = TRUSTED) {
  return createSources({ ...CONFIG, ...config }, trusted, clients);
}

function overridden(override: Readonly<Record<string, LogOverride>>) {
  return sources({ ct: true, override: new Map(Object.entries(override)) });
}

/** `NAME ORIGIN URL START` of each. */
function shown(found: ReturnType<typeof createSources>): string[] {
  return found.map(({ source: { name, origin, url, start } }) => `${name} ${origin} ${url} ${JSON.stringify(start)}`);
}

describe('createSources()', () => {
  it('follows what the trust source knows, of CT logs only when asked', () => {
    expect(shown(sources({}))).toEqual([
      'rekor.test rekor.test https://rekor.test "head"',
      'log.test log.test https://log.test "head"',
    ]);
    expect(shown(sources({ ct: true })).slice(2)).toEqual(['ct.test/2026 ct.test/2026 https://ct.test/2026 "head"']);
    expect(shown(sources({ discover: false, ct: true }))).toHaveLength(1);
  });

  it('begins a log that became known later at 0, unless an override says where', () => {
    const trusted = { logs: [trustedLog('rekor-v2', 'log.test', v2.key.spki, true)], ctLogs: [] };
    expect(shown(sources({}, trusted))).toEqual(['log.test log.test https://log.test "genesis"']);
    const override = new Map<string, LogOverride>([['log.test', { start: 7 }]]);
    expect(shown(sources({ override }, trusted))).toEqual(['log.test log.test https://log.test 7']);
  });

  it('reads a log whose entries carry no time whole where the start is a date', () => {
    const start = new Date('2026-01-31');
    expect(sources({ ct: true, start }).map(({ source }) => source.start)).toEqual([start, 'genesis', start]);
  });

  it('lets an override stand for what is known of a log', () => {
    const found = overridden({
      'log.test': { name: 'mine', url: 'http://127.0.0.1:9', also: ['https://a', 'https://b'], staleAfterMs: null },
      'rekor.test': { origin: 'other.test', start: 5 },
      'ct.test/2026': { enabled: false },
      'unknown.test': { enabled: false },
    });
    expect(shown(found)).toEqual([
      'rekor.test other.test https://rekor.test 5',
      'mine log.test http://127.0.0.1:9 "head"',
    ]);
    expect(
      found.map(({ staleAfterMs, also }) => [staleAfterMs, shown(also.map((source) => ({ source }) as never))]),
    ).toEqual([
      [3_600_000, []],
      [null, ['mine log.test https://a "head"', 'mine log.test https://b "head"']],
    ]);
  });

  it('gives each source a name of its own', () => {
    const found = overridden({ 'log.test': { name: 'same' }, 'rekor.test': { name: 'same' } });
    expect(found.map(({ source }) => source.name)).toEqual(['same', 'log.test', 'ct.test/2026']);
  });

  it('hands what is asked of one shard to the source of all', () => {
    const origin = v1.active.origin;
    const checkpoint = { file: 'pinned.note', note: v1.active.checkpoint() };
    const [source] = overridden({
      [origin]: { checkpoint, staleAfterMs: 5, start: 'genesis', also: ['https://a'] },
      'rekor.test - 5': { enabled: false },
    });
    const shards = [...(source?.shards ?? [])].map(([shard, { also, pinned, ...rest }]) => {
      return [shard, { ...rest, also: also?.map(({ url }) => url), pinned: pinned?.origin }];
    });
    expect(shards).toEqual([
      [origin, { staleAfterMs: 5, start: 'genesis', also: ['https://a'], pinned: origin }],
      ['rekor.test - 5', { enabled: false }],
    ]);
  });

  it('opens a pinned checkpoint with the keys of the log', () => {
    const pinned = (override: Readonly<Record<string, LogOverride>>) =>
      overridden(override).map((source) => source.pinned?.origin);
    const ofV2 = { checkpoint: { file: 'f', note: v2.checkpoint } };
    const ofV1 = { checkpoint: { file: 'f', note: v1.active.checkpoint() } };
    expect(pinned({ 'log.test': ofV2, 'rekor.test': ofV1 })).toEqual([v1.active.origin, 'log.test', undefined]);
  });

  it.each<[string, Readonly<Record<string, LogOverride>>, string]>([
    [
      'a checkpoint of another log',
      { 'log.test': { checkpoint: { file: '/f', note: v1.active.checkpoint() } } },
      'logs.override["log.test"].checkpoint: Cannot use "/f" as a pinned checkpoint: Cannot believe the checkpoint of "log.test"',
    ],
    [
      'a checkpoint of another shard',
      { 'rekor.test - 5': { checkpoint: { file: '/f', note: v1.active.checkpoint() } } },
      'logs.override["rekor.test - 5"].checkpoint: Cannot use "/f" as a pinned checkpoint: Cannot accept a checkpoint of',
    ],
    [
      'a key that a CT log cannot have',
      { 'ct.test/2026': { publicKeys: [v2.key.spki] } },
      'logs.override["ct.test/2026"].public_key: Cannot use the ed25519 key of "ct.test/2026": expected ECDSA on P-256 or RSA',
    ],
    [
      'a date for a log without times',
      { 'log.test': { start: new Date() } },
      'logs.override["log.test"].start: a date needs entries with a time',
    ],
    [
      'a read path of a log without files',
      { 'rekor.test': { readPath: '' } },
      'logs.override["rekor.test"].read_path: "read_path" is for rekor-v2 only',
    ],
  ])('refuses %s, at its place', (_what, override, message) => {
    expect(() => overridden(override)).toThrow(ConfigError);
    expect(() => overridden(override)).toThrow(message);
  });

  it('expects a sign of life within an hour, of CT logs within their merge delay, of logs whose time is over never', () => {
    const over = { ...trustedLog('rekor-v2', 'old.test', v2.key.spki), validTo: new Date('2026-01-01T00:00:00Z') };
    const trusted = { logs: [...TRUSTED.logs, over], ctLogs: TRUSTED.ctLogs };
    const staleAfter = (config: Partial<LogsConfig>) =>
      sources({ ct: true, ...config }, trusted).map(({ source, staleAfterMs }) => [source.origin, staleAfterMs]);
    expect(staleAfter({ staleAfterMs: undefined })).toEqual([
      ['rekor.test', 3_600_000],
      ['log.test', 3_600_000],
      ['old.test', null],
      ['ct.test/2026', 24 * 3_600_000],
    ]);
    expect(staleAfter({ staleAfterMs: 5000 }).map(([, ms]) => ms)).toEqual([5000, 5000, null, 5000]);
    const override = new Map<string, LogOverride>([['old.test', { staleAfterMs: 1000 }]]);
    expect(staleAfter({ override })[2]).toEqual(['old.test', 1000]);
  });
});
