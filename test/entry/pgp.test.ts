import fc from 'fast-check';
import { config, generateKey, PublicKeyPacket } from 'openpgp';
import { describe, expect, it } from 'vitest';
import { EntryError } from '../../src/entry/entry-error.ts';
import type { Signer } from '../../src/entry/entry.ts';
import { signersFromPgp } from '../../src/entry/pgp.ts';
import { pgpArmor, pgpKeyBody, pgpPacket } from '../support/pgp-packets.ts';

const USERS = [{ name: 'Acme', email: 'release@example.com' }, { email: 'second@example.com' }];
const modern = await generateKey({ type: 'curve25519', userIDs: USERS, config: { v6Keys: true }, format: 'object' });
const usual = await generateKey({ type: 'ecc', userIDs: USERS, subkeys: [{ sign: true }, {}], format: 'object' });
const key = pgpPacket(6, pgpKeyBody(4, 1));

describe('signersFromPgp()', () => {
  it.each([
    ['version 4', usual.publicKey, 40, 2],
    ['version 6', modern.publicKey, 64, 1],
  ])('agrees with OpenPGP.js on a key of %s and its subkeys, armoured or not', (_, made, length, subkeys) => {
    const expected = [made.getFingerprint(), ...made.getSubkeys().map((subkey) => subkey.getFingerprint())];
    expect(expected.map((each) => each.length)).toEqual(Array.from({ length: 1 + subkeys }, () => length));
    const signature = Buffer.from('signature');
    for (const file of [made.armor(), made.write()]) {
      expect(signersFromPgp(base64(file), signature, 'key')).toEqual([
        {
          type: 'pgp',
          fingerprint: expected[0],
          claims: { key: expected, key_subject: ['release@example.com', 'second@example.com'] },
          certificate: null,
          spki: null,
          signature,
        },
      ]);
    }
  });

  it.each([4, 5, 6])('agrees with OpenPGP.js on the fingerprint of any body of version %d', async (version) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 32 - 1), async (seed) => {
        const body = pgpKeyBody(version, seed);
        const packet = new PublicKeyPacket();
        // Its types leave this method out.
        const reader = packet as unknown as { read(body: Uint8Array, config: unknown): Promise<void> };
        await reader.read(body, { ...config, enableParsingV5Entities: true });
        expect(read(pgpPacket(6, body))[0]?.fingerprint).toBe(packet.getFingerprint());
      }),
      { numRuns: 20 },
    );
  });

  it('reads every way to write the length of a packet', () => {
    const body = pgpKeyBody(4, 1);
    const id = 'Acme <release@example.com>';
    const long = Buffer.from(`${' '.repeat(300)}<release@example.com>`);
    const ways = [
      Buffer.concat([Buffer.of(0x98, body.length), body, Buffer.of(0xb4, id.length), Buffer.from(id)]),
      Buffer.concat([Buffer.of(0x99, 0, body.length), body, Buffer.of(0xb6, 0, 0, 0, id.length), Buffer.from(id)]),
      Buffer.concat([Buffer.of(0xc6, body.length), body, Buffer.of(0xcd, 0xff, 0, 0, 0, id.length), Buffer.from(id)]),
      Buffer.concat([key, Buffer.of(0xcd, 192 + ((long.length - 192) >> 8), (long.length - 192) & 0xff), long]),
    ];
    const [{ fingerprint } = { fingerprint: null }] = read(key);
    expect(fingerprint).toMatch(/^[0-9a-f]{40}$/);
    for (const way of ways) {
      expect(read(way)).toMatchObject([{ fingerprint, claims: { key_subject: ['release@example.com'] } }]);
    }
  });

  it('has a signer for each primary key, with what stands behind it', () => {
    const file = Buffer.concat([
      ...[key, pgpPacket(13, '<a@example.com>'), pgpPacket(14, pgpKeyBody(4, 2))],
      ...[pgpPacket(6, pgpKeyBody(6, 3)), pgpPacket(13, 'b@example.com'), pgpPacket(13, '<b@example.com>')],
      ...[pgpPacket(6, pgpKeyBody(5, 4)), pgpPacket(13, 'Acme')],
    ]);
    expect(read(file).map(({ claims }) => [claims['key']?.map((each) => each.length), claims['key_subject']])).toEqual([
      [[40, 40], ['a@example.com']],
      [[64], ['b@example.com']],
      [[64], undefined],
    ]);
  });

  it('reads several blocks, and takes a key that stands in two of them for one', () => {
    const blocks = [pgpPacket(13, 'a@example.com'), pgpPacket(14, pgpKeyBody(4, 2))].map((more) =>
      pgpArmor(Buffer.concat([key, more])),
    );
    const [signer, ...others] = read(blocks.join('\n\n'));
    expect(others).toEqual([]);
    expect(signer?.claims['key']).toHaveLength(2);
    expect(signer?.claims['key_subject']).toEqual(['a@example.com']);
  });

  it('passes over signatures, pictures, trust, padding and what is not known', () => {
    const between = [2, 17, 12, 21, 10, 60].map((tag) => pgpPacket(tag, 'anything'));
    expect(read(Buffer.concat([...between, key, ...between]))).toEqual(read(key));
  });

  it('reads armour without headers, without a checksum, with CRLF, in one line', () => {
    const armour = pgpArmor(key);
    const [begin = '', , , ...rest] = armour.split('\n');
    const bare = [begin, '', ...rest.filter((line) => !line.startsWith('='))];
    const oneLine = [begin, '', key.toString('base64'), rest.at(-2)];
    for (const text of [
      bare.join('\n'),
      bare.join('\r\n'),
      oneLine.join('\n'),
      `\n${armour}\n\n`,
      armour.replace('\n\n', '\n \n'),
    ]) {
      expect(read(text)).toEqual(read(key));
    }
  });

  const body = pgpKeyBody(4, 1);
  it.each([
    ['nothing', ''],
    ['a text', 'acme'],
    ['a signature', pgpArmor(key).replaceAll('PUBLIC KEY BLOCK', 'SIGNATURE')],
    ['a text before the armour', `acme\n${pgpArmor(key)}`],
    ['armour without an end', pgpArmor(key).slice(0, -5)],
    ['armour without an empty line', pgpArmor(key).replace('\n\n', '\n')],
    ['a header without a colon', pgpArmor(key).replace('Comment:', 'Comment')],
    ['a checksum of another length', pgpArmor(key).replace('=AAAA', '=AAAAA')],
    ['a line behind the checksum', pgpArmor(key).replace('=AAAA', '=AAAA\nAAAA')],
    ['no base64', pgpArmor(key).replace('=AAAA', '!')],
    ['armour around nothing', pgpArmor(Buffer.alloc(0))],
    ['a user id without a key', pgpPacket(13, 'a@example.com')],
    ['a subkey without a key', pgpPacket(14, body)],
    ['a secret key', Buffer.concat([key, pgpPacket(5, body)])],
    ['a secret subkey', Buffer.concat([key, pgpPacket(7, body)])],
    ['a key of version 3', pgpPacket(6, Buffer.concat([Buffer.of(3), body.subarray(1)]))],
    ['a key of version 7', pgpPacket(6, Buffer.concat([Buffer.of(7), body.subarray(1)]))],
    ['a subkey of version 3', Buffer.concat([key, pgpPacket(14, Buffer.concat([Buffer.of(3), body.subarray(1)]))])],
    ['a key of no bytes', pgpPacket(6, '')],
    ['a key that is all head', pgpPacket(6, body.subarray(0, 6))],
    ['a key of version 4 too long for its hash', pgpPacket(6, Buffer.concat([body, Buffer.alloc(0x10000)]))],
    ['a key of version 6 that ends early', pgpPacket(6, pgpKeyBody(6, 1).subarray(0, -1))],
    ['a key of version 5 with more behind it', pgpPacket(6, Buffer.concat([pgpKeyBody(5, 1), Buffer.alloc(1)]))],
    ['a key of version 6 without its length', pgpPacket(6, pgpKeyBody(6, 1).subarray(0, 8))],
    ['a packet that ends early', key.subarray(0, -1)],
    ['a packet without its length', Buffer.concat([key, Buffer.of(0xcd, 0xff, 0, 0)])],
    ['a packet in parts', Buffer.concat([key, Buffer.of(0xcd, 0xe1), Buffer.alloc(2), Buffer.of(0)])],
    ['a packet of no given length', Buffer.concat([key, Buffer.of(0xb7), Buffer.from('a@example.com')])],
    ['bytes that are no packet', Buffer.concat([key, Buffer.of(0x40)])],
    [
      'more keys than anybody has',
      Buffer.concat(Array.from({ length: 1001 }, (_, seed) => pgpPacket(6, pgpKeyBody(4, seed)))),
    ],
    ['more subkeys than anybody has', Buffer.concat([key, ...Array.from({ length: 1000 }, () => pgpPacket(14, body))])],
    [
      'more user ids than anybody has',
      Buffer.concat([key, ...Array.from({ length: 2001 }, () => pgpPacket(13, 'Acme'))]),
    ],
    [
      'more addresses than anybody has',
      Buffer.concat([key, ...Array.from({ length: 1001 }, (_, index) => pgpPacket(13, `${index}@example.com`))]),
    ],
  ])('refuses %s', (_, file) => {
    expect(() => read(file)).toThrow(EntryError);
  });

  it('takes a thousand keys', () => {
    expect(
      read(Buffer.concat(Array.from({ length: 1000 }, (_, seed) => pgpPacket(6, pgpKeyBody(4, seed))))),
    ).toHaveLength(1000);
  });

  it('gives another fingerprint, or none, when any byte of the key is another', () => {
    const bytes = Buffer.from(usual.publicKey.write());
    // The first packet is the key, its length in one byte.
    const end = 2 + (bytes[1] ?? 0);
    const original = usual.publicKey.getFingerprint();
    for (let at = 2; at < end; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        expect(fingerprintsOrRefusal(changed)).not.toContain(original);
      }
    }
  });

  it('throws nothing else, whatever byte is another and whatever the bytes', () => {
    const files = [usual, modern].flatMap(({ publicKey }) => [
      Buffer.from(publicKey.write()),
      Buffer.from(publicKey.armor()),
    ]);
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(), fc.integer({ min: 1, max: 255 }), (file, at, flip) => {
        const changed = Buffer.from(file);
        changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ flip;
        expect(fingerprintsOrRefusal(changed).length).toBeGreaterThan(0);
      }),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(fingerprintsOrRefusal(Buffer.concat([key, Buffer.from(bytes)])).length).toBeGreaterThan(0);
        expect(fingerprintsOrRefusal(Buffer.from(bytes)).length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('gets through megabytes of nothing', () => {
    expect(read(Buffer.concat([key, Buffer.alloc(2 ** 21, Buffer.of(0xc2, 0))]))).toEqual(read(key));
    expect(read(Buffer.concat([key, pgpPacket(13, '<'.repeat(2 ** 21))]))).toEqual(read(key));
    expect(fingerprintsOrRefusal('\n'.repeat(2 ** 21))).toEqual(['refused']);
    expect(fingerprintsOrRefusal('-----BEGIN PGP PUBLIC KEY BLOCK-----\n'.repeat(2 ** 15))).toEqual(['refused']);
  });
});

function read(file: string | Uint8Array): readonly Signer[] {
  return signersFromPgp(base64(file), null, 'key');
}

function fingerprintsOrRefusal(file: string | Uint8Array): readonly (string | null)[] {
  try {
    return read(file).map(({ fingerprint }) => fingerprint);
  } catch (error) {
    if (error instanceof EntryError) {
      return ['refused'];
    }
    throw error;
  }
}

function base64(file: string | Uint8Array): string {
  return Buffer.from(file as Uint8Array).toString('base64');
}
