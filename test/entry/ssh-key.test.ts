import { readFileSync } from 'node:fs';
import { hash } from 'node:crypto';
import fc from 'fast-check';
import sshpk from 'sshpk';
import { describe, expect, it } from 'vitest';
import { EntryError } from '../../src/entry/entry-error.ts';
import type { Signer } from '../../src/entry/entry.ts';
import { signerFromSsh } from '../../src/entry/ssh-key.ts';

/** Lines of OpenSSH and what `ssh-keygen -l` prints for each. */
const KEYS = readFileSync('test/fixtures/keys/ssh.tsv', 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((row) => row.split('\t') as [line: string, fingerprint: string])
  .map(([line, fingerprint]) => ({ type: line.split(' ', 1)[0] ?? '', line, fingerprint }));
const certificates = KEYS.filter(({ type }) => type.includes('-cert-'));
const plain = KEYS.filter(({ type }) => !type.includes('-cert-'));

describe('signerFromSsh()', () => {
  it.each(KEYS)('gives the fingerprint that ssh-keygen gives: $type', ({ line, fingerprint }) => {
    const signer = signerFromSsh(base64(line), Buffer.from('signature'), 'key');
    expect(signer).toMatchObject({ type: 'ssh', fingerprint, certificate: null, spki: null });
    expect(signer.signature).toEqual(Buffer.from('signature'));
    expect(signer.claims['key_subject']).toEqual(['release@example.com']);
  });

  it.each(plain)('has that as the only key: $type', ({ line, fingerprint }) => {
    expect(read(line).claims['key']).toEqual([fingerprint]);
  });

  it.each(certificates)('has also the fingerprint of the whole certificate: $type', ({ line, fingerprint }) => {
    const whole = hash('sha256', blobOf(line), 'base64').replace(/=+$/, '');
    expect(read(line).claims['key']).toEqual([fingerprint, `SHA256:${whole}`]);
  });

  // It does not know keys of security tokens.
  it.each(plain.filter(({ type }) => !type.startsWith('sk-')))('agrees with sshpk: $type', ({ line }) => {
    expect(read(line).fingerprint).toBe(sshpk.parseKey(line, 'ssh').fingerprint('sha256').toString());
  });

  it('needs no comment, and takes none for an address that is none', () => {
    const [{ line } = { line: '' }] = plain;
    const bare = line.split(' ').slice(0, 2).join(' ');
    for (const text of [
      bare,
      `${bare}\n`,
      `${bare}  \t `,
      `${bare} acme@`,
      `${bare} key of acme`,
      bare.replace(' ', ' \t'),
    ]) {
      expect(Object.keys(read(text).claims)).toEqual(['key']);
    }
    expect(read(`${bare} Acme <a@example.com>`).claims['key_subject']).toEqual(['a@example.com']);
  });

  it('takes a type that is not known as a whole', () => {
    const blob = Buffer.concat([field('acme-2030'), field('key'), Buffer.from('rest')]);
    const fingerprint = `SHA256:${hash('sha256', blob, 'base64').replace(/=+$/, '')}`;
    expect(read(`acme-2030 ${blob.toString('base64')}`)).toMatchObject({ fingerprint, claims: { key: [fingerprint] } });
  });

  const ed25519 = plain.find(({ type }) => type === 'ssh-ed25519')?.line ?? '';
  const rsa = plain.find(({ type }) => type === 'ssh-rsa')?.line ?? '';
  const blob = blobOf(ed25519);
  it.each([
    ['nothing', ''],
    ['a type alone', 'ssh-ed25519'],
    ['two lines', `${ed25519}\n${rsa}`],
    ['another type before it', rsa.replace('ssh-rsa ', 'ssh-ed25519 ')],
    ['a type in other letters', ed25519.replace('ssh-ed25519', 'SSH-ED25519')],
    ['bytes behind the key', line('ssh-ed25519', Buffer.concat([blob, Buffer.alloc(1)]))],
    ['a key cut short', line('ssh-ed25519', blob.subarray(0, -1))],
    ['a type without a key', line('ssh-ed25519', field('ssh-ed25519'))],
    ['three bytes', line('ssh-ed25519', Buffer.alloc(3))],
    ['a field of 4 GiB', line('ssh-ed25519', Buffer.concat([field('ssh-ed25519'), Buffer.alloc(8, 0xff)]))],
    [
      'a certificate cut in its nonce',
      line('ssh-ed25519-cert-v01@openssh.com', field('ssh-ed25519-cert-v01@openssh.com')),
    ],
    ['options before the type', `no-pty ${ed25519}`],
    ['a key without its padding', rsa.replace(/=* release.*$/, '').slice(0, -1)],
    ['more than Rekor takes', `${ed25519}${' '.repeat(65_536)}x`],
  ])('refuses %s', (_, text) => {
    expect(() => read(text)).toThrow(EntryError);
  });

  it('gives another fingerprint, or none, when any byte of the key is another', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...plain),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        ({ type, line: text, fingerprint }, at, flip) => {
          const changed = Buffer.from(blobOf(text));
          const position = at % changed.length;
          changed[position] = (changed[position] ?? 0) ^ flip;
          expect(fingerprintOrRefusal(line(type, changed))).not.toBe(fingerprint);
        },
      ),
    );
  });

  it('throws nothing else, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KEYS), fc.uint8Array({ maxLength: 200 }), ({ type }, bytes) => {
        const tail = Buffer.from(bytes);
        expect(fingerprintOrRefusal(tail)).toMatch(/^(SHA256:|refused)/);
        expect(fingerprintOrRefusal(line(type, Buffer.concat([field(type), tail])))).toMatch(/^(SHA256:|refused)/);
      }),
    );
  });

  it('gets through white space of all sorts in the longest file', () => {
    for (const hostile of [' ', '\t', '\n', '\r', '\u2028', 'a ', ' \n']) {
      const text = `a b${hostile.repeat(60_000 / Buffer.byteLength(hostile))}c`;
      expect(fingerprintOrRefusal(text)).toBe('refused');
    }
  });
});

function read(text: string | Buffer): Signer {
  return signerFromSsh(base64(text), null, 'key');
}

function fingerprintOrRefusal(text: string | Buffer): string | null {
  try {
    return read(text).fingerprint;
  } catch (error) {
    if (error instanceof EntryError) {
      return 'refused';
    }
    throw error;
  }
}

function base64(text: string | Buffer): string {
  return Buffer.from(text).toString('base64');
}

function blobOf(text: string): Buffer {
  return Buffer.from(text.split(' ')[1] ?? '', 'base64');
}

function line(type: string, blob: Buffer): string {
  return `${type} ${blob.toString('base64')}`;
}

function field(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}
