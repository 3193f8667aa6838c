import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CheckpointRefused,
  openCheckpoint,
  parseCheckpoint,
  parseSize,
  restoreCheckpoint,
} from '../../src/tlog/checkpoint.ts';
import { EMPTY_ROOT, parseHash, sha256 } from '../../src/tlog/hash.ts';
import { REAL_CHECKPOINTS, REKOR_V1 } from './known-keys.ts';
import { outcome } from './outcome.ts';
import { ecdsaSigner, ed25519Signer, formatNote, signatureLine } from './signed-note.ts';

const ROOT = 'c06+N+pnqVu3U0AARgNnpW5IhT95kJqLbvN1eOsfF2Y=';
const EMPTY = EMPTY_ROOT.toString('base64');
const TEXT = `log.example\n7\n${ROOT}\n`;
const log = ed25519Signer('log.example');
const other = ecdsaSigner('log.example');
const expected = { origin: 'log.example', keys: [log.key] } as const;

const MALFORMED: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a missing origin line', `7\n${ROOT}\n`],
  ['an empty origin line', `\n7\n${ROOT}\n`],
  ['a missing size line', `log.example\n${ROOT}\n`],
  ['an empty size line', `log.example\n\n${ROOT}\n`],
  ['a size with a plus sign', `log.example\n+7\n${ROOT}\n`],
  ['a size with a minus sign', `log.example\n-7\n${ROOT}\n`],
  ['a size of minus zero', `log.example\n-0\n${EMPTY}\n`],
  ['a space before the size', `log.example\n 7\n${ROOT}\n`],
  ['a space after the size', `log.example\n7 \n${ROOT}\n`],
  ['a leading zero', `log.example\n07\n${ROOT}\n`],
  ['two zeros', `log.example\n00\n${EMPTY}\n`],
  ['a hexadecimal size', `log.example\n0x7\n${ROOT}\n`],
  ['an exponent', `log.example\n7e0\n${ROOT}\n`],
  ['a fraction', `log.example\n7.0\n${ROOT}\n`],
  ['other digits', `log.example\n٧\n${ROOT}\n`],
  ['no number', `log.example\nseven\n${ROOT}\n`],
  ['infinity', `log.example\nInfinity\n${ROOT}\n`],
  ['2^53', `log.example\n9007199254740992\n${ROOT}\n`],
  ['2^63', `log.example\n9223372036854775808\n${ROOT}\n`],
  ['2^64', `log.example\n18446744073709551616\n${ROOT}\n`],
  ['a missing root', `log.example\n7\n`],
  ['an empty root', `log.example\n7\n\n`],
  ['a root of 31 bytes', `log.example\n7\n${Buffer.alloc(31, 7).toString('base64')}\n`],
  ['a root of 33 bytes', `log.example\n7\n${Buffer.alloc(33, 7).toString('base64')}\n`],
  ['a root in hex', `log.example\n7\n${Buffer.alloc(32, 7).toString('hex')}\n`],
  ['a root without padding', `log.example\n7\n${ROOT.replace('=', '')}\n`],
  ['a root with trailing bits', `log.example\n7\n${ROOT.replace('Y=', 'Z=')}\n`],
  ['a root in the URL alphabet', `log.example\n7\n${ROOT.replaceAll('+', '-')}\n`],
  ['a space after the root', `log.example\n7\n${ROOT} \n`],
  ['an empty line inside', `log.example\n7\n${ROOT}\n\nextension\n`],
  ['an empty line at the end', `log.example\n7\n${ROOT}\n\n`],
  ['size 0 and another root', `log.example\n0\n${ROOT}\n`],
];

describe('parseSize()', () => {
  it.each([0, 1, 7, 10, 2 ** 31, 2 ** 32 + 3, 2 ** 53 - 1])('reads %d', (size) => {
    expect(parseSize(String(size))).toBe(size);
  });

  it.each(['', ' ', '01', '00', '-0', '-1', '+1', '1 ', ' 1', '1.0', '1e3', '0x1', '1_000', '١', 'NaN', 'Infinity'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseSize(text)).toThrow(SyntaxError);
    },
  );

  it.each(['9007199254740992', '9223372036854775807', '9223372036854775808', '9'.repeat(400)])(
    'refuses %s, beyond 2^53−1',
    (text) => {
      expect(() => parseSize(text)).toThrow(SyntaxError);
    },
  );

  it('says what it found and what would be right', () => {
    expect(() => parseSize('01')).toThrow(new SyntaxError('Cannot parse tree size "01": expected a decimal number'));
  });

  it('reads back every number', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        expect(parseSize(String(size))).toBe(size);
      }),
    );
  });
});

describe('parseCheckpoint()', () => {
  it('reads origin, size, root and extensions', () => {
    expect(parseCheckpoint(`${TEXT}one\ntwo — 2\n`)).toEqual({
      origin: 'log.example',
      size: 7,
      root: parseHash(ROOT, 'base64'),
      extensions: ['one', 'two — 2'],
    });
  });

  it('reads an empty tree', () => {
    expect(parseCheckpoint(`log.example\n0\n${EMPTY}\n`)).toEqual({
      origin: 'log.example',
      size: 0,
      root: EMPTY_ROOT,
      extensions: [],
    });
  });

  it.each([...MALFORMED, ['no newline at the end', TEXT.slice(0, -1)] as const])('refuses %s', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(SyntaxError);
  });

  it('reads back what was written', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    const root = fc.uint8Array().map(sha256);
    const size = fc.integer({ min: 1, max: 2 ** 53 - 1 });
    fc.assert(
      fc.property(line, size, root, fc.array(line, { maxLength: 4 }), (origin, leaves, hash, extensions) => {
        const text = [origin, leaves, hash.toString('base64'), ...extensions].map((part) => `${part}\n`).join('');
        expect(parseCheckpoint(text)).toEqual({ origin, size: leaves, root: hash, extensions });
      }),
    );
  });

  it('never throws anything but SyntaxError', () => {
    const cut = fc.tuple(fc.nat(TEXT.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 8 }));
    const changed = cut.map(([at, length, text]) => TEXT.slice(0, at) + text + TEXT.slice(at + length));
    fc.assert(
      fc.property(fc.oneof(changed, fc.string({ unit: 'binary' })), (text) => {
        expect(['ok', 'SyntaxError']).toContain(outcome(() => parseCheckpoint(text)));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('openCheckpoint()', () => {
  it('opens the note of the expected log and keeps it verbatim', () => {
    const note = formatNote(TEXT, log.line(TEXT));
    expect(openCheckpoint(note, expected)).toEqual({
      origin: 'log.example',
      size: 7,
      root: parseHash(ROOT, 'base64'),
      extensions: [],
      note,
    });
  });

  it.each(REAL_CHECKPOINTS)('opens a real checkpoint of "$origin"', ({ key, note, origin, size, root, extensions }) => {
    const opened = { origin, size, root: parseHash(root, 'base64'), extensions, note };
    expect(openCheckpoint(note, { origin, keys: [key] })).toEqual(opened);
    expect(restoreCheckpoint(note)).toEqual(opened);
  });

  it.each(REAL_CHECKPOINTS)('refuses every change of one bit in a real checkpoint of "$origin"', (real) => {
    const bytes = Buffer.from(real.note);
    const outcomes = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const changed = Buffer.from(bytes);
      const at = Math.floor(bit / 8);
      changed[at] = (changed[at] ?? 0) ^ (2 ** (bit % 8));
      return outcome(() => openCheckpoint(changed.toString(), { origin: real.origin, keys: [real.key] }));
    });
    expect(new Set(outcomes)).toEqual(new Set(['CheckpointRefused']));
  });

  it.each([
    ['another tree', (note: string) => note.replace(/ - \d+/, ' - 1'), 'bad-signature'],
    ['an extension line', (note: string) => note.replace('\n\n', '\nTimestamp: 0\n\n'), 'bad-signature'],
    ['another root', (note: string) => note.replace(/\n[^\n]{44}\n/, `\n${ROOT}\n`), 'bad-signature'],
    ['another size', (note: string) => note.replace(/\n\d+\n/, '\n12345\n'), 'bad-signature'],
    ['no newline at the end', (note: string) => note.slice(0, -1), 'malformed'],
    ['a changed signature', (note: string) => note.replace(/..=*\n$/, (end) => `AA${end.slice(2)}`), 'bad-signature'],
    ['another name', (note: string) => note.replace('— rekor.sigstore.dev', '— rekor.example'), 'bad-signature'],
  ])('refuses a real checkpoint with %s', (_, change, reason) => {
    const [real] = REAL_CHECKPOINTS;
    const changed = change(real.note);
    expect(changed).not.toBe(real.note);
    expect(refusal(changed, { origin: real.origin, keys: [real.key] })).toBe(reason);
  });

  it('refuses the right key for another tree of the same host', () => {
    const [first, second] = REAL_CHECKPOINTS;
    expect(refusal(second.note, { origin: first.origin, keys: [REKOR_V1] })).toBe('wrong-origin');
  });

  it('refuses the host alone as origin, and an origin that only begins alike', () => {
    const [{ note, origin }] = REAL_CHECKPOINTS;
    expect(refusal(note, { origin: 'rekor.sigstore.dev', keys: [REKOR_V1] })).toBe('wrong-origin');
    expect(refusal(note, { origin: `${origin}0`, keys: [REKOR_V1] })).toBe('wrong-origin');
    expect(refusal(note, { origin: origin.toUpperCase(), keys: [REKOR_V1] })).toBe('wrong-origin');
  });

  it.each(MALFORMED)('refuses %s, though it is signed', (_, text) => {
    expect(refusal(formatNote(text, log.line(text)), expected)).toBe('malformed');
  });

  it('refuses what is no note', () => {
    expect(refusal('<html></html>', expected)).toBe('malformed');
    expect(refusal(TEXT, expected)).toBe('malformed');
  });

  it.each([
    ['another key', () => other.line(TEXT)],
    ['the key under another name', () => log.line(TEXT).replace('log.example', 'log.example.org')],
    ['a signature of something else', () => log.line(`${TEXT}more\n`)],
    ['only a cosignature', () => signatureLine('witness.example', Buffer.from('a3e00fe2', 'hex'), Buffer.alloc(72))],
  ])('refuses %s as bad-signature', (_, line) => {
    expect(refusal(formatNote(TEXT, line()), expected)).toBe('bad-signature');
  });

  it('does not look at an unsigned text', () => {
    expect(refusal(formatNote('other.example\nnonsense\n', other.line(TEXT)), expected)).toBe('bad-signature');
  });

  it('accepts what a log and its witnesses may add', () => {
    const strangers = [1, 2].map((n) => signatureLine(`w${n}.example`, Buffer.alloc(4, n), Buffer.alloc(72)));
    const note = formatNote(TEXT, ...strangers, other.line(TEXT), log.line(TEXT));
    expect(openCheckpoint(note, expected).size).toBe(7);
    expect(openCheckpoint(note, { origin: 'log.example', keys: [other.key, log.key] }).note).toBe(note);
  });

  it('opens the checkpoint of a frozen log', () => {
    const text = `${TEXT}Log frozen — Mon Jan  2 15:04:05 UTC 2006\n`;
    expect(openCheckpoint(formatNote(text, log.line(text)), expected).extensions).toEqual([
      'Log frozen — Mon Jan  2 15:04:05 UTC 2006',
    ]);
  });

  it('says who signed, and who should have', () => {
    const note = formatNote(TEXT, signatureLine('witness.example', Buffer.from('a3e00fe2', 'hex'), Buffer.alloc(72)));
    expect(() => openCheckpoint(note, expected)).toThrow(
      new CheckpointRefused(
        'Cannot believe the checkpoint of "log.example": signed by "witness.example" (a3e00fe2), ' +
          `expected a valid signature by "log.example" (${log.key.id.toString('hex')})`,
        'bad-signature',
      ),
    );
  });

  it('says that a signature of the right key does not verify', () => {
    const note = formatNote(TEXT, log.line(TEXT.replace('7', '8')));
    expect(() => openCheckpoint(note, expected)).toThrow(
      new CheckpointRefused(
        'Cannot believe the checkpoint of "log.example": what stands there as signed by ' +
          `"log.example" (${log.key.id.toString('hex')}) does not verify, expected a valid signature`,
        'bad-signature',
      ),
    );
  });

  it('keeps the cause of what is malformed', () => {
    const note = formatNote(`log.example\n07\n${ROOT}\n`, log.line(`log.example\n07\n${ROOT}\n`));
    expect(() => openCheckpoint(note, expected)).toThrow(
      expect.objectContaining({
        name: 'CheckpointRefused',
        reason: 'malformed',
        message: 'Cannot open the checkpoint of "log.example": Cannot parse tree size "07": expected a decimal number',
        cause: new SyntaxError('Cannot parse tree size "07": expected a decimal number'),
      }),
    );
  });

  it('never throws anything but CheckpointRefused', () => {
    const valid = formatNote(TEXT, log.line(TEXT));
    const cut = fc.tuple(fc.nat(valid.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 8 }));
    const changed = cut.map(([at, length, text]) => valid.slice(0, at) + text + valid.slice(at + length));
    fc.assert(
      fc.property(fc.oneof(changed, fc.string({ unit: 'binary' })), (note) => {
        fc.pre(note !== valid);
        expect(outcome(() => openCheckpoint(note, expected))).toBe('CheckpointRefused');
      }),
      { numRuns: 3000 },
    );
  });
});

describe('restoreCheckpoint()', () => {
  it('reads a note back without its keys', () => {
    const note = formatNote(TEXT, log.line(TEXT));
    expect(restoreCheckpoint(note)).toEqual(openCheckpoint(note, expected));
  });

  it.each([
    ...MALFORMED.map(([name, text]) => [name, formatNote(text, anyLine())] as const),
    ['no note', TEXT] as const,
  ])('refuses %s', (_, note) => {
    expect(() => restoreCheckpoint(note)).toThrow(SyntaxError);
  });
});

function anyLine(): string {
  return signatureLine('log.example', Buffer.alloc(4), Buffer.alloc(64));
}

function refusal(note: string, wanted: Parameters<typeof openCheckpoint>[1]): string {
  try {
    openCheckpoint(note, wanted);
    return 'opened';
  } catch (error) {
    return error instanceof CheckpointRefused ? error.reason : 'another error';
  }
}
