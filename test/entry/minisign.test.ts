import { createPublicKey, generateKeyPairSync, hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryError } from '../../src/entry/entry-error.ts';
import { signerFromMinisign } from '../../src/entry/minisign.ts';

const spki = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' });
const key = spki.subarray(-32);
const digest = hash('sha256', spki);
const KEY_ID = Buffer.from('06581935af74c5b0', 'hex');
const text = Buffer.concat([Buffer.from('Ed'), KEY_ID, key]).toString('base64');

describe('signerFromMinisign()', () => {
  it.each([
    ['the bare line', text],
    ['the line and a line feed', `${text}\n`],
    ['a file of minisign', `untrusted comment: minisign public key B0C574AF35195806\n${text}\n`],
    ['a file with CRLF', `untrusted comment: minisign public key B0C574AF35195806\r\n${text}\r\n`],
    ['a file of signify', `untrusted comment: acme public key\n${text}\n`],
  ])('names the key by its id and by its digest: %s', (_, file) => {
    const signature = Buffer.from('signature');
    expect(signerFromMinisign(base64(file), signature, 'key')).toEqual({
      type: 'minisign',
      fingerprint: 'b0c574af35195806',
      claims: { key: ['b0c574af35195806', digest] },
      certificate: null,
      spki,
      signature,
    });
  });

  it('looks at no algorithm, as Rekor does not', () => {
    const bytes = Buffer.concat([Buffer.from('XX'), KEY_ID, key]);
    expect(read(bytes.toString('base64')).claims['key']).toEqual(['b0c574af35195806', digest]);
  });

  it('keeps all 16 digits of an id', () => {
    const bytes = Buffer.concat([Buffer.from('Ed'), Buffer.from('0100000000000000', 'hex'), key]);
    expect(read(bytes.toString('base64')).fingerprint).toBe('0000000000000001');
  });

  it('names a key without an id by its digest: the bare 32 bytes, and an id of zeros', () => {
    const filled = Buffer.concat([Buffer.from('Ed'), Buffer.alloc(8), key]).toString('base64');
    for (const file of [key, filled]) {
      expect(read(file)).toMatchObject({ fingerprint: digest, claims: { key: [digest] } });
    }
  });

  it('gives a key that node:crypto takes', () => {
    expect(
      createPublicKey({ key: read(text).spki ?? Buffer.alloc(0), format: 'der', type: 'spki' }).asymmetricKeyType,
    ).toBe('ed25519');
  });

  it.each([
    ['nothing', ''],
    ['a comment alone', 'untrusted comment: acme'],
    ['two keys', `${text}\n${text}`],
    ['a comment that is not marked', `acme\n${text}`],
    ['a signature', Buffer.concat([Buffer.from('Ed'), KEY_ID, Buffer.alloc(64)]).toString('base64')],
    ['no base64', `${text}!`],
    ['a megabyte', 'A'.repeat(2 ** 20)],
  ])('refuses %s', (_, file) => {
    expect(() => read(file)).toThrow(EntryError);
  });

  it('throws nothing else, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(isReadOrRefused(() => read(Buffer.from(bytes)))).toBe(true);
      }),
    );
  });
});

function read(file: string | Buffer) {
  return signerFromMinisign(base64(file), null, 'key');
}

function base64(file: string | Buffer): string {
  return Buffer.from(file).toString('base64');
}

function isReadOrRefused(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    return error instanceof EntryError;
  }
}
