import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodedRuns, unescaped } from '../../src/policy/unfold.ts';

const text = (bytes: Buffer | null): string | null => bytes?.toString() ?? null;

describe('unescaped()', () => {
  it('resolves what JSON.stringify() escaped, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const inner = JSON.stringify(value).slice(1, -1);
        const wellFormed = Buffer.from(value).toString();
        expect(text(unescaped(Buffer.from(inner)) ?? Buffer.from(inner))).toBe(wellFormed);
      }),
    );
  });

  it('resolves escapes of every character, and pairs', () => {
    expect(text(unescaped(Buffer.from(String.raw`\u0061\u0063\u004D\/\ud83d\ude00\n\t\"\\`)))).toBe('acM/😀\n\t"\\');
  });

  it.each([
    ['no escape', 'acme/widget'],
    ['a letter that means nothing', String.raw`\x61\q`],
    ['too few digits', String.raw`\u006`],
    ['digits that are none', String.raw`\u00g1`],
    ['a backslash at the end', 'acme\\'],
  ])('is null where there is %s', (_, value) => {
    expect(unescaped(Buffer.from(value))).toBeNull();
  });

  it('leaves alone what is no escape', () => {
    expect(text(unescaped(Buffer.from(String.raw`C:\x \u00zz \/ \ud800 \ud800\u0061 \q`)))).toBe(
      `C:\\x \\u00zz / \ufffd \ufffda \\q`,
    );
  });

  it('never throws, nor makes more of it', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('\\', 'u', '0', 'd', '8', 'c', '"', 'n', 'é')), (parts) => {
        const bytes = Buffer.from(parts.join(''));
        expect(unescaped(bytes)?.length ?? 0).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('decodedRuns()', () => {
  const holds = (encoded: string, bytes: Buffer): boolean =>
    decodedRuns(Buffer.from(encoded)).some((decoded) => decoded.includes(bytes));

  const bytes = fc.uint8Array({ minLength: 6, maxLength: 200 }).map((array) => Buffer.from(array));
  const around = fc.constantFrom(
    '',
    '"',
    '{"a":"',
    ' ',
    '\n',
    'data:application/json;base64,',
    '/',
    'x',
    'key: ',
    '>',
    '=',
    '--',
  );

  it('finds what is encoded in either alphabet, padded or not, wherever it stands', () => {
    fc.assert(
      fc.property(bytes, fc.boolean(), fc.boolean(), around, around, (plain, url, padded, before, after) => {
        fc.pre(padded || !/[a-zA-Z-]$/.test(before));
        const bare = plain.toString(url ? 'base64url' : 'base64').replace(/=*$/, '');
        const encoded = padded ? bare.padEnd(Math.ceil(bare.length / 4) * 4, '=') : bare;
        expect(holds(before + encoded + after, plain)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds what is broken into lines, as PEM is', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom('\n', '\r\n', '\n  ', '\t'),
        fc.integer({ min: 1, max: 76 }),
        (plain, end, width) => {
          const lines = plain.toString('base64').replace(new RegExp(`.{${width}}`, 'g'), `$&${end}`);
          expect(holds(`-----BEGIN CERTIFICATE-----${end}${lines}${end}-----END CERTIFICATE-----\n`, plain)).toBe(true);
          expect(holds(`"-----BEGIN PGP SIGNATURE-----${end}Version: 1${end}${end}${lines}${end}=`, plain)).toBe(true);
        },
      ),
    );
  });

  it('keeps several runs apart', () => {
    const [first, second] = [Buffer.from('acme/wid'), Buffer.from('get-and-more')];
    const found = decodedRuns(Buffer.from(`{"a":"${first.toString('base64')}","b":"${second.toString('base64')}"}`));
    expect(found.some((decoded) => decoded.includes(first) && decoded.includes(second))).toBe(true);
    expect(found.some((decoded) => decoded.includes('acme/widget'))).toBe(false);
  });

  it('takes nothing short for base64', () => {
    expect(decodedRuns(Buffer.from('{"kind":"jar","a":[true,null,"AAAAAA"]}'))).toEqual([]);
  });

  it('makes no more than four times three quarters of it, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.constantFrom('latin1', 'base64'), (array, encoding) => {
        const given = Buffer.from(Buffer.from(array).toString(encoding as BufferEncoding), 'latin1');
        const made = decodedRuns(given).reduce((sum, { length }) => sum + length, 0);
        expect(made).toBeLessThanOrEqual(given.length * 6 + 24);
      }),
    );
  });
});
