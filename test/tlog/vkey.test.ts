import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVkey, toCosigner, toNoteKey, verifierKey } from '../../src/tlog/vkey.ts';
import { LOG2025_1, REKOR_V1 } from './known-keys.ts';
import { outcome } from './outcome.ts';
import { ed25519Witness, formatVkey, mlDsaWitness } from './witness-signer.ts';

const RAW = LOG2025_1.spki.subarray(-32);
const LOG = formatVkey(LOG2025_1.name, LOG2025_1.id, 0x01, RAW);
const id = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('parseVkey()', () => {
  it('reads the key of a Rekor v2 log and of a Rekor v1 server, as public witnesses list them', () => {
    expect(parseVkey('log2025-1.rekor.sigstore.dev+cf119915+AbfK5adZJxsI323FwGD2AJJ9F4i89cfDuLdGJBIYntuO')).toEqual({
      name: 'log2025-1.rekor.sigstore.dev',
      kind: 'ed25519-note',
      id: LOG2025_1.id,
      publicKey: RAW,
    });
    expect(parseVkey(formatVkey(REKOR_V1.name, id('c0d23d6a'), 0x02, REKOR_V1.spki))).toEqual({
      name: 'rekor.sigstore.dev',
      kind: 'ecdsa-note',
      id: REKOR_V1.id,
      publicKey: REKOR_V1.spki,
    });
  });

  it('reads the keys of witnesses', () => {
    for (const { key, vkey } of [ed25519Witness('witness.example/w1'), mlDsaWitness('witness.example/w2')]) {
      expect(parseVkey(vkey)).toEqual(key);
    }
  });

  // The key that the tests of github.com/FiloSottile/torchwood make of this seed.
  it('gives an ML-DSA-44 key the ID that others give it', () => {
    const seed = id('2886adc2b0eabfce67c0472939127998bf886cf256bfee8ba76a253fce1146e0');
    expect(mlDsaWitness('example.com/mldsa-log', seed).key.id.toString('hex')).toBe('b5df45c5');
  });

  it.each([
    ['nothing', ''],
    ['no name', LOG.replace(/^[^+]*/, '')],
    ['white space in the name', LOG.replace('log2025-1', 'log 2025-1')],
    ['no ID', LOG.replace(/\+[^+]*\+/, '+')],
    ['a short ID', LOG.replace('cf119915', 'cf1199')],
    ['an ID in capitals', LOG.replace('cf119915', 'CF119915')],
    ['the ID of another key', LOG.replace('cf119915', 'cf119916')],
    ['another name than the ID is made of', LOG.replace('log2025-1', 'log2025-2')],
    ['no key', 'log.example+cf119915+'],
    ['a type and no key', 'log.example+cf119915+AQ=='],
    ['a key of 31 bytes', formatVkey('log.example', id('00000000'), 0x01, RAW.subarray(1))],
    ['a key of 33 bytes', formatVkey('log.example', id('00000000'), 0x04, Buffer.concat([RAW, id('00')]))],
    ['a short ML-DSA-44 key', formatVkey('log.example', id('00000000'), 0x06, Buffer.alloc(1311))],
    ['a cut ECDSA key', formatVkey('log.example', id('c0d23d6a'), 0x02, REKOR_V1.spki.subarray(0, -1))],
    ['an ECDSA key on P-384', formatVkey('log.example', id('00000000'), 0x02, p384())],
    ['an Ed25519 key as ECDSA', formatVkey('log.example', id('00000000'), 0x02, RAW)],
    ['the key of a CT log', formatVkey('log.example', id('00000000'), 0x05, RAW)],
    ['a type that is not assigned', formatVkey('log.example', id('00000000'), 0xff, RAW)],
    ['base64 without padding', 'log.example+cf119915+AQ'],
    ['the URL alphabet', LOG.replace(/\+([^+]*)$/, (_, key: string) => `+${key.replace('/', '_').replace('+', '-')}-`)],
    ['a newline at the end', `${LOG}\n`],
    ['a space at the end', `${LOG} `],
    ['more than 4096 characters', `${LOG}${'A'.repeat(4096)}`],
    ['a name that no cosigner can sign with', mlDsaVkey('é'.repeat(128))],
  ])('refuses %s', (_, vkey) => {
    expect(() => parseVkey(vkey)).toThrow(SyntaxError);
  });

  it('says in its error what it found and what would be right', () => {
    expect(() => parseVkey(LOG.replace('cf119915', '00000000'))).toThrow(
      'Cannot use verifier key "log2025-1.rekor.sigstore.dev": it says that its ID is 00000000, expected cf119915',
    );
  });

  it('refuses every verifier key with one character changed, and never throws anything but SyntaxError', () => {
    const { vkey } = ed25519Witness('witness.example/w1');
    const changed = fc.tuple(fc.nat(vkey.length - 1), fc.string({ minLength: 1, maxLength: 1 }));
    fc.assert(
      fc.property(changed, ([at, character]) => {
        fc.pre(vkey[at] !== character);
        expect(() => parseVkey(vkey.slice(0, at) + character + vkey.slice(at + 1))).toThrow(SyntaxError);
      }),
    );
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 100 }), (name, bytes) => {
        const text = `${name}+00000000+${Buffer.from(bytes).toString('base64')}`;
        expect(outcome(() => parseVkey(text))).toBe('SyntaxError');
      }),
    );
  });
});

describe('toCosigner()', () => {
  it('reads a key of notes as one that cosigns, under another ID', () => {
    const key = parseVkey(LOG);
    expect(toCosigner(key)).toEqual(verifierKey(LOG2025_1.name, 'ed25519-cosignature', RAW));
    expect(toCosigner(key)?.id).not.toEqual(key.id);
  });

  it('leaves a key that cosigns as it is, and knows none of ECDSA', () => {
    const { key } = mlDsaWitness('witness.example');
    expect(toCosigner(key)).toBe(key);
    expect(toCosigner(verifierKey('log.example', 'ecdsa-note', REKOR_V1.spki))).toBeNull();
  });
});

describe('toNoteKey()', () => {
  it('gives the key of a log, and none of a witness', () => {
    expect(toNoteKey(parseVkey(LOG))).toEqual({ ...LOG2025_1, verify: expect.any(Function) as unknown });
    expect(toNoteKey(verifierKey(REKOR_V1.name, 'ecdsa-note', REKOR_V1.spki))?.id).toEqual(REKOR_V1.id);
    expect(toNoteKey(ed25519Witness('witness.example').key)).toBeNull();
  });
});

function p384(): Buffer {
  return generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey.export({ format: 'der', type: 'spki' });
}

/** With its ID right. */
function mlDsaVkey(name: string): string {
  const { publicKey } = mlDsaWitness('witness.example').key;
  const material = Buffer.concat([Buffer.from(`${name}\n\x06`), publicKey]);
  return formatVkey(name, keyIdOf(material), 0x06, publicKey);
}

function keyIdOf(material: Buffer): Buffer {
  return createHash('sha256').update(material).digest().subarray(0, 4);
}
