import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { element, oid, sequence, bitString } from '../../src/demo/der-writer.ts';
import {
  DerError,
  expectElement,
  expectEnd,
  expectSpki,
  formatOid,
  readElement,
  readText,
} from '../../src/entry/der.ts';

describe('readElement()', () => {
  it('finds an element of every length that was written', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 127, 128, 255, 256, 65535, 65536), fc.nat(5), (length, before) => {
        const der = Buffer.concat([Buffer.alloc(before), element(0x04, Buffer.alloc(length, 7)), Buffer.alloc(3)]);
        const end = der.length - 3;
        expect(readElement(der, before, der.length)).toEqual({ tag: 0x04, at: before, start: end - length, end });
        expect(readElement(der, before, end).end).toBe(end);
        expect(() => readElement(der, before, end - 1)).toThrow(DerError);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a tag alone', '04'],
    ['less content than announced', '040200'],
    ['an indefinite length', '04800000'],
    ['a length in long form that fits the short one', '04810100'],
    ['a length with a leading zero', `0482008${'0'.repeat(300)}`],
    ['a length of five bytes', '0485000000000100'],
    ['a length beyond everything', '0484ffffffff00'],
    ['a reserved length', '04ff00'],
    ['a high tag number', '1f0100'],
  ])('refuses %s', (_, hex) => {
    const der = Buffer.from(hex, 'hex');
    expect(() => readElement(der, 0, der.length)).toThrow(DerError);
  });

  it('throws nothing but DerError for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(14), (bytes, at) => {
        expect(['read', 'DerError']).toContain(outcomeOf(() => readElement(Buffer.from(bytes), at, bytes.length)));
      }),
    );
  });
});

describe('expectElement() and expectEnd()', () => {
  it('name what they expected', () => {
    expect(() => expectElement(Buffer.from('0400', 'hex'), 0, 2, 0x30, 'issuer')).toThrow(
      'Cannot read issuer at byte 0: found tag 0x04, expected 0x30',
    );
    expect(() => {
      expectEnd(3, 5, 'issuer');
    }).toThrow('Cannot read issuer: 2 unexpected bytes at its end');
  });
});

describe('expectSpki()', () => {
  it('takes any algorithm', () => {
    const spki = sequence(sequence(oid('1.2.3'), sequence()), bitString(Buffer.alloc(9)));
    expect(expectSpki(spki, 0, spki.length)).toEqual({ tag: 0x30, at: 0, start: 2, end: spki.length });
  });

  it.each([
    ['no algorithm', sequence(bitString(Buffer.alloc(9)))],
    ['an algorithm without identifier', sequence(sequence(), bitString(Buffer.alloc(9)))],
    ['no key', sequence(sequence(oid('1.2.3')))],
    ['more than a key', sequence(sequence(oid('1.2.3')), bitString(Buffer.alloc(9)), sequence())],
  ])('refuses %s', (_, spki) => {
    expect(() => expectSpki(spki, 0, spki.length)).toThrow(DerError);
  });
});

describe('readText()', () => {
  it('gives any text back, and null for what is no UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = Buffer.from(text);
        expect(readText({ bytes, chars: bytes.toString('latin1') }, 0, bytes.length)).toBe(bytes.toString());
      }),
    );
    const bytes = Buffer.from([0x41, 0xc3, 0x28]);
    expect(readText({ bytes, chars: bytes.toString('latin1') }, 0, 3)).toBeNull();
    expect(readText({ bytes, chars: bytes.toString('latin1') }, 0, 1)).toBe('A');
  });

  it('keeps a byte order mark', () => {
    const bytes = Buffer.from('\ufeffa');
    expect(readText({ bytes, chars: bytes.toString('latin1') }, 0, bytes.length)).toBe('\ufeffa');
  });
});

describe('formatOid()', () => {
  it.each(['0.0', '0.39', '1.0', '2.5.29.17', '2.40', '2.999.3', '1.3.6.1.4.1.57264.1.24', '2.25.9007199254740991'])(
    'gives %s back',
    (dotted) => {
      expect(formatOid(oid(dotted).subarray(2))).toBe(dotted);
    },
  );

  it('reads numbers beyond 2^53', () => {
    expect(formatOid(Buffer.from('6983a78fa8c2f1e4d8b1c6e59a8e83d9c2aa9b0b', 'hex'))).toMatch(/^2\.25\.\d{30,}$/);
  });

  it.each([
    ['no bytes', ''],
    ['a number without end', '2a86'],
    ['a number with a leading zero', '2a8001'],
    ['far too many bytes', '01'.repeat(129)],
  ])('refuses %s', (_, hex) => {
    expect(() => formatOid(Buffer.from(hex, 'hex'))).toThrow(DerError);
  });
});

function outcomeOf(read: () => unknown): string {
  try {
    read();
    return 'read';
  } catch (error) {
    return error instanceof DerError ? 'DerError' : String(error);
  }
}
