import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadOfCoseSign1 } from '../../src/entry/cose-payload.ts';
import { coseSign1 } from '../support/attested-entries.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('payloadOfCoseSign1()', () => {
  it('finds the payload, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(payloadOfCoseSign1(coseSign1(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([
    ['without a tag', '8440a042686940', 'hi'],
    ['without headers', 'd28440a042686940', 'hi'],
    ['with lengths of one, two, four and eight bytes', 'd2845800a059000268695a00000000', 'hi'],
    ['with a length of eight bytes', 'd28440a05b0000000000000002686940', 'hi'],
    ['with headers of every type', 'd28440a7012002f603f904000481a005c10006616107410142686940', 'hi'],
  ])('reads one %s', (_, message, payload) => {
    expect(payloadOfCoseSign1(hex(message))?.toString()).toBe(payload);
  });

  it.each([
    ['nothing', ''],
    ['something else', '7b7d'],
    ['another tag', 'd38440a042686940'],
    ['three items', 'd28340a0426869'],
    ['five items', 'd28540a04268694040'],
    ['a detached payload', 'd28440a0f640'],
    ['a payload that is text', 'd28440a062686940'],
    ['an array of indefinite length', 'd29f40a042686940ff'],
    ['a payload of indefinite length', 'd28440a05f426869ff40'],
    ['bytes behind its end', 'd28440a04268694000'],
    ['a payload longer than the message', 'd28440a05affffffff686940'],
    ['a payload longer than any message', 'd28440a05bffffffffffffffff686940'],
    ['a map of more than there is', 'd28440bbffffffffffffffff01'],
    ['half of a length', 'd28440a059'],
  ])('finds none in %s', (_, message) => {
    expect(payloadOfCoseSign1(hex(message))).toBeNull();
  });

  it('does not follow headers that are nested without end', () => {
    const nested = (levels: number) =>
      Buffer.concat([hex('d28440a100'), Buffer.alloc(levels, 0x81), hex('0042686940')]);
    expect(payloadOfCoseSign1(nested(10))?.toString()).toBe('hi');
    expect(payloadOfCoseSign1(nested(1_000_000))).toBeNull();
  });

  it('finds none in what is cut short, and never throws', () => {
    const whole = coseSign1(Buffer.from('payload'));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(payloadOfCoseSign1(whole.subarray(0, length))).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), (at, to) => {
        const altered = Buffer.from(whole);
        altered.writeUInt8(to, at);
        const found = payloadOfCoseSign1(altered);
        expect(found === null || whole.length >= found.length).toBe(true);
      }),
    );
  });
});
