import { generateKeyPairSync, hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDemoAuthority } from '../../src/demo/certificate-authority.ts';
import { decodeSnapshot, encodeSnapshot } from '../../src/trust/snapshot-json.ts';
import {
  changedOrigins,
  describeChanges,
  describeRivalKeys,
  describeSharedKeys,
  digestOf,
  logsOf,
  nextSnapshot,
  type TrustSnapshot,
} from '../../src/trust/snapshot.ts';
import type { TrustData, TrustedLog } from '../../src/trust/trusted-root.ts';
import { certify, extendedKeyUsage, OF_AUTHORITY, party, SERVER_AUTH } from '../support/chain-maker.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const FROM = new Date('2026-01-01T00:00:00Z');
const [KEY, OTHER, THIRD] = [newKey(), newKey(), newKey()] as const;
const EMPTY: TrustData = { authorities: [], logs: [], ctLogs: [], goodUntil: null, skipped: [] };
const CA = createDemoAuthority({ name: 'test' });

describe('describeChanges()', () => {
  it('says nothing of equal publications in another order, nor of how long they are good', () => {
    const [one, two] = [logOf('a.test'), logOf('b.test', { spki: OTHER })];
    const before = { ...EMPTY, logs: [one, two], goodUntil: NOW };
    const after = { ...EMPTY, logs: [two, one], goodUntil: FROM };
    expect(describeChanges(before, after)).toEqual([]);
    expect(digestOf(before)).toBe(digestOf(after));
  });

  it('names what came, with its key', () => {
    expect(describeChanges(EMPTY, { ...EMPTY, logs: [logOf('a.test')] })).toEqual([
      `New: log "a.test": rekor-v2 at https://a.test/api/v2 with key ${nameOf(KEY)}, valid from 2026-01-01T00:00:00.000Z to ever`,
    ]);
  });

  it('shows both sides of a log with another key, an end or an address', () => {
    const before = { ...EMPTY, logs: [logOf('a.test')] };
    const was = `was: rekor-v2 at https://a.test/api/v2 with key ${nameOf(KEY)}, valid from 2026-01-01T00:00:00.000Z to ever`;
    const changes: readonly (readonly [readonly TrustedLog[], string])[] = [
      [
        [logOf('a.test', { spki: OTHER })],
        `rekor-v2 at https://a.test/api/v2 with key ${nameOf(OTHER)}, valid from 2026-01-01T00:00:00.000Z to ever`,
      ],
      [
        [logOf('a.test', { validTo: NOW })],
        `rekor-v2 at https://a.test/api/v2 with key ${nameOf(KEY)}, valid from 2026-01-01T00:00:00.000Z to 2026-11-21T12:00:00.000Z`,
      ],
      [
        [logOf('a.test', { url: 'https://cdn.test', validFrom: null })],
        `rekor-v2 at https://cdn.test/api/v2 with key ${nameOf(KEY)}, valid from ever to ever`,
      ],
    ];
    for (const [logs, is] of changes) {
      expect(describeChanges(before, { ...EMPTY, logs })).toEqual([`Changed: log "a.test"; ${was}; is: ${is}`]);
    }
  });

  it('names authorities, CT logs and what is left out', () => {
    const chain = CA.chain.map((der) => hash('sha256', der)).join(' under ');
    const before = {
      ...EMPTY,
      authorities: [{ name: 'ca', chain: CA.chain, validFrom: null, validTo: null }],
      skipped: [{ what: 'log "https://x"', why: 'its tree is not made with SHA-256' }],
    };
    const after = { ...EMPTY, ctLogs: [logOf('ct.test/2026', { type: 'ct', readPath: '' })] };
    expect(describeChanges(before, after)).toEqual([
      `New: CT log "ct.test/2026": ct at https://ct.test/2026 with key ${nameOf(KEY)}, valid from 2026-01-01T00:00:00.000Z to ever`,
      `Gone: certificate authority "ca"; it was: certificate ${chain}, valid from ever to ever`,
      'Gone: log "https://x", left out; it was: its tree is not made with SHA-256',
    ]);
  });
});

describe('describeSharedKeys()', () => {
  const after = { ...EMPTY, logs: [logOf('b.test')], ctLogs: [logOf('a.test/ct', { type: 'ct' })] };

  it('names a key that two logs have, at the first sight of it only', () => {
    const sentence = `One key is given for several logs: ${nameOf(KEY)} for a.test/ct, b.test`;
    expect(describeSharedKeys(null, after)).toEqual([sentence]);
    expect(describeSharedKeys({ ...EMPTY, logs: [logOf('b.test')] }, after)).toEqual([sentence]);
    expect(describeSharedKeys(after, { ...after, skipped: [{ what: 'x', why: 'y' }] })).toEqual([]);
  });

  it('says nothing of a log that is listed twice with its key', () => {
    expect(describeSharedKeys(null, { ...EMPTY, logs: [logOf('a.test'), logOf('a.test', { validTo: NOW })] })).toEqual(
      [],
    );
  });
});

describe('describeRivalKeys()', () => {
  const before = { ...EMPTY, logs: [logOf('a.test')] };
  const withSecond = (old: Partial<TrustedLog>): TrustData => ({
    ...EMPTY,
    logs: [logOf('a.test', old), logOf('a.test', { spki: OTHER })],
  });

  it('names a second key while the first is valid', () => {
    const sentence = `Log "a.test" has a new key ${nameOf(OTHER)} while an old one is still valid: ${nameOf(KEY)}`;
    expect(describeRivalKeys(before, withSecond({}), NOW)).toEqual([sentence]);
    expect(describeRivalKeys(before, withSecond({ validTo: new Date('2027-01-01') }), NOW)).toEqual([sentence]);
  });

  it('says nothing of one that follows an ended one, of one known before, and of a new log', () => {
    expect(describeRivalKeys(before, withSecond({ validTo: FROM }), NOW)).toEqual([]);
    expect(describeRivalKeys(withSecond({}), withSecond({}), NOW)).toEqual([]);
    expect(describeRivalKeys(EMPTY, withSecond({}), NOW)).toEqual([]);
  });
});

describe('nextSnapshot(), logsOf() and changedOrigins()', () => {
  const first = nextSnapshot(null, { ...EMPTY, logs: [logOf('a.test')] }, true);

  it('mark what was not named at first, and keep what is named no more', () => {
    const young = logOf('b.test', { spki: OTHER });
    const second = nextSnapshot(first, { ...EMPTY, logs: [young] }, true);
    expect(logsOf(second)).toEqual({ logs: [{ ...young, later: true }, logOf('a.test')], ctLogs: [] });
    expect(changedOrigins(first, second)).toEqual(new Set(['b.test']));

    const third = nextSnapshot(second, { ...EMPTY, ctLogs: [logOf('c.test', { type: 'ct', spki: THIRD })] }, true);
    expect(logsOf(third).logs.map(({ origin, later }) => [origin, later])).toEqual([
      ['b.test', true],
      ['a.test', undefined],
    ]);
    expect(logsOf(third).ctLogs.map(({ origin, later }) => [origin, later])).toEqual([['c.test', true]]);
    // And back again: named once each.
    expect(nextSnapshot(third, { ...EMPTY, logs: [young, logOf('a.test')] }, true).former).toHaveLength(1);
  });

  it('keep an old key of a log beside its new one', () => {
    const second = nextSnapshot(first, { ...EMPTY, logs: [logOf('a.test', { spki: OTHER })] }, true);
    expect(logsOf(second).logs.map(({ spki }) => spki)).toEqual([OTHER, KEY]);
    expect(changedOrigins(first, second)).toEqual(new Set(['a.test']));
  });

  it('change nothing for an end of validity, and forget where they are told to', () => {
    const ended = nextSnapshot(first, { ...EMPTY, logs: [logOf('a.test', { validTo: NOW })] }, true);
    expect(changedOrigins(first, ended)).toEqual(new Set());
    expect(ended.former).toEqual([]);
    expect(nextSnapshot(first, EMPTY, false).former).toEqual([]);
  });
});

describe('encodeSnapshot() and decodeSnapshot()', () => {
  const date = fc.option(fc.date({ noInvalidDate: true }), { nil: null });
  const log = fc.record<TrustedLog>({
    type: fc.constantFrom('rekor-v1', 'rekor-v2', 'ct'),
    origin: fc.string(),
    url: fc.string(),
    readPath: fc.string(),
    spki: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    validFrom: date,
    validTo: date,
  });
  const snapshot: fc.Arbitrary<TrustSnapshot> = fc.record({
    data: fc.record({
      authorities: fc.array(
        fc.record({ name: fc.string(), chain: fc.constant(CA.chain), validFrom: date, validTo: date }),
      ),
      logs: fc.array(log),
      ctLogs: fc.array(log),
      goodUntil: date,
      skipped: fc.array(fc.record({ what: fc.string(), why: fc.string() })),
    }),
    former: fc.array(log),
    first: fc.array(fc.string()),
  });

  it('are inverse', () => {
    fc.assert(
      fc.property(snapshot, (one) => {
        expect(decodeSnapshot(encodeSnapshot(one))).toEqual(one);
      }),
      { numRuns: 50 },
    );
  });

  it('leave out an authority that an earlier version could use, and name it', () => {
    const ca = party('ca');
    const chain = [certify(ca, ca, { extensions: [...OF_AUTHORITY, extendedKeyUsage(SERVER_AUTH)] })] as const;
    const usable = { name: 'ca', chain: CA.chain, validFrom: null, validTo: null };
    const authorities = [usable, { ...usable, name: 'acme', chain }];
    const decoded = decodeSnapshot(encodeSnapshot({ data: { ...EMPTY, authorities }, former: [], first: [] }));
    expect(decoded.data.authorities).toEqual([usable]);
    expect(decoded.data.skipped).toEqual([
      {
        what: 'certificate authority "acme"',
        why: 'Cannot use authority "acme": certificate 1 of 1: its extended key usage does not allow code signing',
      },
    ]);
  });

  it('refuse an authority without certificates, for nothing of that kind was written', () => {
    const json = JSON.stringify({
      ...(JSON.parse(encodeSnapshot({ data: EMPTY, former: [], first: [] })) as object),
      authorities: [{ name: 'ca', chain: [] }],
    });
    expect(() => decodeSnapshot(json)).toThrow('Cannot read stored authority "ca": it has no certificates');
  });
});

function logOf(origin: string, differing: Partial<TrustedLog> = {}): TrustedLog {
  return {
    type: 'rekor-v2',
    origin,
    url: `https://${origin}`,
    readPath: '/api/v2',
    spki: KEY,
    validFrom: FROM,
    validTo: null,
    ...differing,
  };
}

function newKey(): Buffer {
  return generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
}

function nameOf(spki: Buffer): string {
  return `sha256:${hash('sha256', spki)}`;
}
