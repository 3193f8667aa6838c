import { constants, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { ed25519ph } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { bitString, element, integer, oid, sequence } from '../../src/demo/der-writer.ts';
import { dsseV1 } from '../../src/demo/entries.ts';
import { withAttestation } from '../../src/entry/attestation.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { ParsedEntry, Signer } from '../../src/entry/entry.ts';
import { IN_TOTO_TYPE, preAuthEncoding } from '../../src/entry/pae.ts';
import { checkSignature } from '../../src/entry/signature.ts';
import { certify, releaseAt, STRANGER } from '../support/actors.ts';
import { coseSign1, coseV001, intotoV001, intotoV002, provenanceV1 } from '../support/attested-entries.ts';

const payload = provenanceV1();
const message = preAuthEncoding(IN_TOTO_TYPE, payload);
const release = certify(releaseAt('refs/tags/v1'));
const stranger = certify(STRANGER);

/** The entry of a leaf with what was signed at hand. */
function attested(leaf: Buffer, served = payload, payloadType: string | null = null): ParsedEntry {
  const decoded = decodeEntry(leaf);
  if (!decoded.ok) {
    throw new Error(decoded.problem);
  }
  const entry = withAttestation(decoded.entry, { payload: served, payloadType });
  expect(entry.attestationProblem).toBeNull();
  return entry;
}

const verdicts = (entry: ParsedEntry) => entry.signers.map((signer) => checkSignature(entry, signer));

/** An entry of intoto 0.0.2 by one key that is not on P-256. */
function signedBy(publicKey: KeyObject, signature: Buffer): ParsedEntry {
  const template = attested(intotoV002({ signers: [stranger], payload }));
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const signer: Signer = { type: 'public-key', fingerprint: '', claims: {}, certificate: null, spki, signature };
  return { ...template, signers: [signer] };
}

/** What is made of it whole, with another bit in its payload, and in the signature. */
function outcomes(publicKey: KeyObject, signature: Buffer): readonly unknown[] {
  const entry = signedBy(publicKey, signature);
  const changed = Buffer.from(payload);
  changed.writeUInt8(changed.readUInt8(20) ^ 1, 20);
  const other = { ...entry, attestation: { payload: changed, payloadType: IN_TOTO_TYPE, statement: null } };
  const broken = Buffer.from(signature);
  broken.writeUInt8(broken.readUInt8(broken.length - 9) ^ 1, broken.length - 9);
  return [entry, other, signedBy(publicKey, broken)].map((each) => verdicts(each)[0]);
}

const TOLD_APART = ['verified', 'invalid', 'invalid'];

describe('checkSignature() of an envelope', () => {
  it.each(['P-256', 'P-384', 'P-521'])('tells good from bad for ECDSA on %s, by any hash', (namedCurve) => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
    for (const name of ['sha256', 'sha384', 'sha512']) {
      expect(outcomes(publicKey, sign(name, message, privateKey))).toEqual(TOLD_APART);
    }
  });

  it('tells good from bad for RSA, by any hash, in both schemes', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    for (const name of ['sha256', 'sha384', 'sha512']) {
      expect(outcomes(publicKey, sign(name, message, privateKey))).toEqual(TOLD_APART);
      const pss = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING };
      expect(outcomes(publicKey, sign(name, message, pss))).toEqual(TOLD_APART);
    }
  });

  it('says nothing by an RSA key of more than 8192 bits', () => {
    const verdicts = [1024, 1025].map((bytes) => {
      const numbers = sequence(integer(Buffer.alloc(bytes, 0xab)), integer(Buffer.of(1, 0, 1)));
      const der = sequence(sequence(oid('1.2.840.113549.1.1.1'), element(0x05)), bitString(numbers));
      const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
      return outcomes(publicKey, Buffer.alloc(bytes, 1))[0];
    });
    expect(verdicts).toEqual(['invalid', 'not-checkable']);
  });

  it('tells good from bad for Ed25519, plain and over a digest', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    expect(outcomes(publicKey, sign(null, message, privateKey))).toEqual(TOLD_APART);
    const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
    expect(outcomes(publicKey, Buffer.from(ed25519ph.sign(message, seed)))).toEqual(TOLD_APART);
  });

  it.each([
    ['intoto', intotoV002({ signers: [release, stranger], payload })],
    ['dsse', dsseV1({ signers: [release, stranger], payload })],
  ])('finds every signer of an entry of kind %s', (_, leaf) => {
    expect(verdicts(attested(leaf))).toEqual(['verified', 'verified']);
  });

  it('finds a signer whose signature stands beside another key', () => {
    const entry = attested(intotoV002({ signers: [release, stranger], payload, shuffled: true }));
    expect(verdicts(entry)).toEqual(['verified', 'verified']);
  });

  it('finds none for a key that signed nothing', () => {
    const leaf = intotoV002({ signers: [release, stranger], payload });
    const entry = attested(leaf);
    const [own, other] = entry.signers as [Signer, Signer];
    const twice = { ...entry, signers: [own, { ...other, signature: own.signature }] };
    expect(verdicts(twice)).toEqual(['verified', 'invalid']);
  });

  it('knows the type that the entry records, and guesses no other', () => {
    const text = { signers: [release], payload, payloadType: 'text/plain' };
    expect(verdicts(attested(intotoV002(text)))).toEqual(['verified']);
    expect(verdicts(attested(dsseV1(text), payload, 'text/plain'))).toEqual(['verified']);
    // Nobody says that it is of this type: a signature over another one is none that was forged.
    expect(verdicts(attested(dsseV1(text)))).toEqual(['not-checkable']);
    expect(verdicts(attested(dsseV1(text), payload, 'text/html'))).toEqual(['not-checkable']);
  });

  it('says nothing of what it has no payload, no signature or no such key for', () => {
    const decoded = decodeEntry(intotoV002({ signers: [release], payload }));
    expect(decoded.ok && verdicts(decoded.entry)).toEqual(['not-checkable']);
    expect(verdicts(attested(intotoV001({ ...release, payload })))).toEqual(['not-checkable']);
    expect(verdicts(attested(coseV001({ ...release, payload }), coseSign1(payload)))).toEqual(['not-checkable']);
    const { publicKey } = generateKeyPairSync('x25519');
    expect(outcomes(publicKey, Buffer.alloc(64))).toEqual(['not-checkable', 'not-checkable', 'not-checkable']);
  });

  it('tries eight signatures, and calls none forged for what it did not try', () => {
    const crowd = Array.from({ length: 9 }, () => certify(STRANGER));
    const shuffled = attested(intotoV002({ signers: crowd, payload, shuffled: true }));
    // The last one's stands first, the middle one's at its own place; each tries its own, then the others from the first on.
    expect(verdicts(shuffled)).toEqual(['not-checkable', ...Array.from({ length: 8 }, () => 'verified')]);
  });

  it('tries fewer of them over a large payload', () => {
    const large = Buffer.alloc(6 * 1024 * 1024, 'x');
    const two = { signers: [release, stranger], payload: large };
    expect(verdicts(attested(intotoV002(two), large))).toEqual(['verified', 'verified']);
    expect(verdicts(attested(intotoV002({ ...two, shuffled: true }), large))).toEqual([
      'not-checkable',
      'not-checkable',
    ]);
  });

  it('tries none where many signers stand beside a large payload', () => {
    const large = Buffer.alloc(6 * 1024 * 1024, 'x');
    const three = [release, stranger, certify(STRANGER)];
    expect(verdicts(attested(intotoV002({ signers: three, payload: large }), large))).toEqual([
      'not-checkable',
      'not-checkable',
      'not-checkable',
    ]);
  });
});
