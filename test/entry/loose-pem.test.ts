import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryError } from '../../src/entry/entry-error.ts';
import { parseLoosePem } from '../../src/entry/loose-pem.ts';

const A = pem('first');
const B = pem('second');

describe('parseLoosePem()', () => {
  it.each([
    ['blocks alone', A + B],
    ['blocks without a line end at their end', (A + B).trimEnd()],
    ['comments around blocks', `subject=a\nissuer=b\n${A}\n# and its issuer\n${B}no more\n`],
    ['white space before the first line', `\r\n \t${A}${B}`],
    ['the line ends of Windows', (A + B).replaceAll('\n', '\r\n')],
    ['blanks after the edges and among base64', (A + B).replaceAll('-----\n', '----- \t\n').replaceAll('=', ' \t=')],
  ])('reads %s', (_, text) => {
    expect(parseLoosePem(text).map(({ label, der }) => [label, der.toString()])).toEqual([
      ['CERTIFICATE', 'first'],
      ['CERTIFICATE', 'second'],
    ]);
  });

  it.each([
    ['nothing', ''],
    ['text without a block', 'MIIB\nnothing\n'],
  ])('finds no block in %s', (_, text) => {
    expect(parseLoosePem(text)).toEqual([]);
  });

  // Of each of these Go's encoding/pem finds the second block only, or none: whoever reads the first sees another signer.
  it.each([
    ['a block that begins within a line', `x ${A}${B}`],
    ['a block that is indented', `#\n ${A}${B}`],
    ['a block with text after its first edge', `${A.replace('E-----\n', 'E-----AAAA\n')}${B}`],
    ['a block with text after its last edge', `${A.trimEnd()} x\n${B}`],
    ['a block that ends under another name', `${A.replace('END CERTIFICATE', 'END PUBLIC KEY')}${B}`],
    ['a block whose edge has no end', `${A.replace('END CERTIFICATE-----', 'END CERTIFICATE')}${B}`],
    ['a block with a header', `${A.replace('E-----\n', 'E-----\nProc-Type: 4\n\n')}${B}`],
    ['a block with bytes that are no base64', `${A.replace('E-----\n', 'E-----\n!\n')}${B}`],
    ['a block within a block', A.replace('E-----\n', `E-----\n${B}`)],
    ['a block without end', A.replace(/-----END[^]*/, '')],
    ['an edge with other blanks after it', A.replace('E-----\n', 'E-----\v\n')],
    ['an edge in small letters', `-----begin CERTIFICATE-----\n${B}`],
    ['an end without beginning', `-----END CERTIFICATE-----\n${B}`],
    ['eleven blocks', A.repeat(11)],
  ])('refuses %s', (_, text) => {
    expect(() => parseLoosePem(text)).toThrow(EntryError);
  });

  it('reads or refuses any text of its own parts', () => {
    const parts = ['-----', 'BEGIN ', 'END ', 'CERTIFICATE', '\n', '\r', ' ', 'AAAA', ':', ...A.split(/(?=\n)/)];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 40 }), (text) => {
        try {
          return parseLoosePem(text.join('')).every(({ der }) => Buffer.isBuffer(der));
        } catch (error) {
          return error instanceof EntryError;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function pem(content: string): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(content).toString('base64')}\n-----END CERTIFICATE-----\n`;
}
