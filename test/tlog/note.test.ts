import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noteKey, parseNote, verifyNote } from '../../src/tlog/note.ts';
import { keyOfVkey, LOG2025_1, REKOR_V1 } from './known-keys.ts';
import { outcome } from './outcome.ts';
import { ecdsaSigner, ed25519Signer, formatNote, signatureLine, type NoteSigner } from './signed-note.ts';

const TEXT = 'log.example\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n';
const LINE = '— log.example AQIDBAU=\n';
const id = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('noteKey()', () => {
  it('makes the IDs of the public-good logs', () => {
    expect(REKOR_V1.id.toString('hex')).toBe('c0d23d6a');
    expect(LOG2025_1.id.toString('hex')).toBe('cf119915');
  });

  it('binds the ID of an Ed25519 key to its name, and that of an ECDSA key not', () => {
    expect(noteKey('other.example', LOG2025_1.spki).id).not.toEqual(LOG2025_1.id);
    expect(noteKey('other.example', REKOR_V1.spki).id).toEqual(REKOR_V1.id);
  });

  it('verifies the example of the specification', () => {
    const key = keyOfVkey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
    const blob = 'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=';
    const note = parseNote(`This is an example message.\n\n— example.com/foo ${blob}\n`);
    expect(key.id.toString('hex')).toBe('530d903a');
    expect(verifyNote(note, [key])).toBe('verified');
    expect(verifyNote({ ...note, text: 'This is an example message!\n' }, [key])).toBe('invalid');
  });

  it.each([
    ['RSA', (): Buffer => spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }))],
    ['P-384', (): Buffer => spkiOf(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }))],
    ['X25519', (): Buffer => spkiOf(generateKeyPairSync('x25519'))],
    ['Ed448', (): Buffer => spkiOf(generateKeyPairSync('ed448'))],
    ['no key', (): Buffer => Buffer.from('not a key')],
    ['no bytes', (): Buffer => Buffer.alloc(0)],
    ['a cut key', (): Buffer => REKOR_V1.spki.subarray(0, -1)],
    ['a key with a byte after it', (): Buffer => Buffer.concat([LOG2025_1.spki, Buffer.from([0])])],
  ])('refuses %s', (_, spki) => {
    expect(() => noteKey('log.example', spki())).toThrow(SyntaxError);
  });

  it.each(['', ' ', 'a b', 'a+b', 'a\tb', 'a\u00a0b', 'a\u2003b', 'a\nb'])('refuses the name "%s"', (name) => {
    expect(() => noteKey(name, LOG2025_1.spki)).toThrow(SyntaxError);
  });

  it('never throws anything but SyntaxError for random bytes, and verifies no random signature', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 100 }), (spki, signature) => {
        expect(['ok', 'SyntaxError']).toContain(outcome(() => noteKey('log.example', Buffer.from(spki))));
        expect(LOG2025_1.verify(Buffer.from(TEXT), Buffer.from(signature))).toBe(false);
        expect(REKOR_V1.verify(Buffer.from(TEXT), Buffer.from(signature))).toBe(false);
      }),
    );
  });
});

describe('parseNote()', () => {
  it('splits text and signatures', () => {
    expect(parseNote(formatNote(TEXT, LINE, '— other.example/x /////////w==\n'))).toEqual({
      text: TEXT,
      signatures: [
        { name: 'log.example', id: id('01020304'), signature: id('05') },
        { name: 'other.example/x', id: id('ffffffff'), signature: id('ffffff') },
      ],
    });
  });

  it.each([
    ['blank lines', 'a\n\nb\n'],
    ['a trailing blank line', 'a\n\n'],
    ['lines that look like signatures', `a\n\n${LINE}${LINE}`],
    ['an em dash at the start of a line', 'a\n— frozen\n'],
    ['a log that says it is frozen', `${TEXT}Log frozen — Mon Jan  2 15:04:05 UTC 2006\n`],
    ['a replacement character', 'a\ufffd\n'],
    ['a byte order mark', '\ufeffa\n'],
  ])('leaves %s in the text', (_, text) => {
    expect(parseNote(formatNote(text, LINE)).text).toBe(text);
  });

  it.each([
    ['nothing', ''],
    ['no blank line', `${TEXT}${LINE}`],
    ['no signature line', `${TEXT}\n`],
    ['two blank lines and no signature line', `${TEXT}\n\n`],
    ['garbage after the last signature line', `${formatNote(TEXT, LINE)}garbage\n`],
    ['garbage without a newline after the last signature line', `${formatNote(TEXT, LINE)}garbage`],
    ['garbage before the first signature line', formatNote(TEXT, 'garbage\n', LINE)],
    ['a missing newline at the end', formatNote(TEXT, LINE).slice(0, -1)],
    ['an empty line at the end', `${formatNote(TEXT, LINE)}\n`],
    ['carriage returns', formatNote(TEXT, LINE).replaceAll('\n', '\r\n')],
    ['a carriage return in the text', formatNote(`a\r\n${TEXT}`, LINE)],
    ['a carriage return after a signature', formatNote(TEXT, '— log.example AQIDBAU=\r\n')],
    ['a null character', formatNote(`a\0\n`, LINE)],
    ['a tab', formatNote(`a\tb\n`, LINE)],
    ['an escape character', formatNote(`\x1b[31m\n`, LINE)],
    ['half a character', formatNote('a\ud800\n', LINE)],
    ['a hyphen', formatNote(TEXT, LINE.replace('—', '-'))],
    ['an en dash', formatNote(TEXT, LINE.replace('—', '–'))],
    ['a horizontal bar', formatNote(TEXT, LINE.replace('—', '―'))],
    ['no dash', formatNote(TEXT, LINE.replace('— ', ''))],
    ['no space after the dash', formatNote(TEXT, LINE.replace('— ', '—'))],
    ['two spaces after the dash', formatNote(TEXT, LINE.replace('— ', '—  '))],
    ['a space before the dash', formatNote(TEXT, ` ${LINE}`)],
    ['two spaces before the signature', formatNote(TEXT, '— log.example  AQIDBAU=\n')],
    ['a space after the signature', formatNote(TEXT, '— log.example AQIDBAU= \n')],
    ['no name', formatNote(TEXT, '—  AQIDBAU=\n')],
    ['no name and no second space', formatNote(TEXT, '— AQIDBAU=\n')],
    ['no signature', formatNote(TEXT, '— log.example\n')],
    ['an empty signature', formatNote(TEXT, '— log.example \n')],
    ['a plus sign in the name', formatNote(TEXT, '— log+example AQIDBAU=\n')],
    ['a no-break space in the name', formatNote(TEXT, '— log\u00a0example AQIDBAU=\n')],
    ['a line separator in the name', formatNote(TEXT, '— log\u2028example AQIDBAU=\n')],
    ['a key ID and no signature', formatNote(TEXT, '— log.example AQIDBA==\n')],
    ['three bytes', formatNote(TEXT, '— log.example AQID\n')],
    ['no padding', formatNote(TEXT, '— log.example AQIDBAU\n')],
    ['too much padding', formatNote(TEXT, '— log.example AQIDBAU==\n')],
    ['trailing bits that are set', formatNote(TEXT, '— log.example AQIDBAV=\n')],
    ['the URL alphabet', formatNote(TEXT, '— log.example _____-8=\n')],
    ['other characters in the base64', formatNote(TEXT, '— log.example AQID*BAU=\n')],
    ['101 signatures', formatNote(TEXT, ...new Array<string>(101).fill(LINE))],
    ['more than 64 KiB', formatNote(`${'a'.repeat(64 * 1024)}\n`, LINE)],
    ['more than 64 KiB of UTF-8', formatNote(`${'é'.repeat(33 * 1024)}\n`, LINE)],
  ])('refuses a note with %s', (_, note) => {
    expect(() => parseNote(note)).toThrow(SyntaxError);
  });

  it('accepts 100 signatures and 64 KiB', () => {
    expect(parseNote(formatNote(TEXT, ...new Array<string>(100).fill(LINE))).signatures).toHaveLength(100);
    const padded = 'a'.repeat(64 * 1024 - Buffer.byteLength(formatNote('\n', LINE)));
    expect(parseNote(formatNote(`${padded}\n`, LINE)).text).toHaveLength(padded.length + 1);
  });

  it('reads back what was written', () => {
    const text = fc
      .array(fc.string({ unit: 'grapheme', maxLength: 30 }), { minLength: 1, maxLength: 6 })
      .map((lines) => `${lines.join('\n')}\n`);
    const signature = fc.record({
      name: fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !/[\p{White_Space}+]/u.test(name)),
      id: fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
      signature: fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(text, fc.array(signature, { minLength: 1, maxLength: 20 }), (body, signatures) => {
        const lines = signatures.map((line) => signatureLine(line.name, line.id, line.signature));
        expect(parseNote(formatNote(body, ...lines))).toEqual({ text: body, signatures });
      }),
    );
  });

  it('never throws anything but SyntaxError', () => {
    const valid = formatNote(TEXT, LINE, LINE);
    const cut = fc.tuple(fc.nat(valid.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 8 }));
    const changed = cut.map(([at, length, text]) => valid.slice(0, at) + text + valid.slice(at + length));
    const bytes = fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data).toString());
    fc.assert(
      fc.property(fc.oneof(changed, bytes, fc.string({ unit: 'binary' })), (note) => {
        expect(['ok', 'SyntaxError']).toContain(outcome(() => parseNote(note)));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('verifyNote()', () => {
  const log = ed25519Signer('log.example');
  const second = ecdsaSigner('log.example');
  const stranger = ed25519Signer('witness.example');
  const check = (lines: readonly string[], ...[first, ...more]: [NoteSigner, ...NoteSigner[]]): string =>
    verifyNote(parseNote(formatNote(TEXT, ...lines)), [first.key, ...more.map(({ key }) => key)]);
  const wrong = (signer: NoteSigner): string => signer.line(`${TEXT}x\n`);

  it.each([
    ['Ed25519', log],
    ['ECDSA', second],
  ])('accepts the signature of an %s key', (_, signer) => {
    expect(check([signer.line(TEXT)], signer)).toBe('verified');
    expect(check([wrong(signer)], signer)).toBe('invalid');
  });

  it('accepts a log signature that is not the first', () => {
    expect(check([stranger.line(TEXT), log.line(TEXT)], log)).toBe('verified');
  });

  it('accepts several cosignatures, and unknown signatures that hold for nothing', () => {
    const cosignatures = [1, 2, 3].map((n) => signatureLine(`w${n}.example`, id('a3e00fe2'), Buffer.alloc(72, n)));
    expect(check([...cosignatures, log.line(TEXT), wrong(stranger)], log)).toBe('verified');
  });

  it('accepts two signatures by the origin with different keys, of which one or both are known', () => {
    expect(check([log.line(TEXT), second.line(TEXT)], log)).toBe('verified');
    expect(check([log.line(TEXT), second.line(TEXT)], second)).toBe('verified');
    expect(check([log.line(TEXT), second.line(TEXT)], log, second)).toBe('verified');
  });

  it('refuses all when one known key did not sign', () => {
    expect(check([log.line(TEXT), wrong(second)], log, second)).toBe('invalid');
    expect(check([wrong(second), log.line(TEXT)], log, second)).toBe('invalid');
    expect(check([log.line(TEXT), wrong(second)], log)).toBe('verified');
  });

  it('looks at the first of several lines for one key', () => {
    expect(check([log.line(TEXT), wrong(log)], log)).toBe('verified');
    expect(check([wrong(log), log.line(TEXT)], log)).toBe('invalid');
  });

  it('knows no key when only others signed', () => {
    expect(check([stranger.line(TEXT)], log)).toBe('unknown-key');
  });

  it('knows no key when the hint is another', () => {
    const { signatures } = parseNote(formatNote(TEXT, log.line(TEXT)));
    const [line] = signatures.map(({ name, signature }) => signatureLine(name, id('00000000'), signature));
    expect(check([line ?? ''], log)).toBe('unknown-key');
  });

  it('knows no key when the name is another', () => {
    expect(check([log.line(TEXT).replace('log.example', 'log.example.org')], log)).toBe('unknown-key');
    expect(check([second.line(TEXT).replace('log.example', 'other.example')], second)).toBe('unknown-key');
  });

  it('takes either of two keys that share an ID', () => {
    const twin = { ...stranger.key, name: log.key.name, id: log.key.id };
    const note = parseNote(formatNote(TEXT, log.line(TEXT)));
    expect(verifyNote(note, [twin, log.key])).toBe('verified');
    expect(verifyNote(note, [log.key, twin])).toBe('verified');
    expect(verifyNote(note, [twin])).toBe('invalid');
  });
});

function spkiOf(pair: { readonly publicKey: KeyObject }): Buffer {
  return pair.publicKey.export({ format: 'der', type: 'spki' });
}
