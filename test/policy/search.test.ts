import fc from 'fast-check';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSearch } from '../../src/policy/search.ts';
import { sha256 } from '../../src/tlog/hash.ts';

const needle = (text: string, isNumber = false) => ({ bytes: Buffer.from(text), isNumber });

const WORDS = ['acme/widget', 'release@acme.example', 'gadget', 'ünïcode/тест'] as const;
const search = createSearch(
  WORDS.map((word) => needle(word)),
  false,
);
const foundIn = (bytes: Buffer): string[] => [...search(bytes).found].sort().map((at) => WORDS[at] ?? '');

/** What an encoding makes of bytes. */
type Layer = (bytes: Buffer) => Buffer;

const WRAPPERS: Readonly<Record<string, Layer>> = {
  'base64 in JSON': (bytes) => Buffer.from(JSON.stringify({ payload: bytes.toString('base64') })),
  'base64url in JSON': (bytes) => Buffer.from(JSON.stringify({ payload: bytes.toString('base64url'), x: 1 })),
  'base64 in lines': (bytes) => Buffer.from(bytes.toString('base64').replace(/.{60}/g, '$&\n')),
  'base64 behind a slash': (bytes) => Buffer.from(`/a/${bytes.toString('base64')}`),
  PEM: (bytes) =>
    Buffer.from(`-----BEGIN THING-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END THING-----\n`),
  'a JSON string': (bytes) => Buffer.from(JSON.stringify({ deep: [bytes.toString('latin1')] }), 'latin1'),
  DER: (bytes) => Buffer.concat([Buffer.from([0x30, 0x82, 0xff, 0xff, 0x0c]), bytes, Buffer.from([5, 0])]),
};

const layers = fc.array(fc.constantFrom(...Object.keys(WRAPPERS)), { maxLength: 4 });

describe('createSearch()', () => {
  it('finds a text through four layers of any kind', () => {
    const before = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(layers, fc.constantFrom(...WORDS.slice(0, 3)), before, (names, word, junk) => {
        const hidden = Buffer.concat([Buffer.from(junk), Buffer.from(word)]);
        const wrapped = names.reduce<Buffer>((bytes, name) => WRAPPERS[name]?.(bytes) ?? bytes, hidden);
        expect(foundIn(wrapped)).toContain(word);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds nothing where nothing is', () => {
    fc.assert(
      fc.property(layers, fc.string({ unit: 'grapheme' }), (names, text) => {
        fc.pre(!WORDS.some((word) => text.toLowerCase().includes(word)));
        const wrapped = names.reduce<Buffer>((bytes, name) => WRAPPERS[name]?.(bytes) ?? bytes, Buffer.from(text));
        expect(search(wrapped)).toMatchObject({ found: new Set(), complete: true });
      }),
    );
  });

  it.each([
    ['in another case', 'HTTPS://GitHub.com/Acme/WIDGET/x'],
    ['in UTF-16, most significant byte first', 'Acme/Widget'.replace(/./g, '\0$&')],
    ['in UTF-16, least significant byte first', 'Acme/Widget'.replace(/./g, '$&\0')],
    ['escaped', String.raw`{"a":"\u0061cme\/\u0057idget"}`],
    ['escaped twice', String.raw`{"a":"{\"b\":\"\\u0061cme\\/widget\"}"}`],
    ['in JSON that is broken off', String.raw`{"a":"acme\/widget`],
    ['at the beginning', 'acme/widget-and-more'],
    ['at the end', 'more-of-acme/widget'],
  ])('finds a text %s', (_, text) => {
    expect(foundIn(Buffer.from(text, 'latin1'))).toEqual(['acme/widget']);
  });

  it('finds a text beyond ASCII as it is written', () => {
    expect(foundIn(Buffer.from('x ünïcode/тест'))).toEqual(['ünïcode/тест']);
    expect(foundIn(Buffer.from('x ÜNÏCODE/ТЕСТ'))).toEqual([]);
  });

  it('finds a number only where it ends', () => {
    const numbers = createSearch([needle('123456', true)], false);
    const holds = (text: string): boolean => numbers(Buffer.from(text)).found.has(0);
    expect(['123456', '"id":"123456"', '\x0c\x06123456', '\x0c\x06123456' + '0\x12', 'x123456y'].map(holds)).toEqual([
      ...[true, true, true, true, true],
    ]);
    expect(['0123456', '1234567', '1123456', '12345'].map(holds)).toEqual([false, false, false, false]);
  });

  it('agrees with a plain search for each of many needles', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '/'), minLength: 5, maxLength: 8 });
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 30 }),
        fc.string({ unit: fc.constantFrom('a', 'B', 'c', '/', 'A', 'é'), maxLength: 200 }),
        (words, text) => {
          const { found } = createSearch(
            words.map((one) => needle(one)),
            false,
          )(Buffer.from(text));
          const folded = text.toLowerCase();
          const expected = words.flatMap((one, at) => (folded.includes(one) ? [at] : []));
          // More may be found in what the text decodes to.
          expect([...found]).toEqual(expect.arrayContaining(expected));
          if (!/[A-Za-z/]{7}/.test(text)) {
            expect([...found].sort((a, b) => a - b)).toEqual(expected);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each<[string, KeyObject]>([
    ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
  ])('finds a public key of %s, bare, as PEM in base64, and in DER', (_, key) => {
    const spki = key.export({ type: 'spki', format: 'der' });
    const pem = Buffer.from(key.export({ type: 'spki', format: 'pem' }));
    const keys = createSearch([], true);
    for (const bytes of [
      spki,
      Buffer.from(JSON.stringify({ spec: { publicKey: { content: pem.toString('base64') } } })),
      Buffer.concat([Buffer.from([0x30, 0x82, 0x30, 0x30]), spki, spki]),
    ]) {
      // Bytes of a key may look like a key of another sort now and then.
      expect([...keys(bytes).keys]).toContain(sha256(spki).toString('hex'));
    }
  });

  it('says so where it does not look at all there is', () => {
    // Curves, one in the other: each is to be hashed.
    const crowd = Buffer.alloc(256 * 1024, Buffer.from('3082080030130607' + '2a8648ce3d0201', 'hex'));
    expect(createSearch([], true)(crowd).complete).toBe(false);
    expect(search(crowd).complete).toBe(true);
  });

  it.each(['V', '\\', '\\u005c', 'VVVVVVV"', 'acme/', String.raw`\\\"`, 'a\0', '0\x06\x03+ep'])(
    'looks at a bounded part of %j, however often it is repeated',
    (unit) => {
      const keyed = createSearch([needle('acme/widget')], true);
      expect(keyed(Buffer.alloc(1024 * 1024, unit)).found.size).toBe(0);
    },
  );
});
