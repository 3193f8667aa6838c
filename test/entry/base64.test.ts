import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../src/entry/base64.ts';
import { EntryError } from '../../src/entry/entry-error.ts';

const STANDARD = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

describe('decodeBase64()', () => {
  it('gives any bytes back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'), 'it')).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('takes exactly the padded standard form', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('Aa09+/-_==\n \u00e9')), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(text, fc.base64String(), fc.string()), (candidate) => {
        expect(isTaken(candidate)).toBe(STANDARD.test(candidate));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([[undefined], [null], [7], [{}]])('refuses %s', (value) => {
    expect(() => decodeBase64(value, 'it')).toThrow(EntryError);
  });
});

function isTaken(text: string): boolean {
  try {
    decodeBase64(text, 'it');
    return true;
  } catch {
    return false;
  }
}
