import { describe, expect, it } from 'vitest';
import { TlsReader, tlsOpaque } from '../../src/lib/tls-reader.ts';

const read = (hex: string) => new TlsReader(Buffer.from(hex, 'hex'), 'thing');

describe('TlsReader', () => {
  it('reads numbers and byte strings, front to back', () => {
    const reader = read('0a010203040500001fffffffffffff000003aabbccdd');
    expect(reader.number(1)).toBe(10);
    expect(reader.number(4)).toBe(0x01020304);
    expect(reader.number(2)).toBe(0x0500);
    expect(reader.long()).toBe(2 ** 53 - 1);
    expect(reader.opaque(3)).toEqual(Buffer.from('aabbcc', 'hex'));
    expect(reader.position).toBe(21);
    expect(reader.done).toBe(false);
    expect(reader.bytes(1)).toEqual(Buffer.from('dd', 'hex'));
    expect(reader.done).toBe(true);
    reader.end();
  });

  it.each([
    ['a number', '00', (reader: TlsReader) => reader.number(2)],
    ['a long number', '00000000000000', (reader: TlsReader) => reader.long()],
    ['a byte string', '000003aabb', (reader: TlsReader) => reader.opaque(3)],
    ['a length', '0000', (reader: TlsReader) => reader.opaque(3)],
  ])('refuses %s that is cut off', (_, hex, get) => {
    expect(() => get(read(hex))).toThrow(SyntaxError);
  });

  it('refuses numbers beyond 2^53−1', () => {
    expect(() => read('0020000000000000').long()).toThrow(
      new SyntaxError('Cannot read thing: found the number 9007199254740992, expected at most 2^53−1'),
    );
  });

  it('says what is left over', () => {
    expect(() => {
      read('00').end();
    }).toThrow(new SyntaxError('Cannot read thing: 1 bytes follow at its end, expected none'));
  });
});

describe('tlsOpaque()', () => {
  it.each([1, 2, 3])('writes what opaque(%i) reads', (lengthSize) => {
    const written = tlsOpaque(lengthSize, Buffer.from('ab'), Buffer.from('c'));
    expect(new TlsReader(written, 'thing').opaque(lengthSize)).toEqual(Buffer.from('abc'));
    expect(written).toHaveLength(lengthSize + 3);
  });

  it('refuses what the length cannot hold', () => {
    expect(() => tlsOpaque(1, Buffer.alloc(256))).toThrow(RangeError);
  });
});
