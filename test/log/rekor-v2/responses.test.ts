import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBundle } from '../../../src/demo/local-log.ts';
import { parseBundle, parseServedTile } from '../../../src/log/rekor-v2/responses.ts';
import { leafHash } from '../../../src/tlog/hash.ts';

const bytes = (...values: number[]) => Buffer.from(values);

describe('parseBundle()', () => {
  it('reads what encodeBundle() wrote', () => {
    const leaves = fc.array(
      fc.uint8Array({ maxLength: 300 }).map((leaf) => Buffer.from(leaf)),
      { maxLength: 256 },
    );
    fc.assert(
      fc.property(leaves, (written) => {
        expect(parseBundle(encodeBundle(written), written.length, written.length)).toEqual(written);
      }),
    );
  });

  it('keeps the records that were asked for when more were served', () => {
    const served = encodeBundle([bytes(1), bytes(2, 2), bytes()]);
    expect(parseBundle(served, 3, 2)).toEqual([bytes(1), bytes(2, 2)]);
  });

  it('reads empty and longest records', () => {
    const longest = Buffer.alloc(0xffff, 7);
    expect(parseBundle(encodeBundle([bytes(), longest]), 2, 2)).toEqual([bytes(), longest]);
  });

  it.each([
    ['nothing', bytes(), 1, 'Cannot parse entry bundle of 0 bytes: record 0 of 1 is cut off'],
    ['half a length', bytes(0, 1, 9, 0), 2, 'Cannot parse entry bundle of 4 bytes: record 1 of 2 is cut off'],
    ['half a record', bytes(0, 3, 9, 9), 1, 'Cannot parse entry bundle of 4 bytes: record 0 of 1 is cut off'],
    ['a record too few', bytes(0, 1, 9), 2, 'Cannot parse entry bundle of 3 bytes: record 1 of 2 is cut off'],
    [
      'trailing bytes',
      bytes(0, 1, 9, 0),
      1,
      'Cannot parse entry bundle of 4 bytes: 1 bytes follow the last of 1 records, expected none',
    ],
    [
      'a record too many',
      bytes(0, 0, 0, 0),
      1,
      'Cannot parse entry bundle of 4 bytes: 2 bytes follow the last of 1 records, expected none',
    ],
  ])('refuses %s', (_name, body, served, message) => {
    expect(() => parseBundle(body, served, served)).toThrow(new SyntaxError(message));
  });

  it('throws nothing but SyntaxError on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 1, max: 256 }), (body, width) => {
        expect(nameOfThrown(() => parseBundle(Buffer.from(body), width, width))).toMatch(/^(nothing|SyntaxError)$/);
      }),
    );
  });
});

describe('parseServedTile()', () => {
  const hashes = [leafHash(bytes(1)), leafHash(bytes(2)), leafHash(bytes(3))];

  it('gives the first hashes of a wider tile', () => {
    expect(parseServedTile(Buffer.concat(hashes), 3, 2)).toEqual(hashes.slice(0, 2));
  });

  it('refuses another length', () => {
    expect(() => parseServedTile(Buffer.concat(hashes), 2, 2)).toThrow(SyntaxError);
  });
});

function nameOfThrown(action: () => unknown): string {
  try {
    action();
    return 'nothing';
  } catch (error) {
    return error instanceof Error ? error.name : 'no error';
  }
}
