import { generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDemoAuthority } from '../../src/demo/certificate-authority.ts';
import { dsseV1, dsseV2, hashedRekordV1, hashedRekordV2 } from '../../src/demo/entries.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { Signer } from '../../src/entry/entry.ts';
import { checkSignature } from '../../src/entry/signature.ts';

const signer = createDemoAuthority({ name: 'demo' }).issue({ subject: 'a@example.com', claims: {} });
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const artifact = Buffer.from('artifact');

describe('hashedRekordV1() and hashedRekordV2()', () => {
  it.each([
    ['v1 with a certificate', hashedRekordV1({ ...signer, artifact })],
    ['v2 with a certificate', hashedRekordV2({ ...signer, artifact })],
    ['v1 with a key', hashedRekordV1({ privateKey, artifact })],
    ['v2 with a key', hashedRekordV2({ privateKey, artifact })],
  ])('make leaves whose signature holds: %s', (_, leaf) => {
    const decoded = decodeEntry(leaf);
    expect(decoded.ok && decoded.entry.signers.map((each) => checkSignature(decoded.entry, each))).toEqual([
      'verified',
    ]);
  });
});

describe('dsseV1() and dsseV2()', () => {
  const signers = [signer, { privateKey }];
  it.each([
    ['v1', dsseV1({ signers, payload: artifact, payloadType: 'text/plain' })],
    ['v2', dsseV2({ signers, payload: artifact, payloadType: 'text/plain' })],
  ])('make leaves whose signatures hold over the envelope: %s', (_, leaf) => {
    const decoded = decodeEntry(leaf);
    const message = Buffer.from('DSSEv1 10 text/plain 8 artifact');
    const found: readonly Signer[] = decoded.ok ? decoded.entry.signers : [];
    expect(
      found.map(({ type, spki, signature }) => [
        type,
        verify(
          'sha256',
          message,
          { key: spki ?? Buffer.alloc(0), format: 'der', type: 'spki' },
          signature ?? Buffer.alloc(0),
        ),
      ]),
    ).toEqual([
      ['certificate', true],
      ['public-key', true],
    ]);
  });
});

describe('every leaf', () => {
  it('is canonical JSON', () => {
    const leaves = [
      hashedRekordV1({ ...signer, artifact }),
      hashedRekordV2({ ...signer, artifact }),
      dsseV1({ signers: [signer], payload: artifact }),
      dsseV2({ signers: [signer], payload: artifact }),
    ];
    expect(leaves.map((leaf) => JSON.stringify(sorted(JSON.parse(leaf.toString()))))).toEqual(leaves.map(String));
  });

  it('holds the certificate as it was issued', () => {
    const decoded = decodeEntry(hashedRekordV2({ ...signer, artifact }));
    const der = decoded.ok ? decoded.entry.signers[0]?.certificate?.der : undefined;
    expect(der && new X509Certificate(der).fingerprint256).toBe(new X509Certificate(signer.certificate).fingerprint256);
  });
});

/** The same value with the members of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : null;
  return members === null
    ? value
    : Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]));
}
