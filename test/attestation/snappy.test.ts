import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSnappy } from '../../src/attestation/snappy.ts';
import { snappyOf } from '../support/attestations.ts';

const MAX = 1 << 20;

/** One element of a block: bytes, or a copy of `length` from `back` bytes ago in a form of so many bytes of offset. */
type Element =
  { readonly bytes: Uint8Array } | { readonly length: number; readonly back: number; readonly form: 1 | 2 | 4 };

const element: fc.Arbitrary<Element> = fc.oneof(
  fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
  fc.record({
    length: fc.integer({ min: 1, max: 64 }),
    back: fc.integer({ min: 1, max: 2000 }),
    form: fc.constantFrom(1, 2, 4),
  }),
);

/** A block as the format describes it, and what it stands for. */
function encode(elements: readonly Element[]): { readonly block: Buffer; readonly content: Buffer } {
  const content: number[] = [];
  const parts: Buffer[] = [];
  for (const item of elements) {
    if ('bytes' in item) {
      const length = item.bytes.length - 1;
      const tag = length < 60 ? [length << 2] : length < 256 ? [60 << 2, length] : [61 << 2, length & 255, length >> 8];
      parts.push(Buffer.from(tag), Buffer.from(item.bytes));
      content.push(...item.bytes);
    } else if (content.length > 0) {
      const back = Math.min(item.back, content.length);
      const length = item.form === 1 ? 4 + (item.length % 8) : item.length;
      parts.push(
        item.form === 1
          ? Buffer.from([1 | ((length - 4) << 2) | ((back >> 8) << 5), back & 255])
          : Buffer.from(
              [((length - 1) << 2) | (item.form === 2 ? 2 : 3), back & 255, back >> 8, 0, 0].slice(0, item.form + 1),
            ),
      );
      for (let count = 0; count < length; count += 1) {
        content.push(content[content.length - back] ?? 0);
      }
    }
  }
  const bytes = Buffer.from(content);
  return { block: Buffer.concat([varint(bytes.length), ...parts]), content: bytes };
}

function varint(value: number): Buffer {
  return value < 128
    ? Buffer.from([value])
    : Buffer.concat([Buffer.from([(value % 128) + 128]), varint(Math.floor(value / 128))]);
}

describe('decodeSnappy()', () => {
  it.each([
    ['nothing', '00', ''],
    ['bytes', '051068656c6c6f', 'hello'],
    ['a copy with one byte of offset', '09086162630903', 'abcabcabc'],
    ['a copy with two', '0908616263160300', 'abcabcabc'],
    ['a copy with four', '09086162631703000000', 'abcabcabc'],
    ['a run of one byte', '410061fe0100', 'a'.repeat(65)],
  ])('reads %s', (_, hex, text) => {
    expect(decodeSnappy(Buffer.from(hex, 'hex'), MAX).toString()).toBe(text);
  });

  it('reads what the format describes, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 30 }), (elements) => {
        const { block, content } = encode(elements);
        expect(decodeSnappy(block, MAX).equals(content)).toBe(true);
      }),
    );
    const long = Buffer.alloc(200_000, 'widget');
    expect(decodeSnappy(snappyOf(long), MAX).equals(long)).toBe(true);
  });

  it.each([
    ['nothing at all', '', 'it ends too early'],
    ['a length without an end', 'ffffffffffff', 'its length has too many bytes'],
    ['less than it says', '0a1068656c6c6f', 'it ends too early'],
    ['more than it says', '041068656c6c6f', 'it holds more than it says'],
    ['bytes that are cut', '051068656c', 'it ends too early'],
    ['a literal whose length is cut', '05f4', 'it ends too early'],
    ['a copy that is cut', '090861626316', 'it ends too early'],
    ['a copy of nothing', '050101', 'a copy reaches behind its beginning'],
    ['a copy from nowhere', '09086162630900', 'a copy reaches behind its beginning'],
    ['a copy from before', '09086162630904', 'a copy reaches behind its beginning'],
    ['a literal of 4 GiB', '05fcffffffff68', 'it holds more than it says'],
    ['4 GiB', 'ffffffff0f', `it holds 4294967295 bytes, expected at most ${MAX}`],
  ])('refuses %s', (_, hex, problem) => {
    expect(() => decodeSnappy(Buffer.from(hex, 'hex'), MAX)).toThrow(
      new SyntaxError(`Cannot decode a Snappy block: ${problem}`),
    );
  });

  it('never does more than refuse, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        try {
          expect(decodeSnappy(Buffer.from(bytes), 4096).length).toBeLessThanOrEqual(4096);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
