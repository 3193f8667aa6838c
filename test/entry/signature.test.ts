import { UNATTESTED } from '../../src/entry/attestation.ts';
import { generateKeyPairSync, hash, sign, type KeyObject } from 'node:crypto';
import { ed25519ph } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { describe, expect, it } from 'vitest';
import { bitString, element, integer, oid, sequence } from '../../src/demo/der-writer.ts';
import type { ParsedEntry, SignedDigest, Signer } from '../../src/entry/entry.ts';
import { checkSignature } from '../../src/entry/signature.ts';

const ARTIFACT = Buffer.from('artifact');
const SHA256 = digestOf('sha256');

describe('checkSignature()', () => {
  it.each([
    ['P-256', 'sha256'],
    ['P-256', 'sha512'],
    ['P-384', 'sha384'],
    ['P-384', 'sha256'],
    ['P-521', 'sha512'],
    ['P-521', 'sha256'],
  ] as const)('tells good from bad for ECDSA on %s with %s', (namedCurve, algorithm) => {
    const keys = generateKeyPairSync('ec', { namedCurve });
    const signature = sign(algorithm, ARTIFACT, keys.privateKey);
    expect(outcomes(keys.publicKey, signature, algorithm)).toEqual(TOLD_APART);
  });

  it.each(['sha256', 'sha384', 'sha512'] as const)('tells good from bad for RSA with %s', (algorithm) => {
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signature = sign(algorithm, ARTIFACT, keys.privateKey);
    expect(outcomes(keys.publicKey, signature, algorithm)).toEqual(TOLD_APART);
  });

  it('takes no RSA signature without its leading zeros, or with more of them', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const signed = Array.from({ length: 10_000 }, (_, number) => Buffer.from(`artifact ${number}`)).find(
      (artifact) => sign('sha256', artifact, privateKey)[0] === 0,
    );
    const signature = sign('sha256', signed ?? ARTIFACT, privateKey);
    const digest: SignedDigest = { algorithm: 'sha256', value: hash('sha256', signed ?? ARTIFACT, 'buffer') };
    const forms = [signature, signature.subarray(1), Buffer.concat([Buffer.of(0), signature])];
    expect(forms.map((form) => check(spkiOf(publicKey), form, digest))).toEqual(['verified', 'invalid', 'invalid']);
  });

  it('tells good from bad for Ed25519ph', () => {
    const keys = generateKeyPairSync('ed25519');
    const seed = Buffer.from(keys.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
    expect(outcomes(keys.publicKey, Buffer.from(ed25519ph.sign(ARTIFACT, seed)), 'sha512')).toEqual(TOLD_APART);
  });

  it('takes high S, and keys whose point is compressed', () => {
    const { secretKey, publicKey } = p256.keygen();
    const low = p256.Signature.fromBytes(p256.sign(SHA256.value, secretKey, { prehash: false, lowS: true }));
    const high = new p256.Signature(low.r, p256.Point.Fn.neg(low.s));
    const head = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
    const compressed = Buffer.concat([head, publicKey]);
    expect(publicKey).toHaveLength(33);
    expect([low, high].map((each) => check(compressed, Buffer.from(each.toBytes('der')), SHA256))).toEqual([
      'verified',
      'verified',
    ]);
  });

  it('says nothing about a plain Ed25519 signature, a key that it does not know, or no key at all', () => {
    const ed25519 = generateKeyPairSync('ed25519');
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
    const other = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const spkis = [ed25519, pss, other].map(({ publicKey }) => spkiOf(publicKey));
    const verdicts = [...spkis, Buffer.from('300506032b6570', 'hex')].map((spki) =>
      check(spki, Buffer.alloc(64, 1), SHA256),
    );
    expect(verdicts).toEqual(['not-checkable', 'not-checkable', 'not-checkable', 'not-checkable']);
  });

  it.each([
    ['the point at infinity', '3019301306072a8648ce3d020106082a8648ce3d03010703020000'],
    ['a DSA key below zero', '301c301406072a8648ce380401300902011702010b0201040304000201f8'],
  ])('survives %s, of which node ends the process when it is asked for details', (_, spki) => {
    expect(check(Buffer.from(spki, 'hex'), Buffer.alloc(70, 1), SHA256)).toBe('not-checkable');
  });

  it('says nothing about an RSA key of an exponent that Go refuses', () => {
    const verdicts = [0x7fff_ffff, 0x8000_0001].map((exponent) => {
      const number = Buffer.alloc(5);
      number.writeUInt32BE(exponent, 1);
      const key = sequence(integer(Buffer.alloc(128, 0xab)), integer(number));
      return check(
        sequence(sequence(oid('1.2.840.113549.1.1.1'), element(0x05)), bitString(key)),
        Buffer.alloc(128),
        SHA256,
      );
    });
    expect(verdicts).toEqual(['invalid', 'not-checkable']);
  });

  it('says nothing where the entry records no digest or no signature', () => {
    const spki = spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
    expect(check(spki, Buffer.alloc(8), null)).toBe('not-checkable');
    expect(check(spki, null, SHA256)).toBe('not-checkable');
  });
});

const TOLD_APART = {
  good: 'verified',
  'over something else': 'invalid',
  'one bit off': 'invalid',
  empty: 'invalid',
  garbage: 'invalid',
};

function outcomes(key: KeyObject, signature: Buffer, algorithm: SignedDigest['algorithm']): Record<string, string> {
  const spki = spkiOf(key);
  const digest = digestOf(algorithm);
  const flipped = Buffer.from(signature);
  flipped.writeUInt8((flipped.readUInt8(flipped.length - 3) + 1) % 256, flipped.length - 3);
  return {
    good: check(spki, signature, digest),
    'over something else': check(spki, signature, { algorithm, value: hash(algorithm, 'other', 'buffer') }),
    'one bit off': check(spki, flipped, digest),
    empty: check(spki, Buffer.alloc(0), digest),
    garbage: check(spki, Buffer.alloc(signature.length, 0xff), digest),
  };
}

function check(spki: Buffer, signature: Buffer | null, signedDigest: SignedDigest | null): string {
  const signer: Signer = { type: 'public-key', fingerprint: '', claims: {}, certificate: null, spki, signature };
  const entry: ParsedEntry = {
    kind: 'hashedrekord',
    apiVersion: '0.0.1',
    signers: [signer],
    artifacts: [],
    signedDigest,
    payload: null,
    ...UNATTESTED,
    unread: false,
  };
  return checkSignature(entry, signer);
}

function digestOf(algorithm: SignedDigest['algorithm']): SignedDigest {
  return { algorithm, value: hash(algorithm, ARTIFACT, 'buffer') };
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}
