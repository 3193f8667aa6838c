import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHeading, formatMarked, formatRows, pageFor, wrap, type Row } from '../../src/cli/page.ts';
import { displayWidth } from '../../src/cli/print.ts';

const PAGE = pageFor({ columns: 80, terminal: false, env: {} });
const HEX = 'ab'.repeat(32);

describe('formatRows()', () => {
  it('sets values below one another, parts long ones, and keeps a digest whole', () => {
    const rows: readonly Row[] = [
      { mark: 'good', label: 'issuer', value: 'https://accounts.example.com' },
      { label: 'subject', value: `https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.2.3` },
      { label: 'key', value: HEX },
      { mark: 'bad', label: '1.3.6.1.4.1.57264.1.1234', value: 'x' },
    ];
    expect(formatRows(rows, PAGE, 6)).toBe(
      [
        '      ✓ issuer   https://accounts.example.com',
        '        subject  https://github.com/acme/widget/.github/workflows/release.yml@',
        '                 refs/tags/v1.2.3',
        '        key',
        `          ${HEX}`,
        '      ✗ 1.3.6.1.4.1.57264.1.1234',
        '          x',
        '',
      ].join('\n'),
    );
  });

  it('never makes a line wider than the page, and sends nothing but visible characters, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 900 }),
      fc.constantFrom('\u001b[31m', '漢'.repeat(300), 'e\u0301'.repeat(200), '\u202e'.repeat(90), 'x'.repeat(1e6)),
    );
    const row = fc.record({ label: text, value: text });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), fc.integer({ min: 0, max: 300 }), (rows, columns) => {
        const page = pageFor({ columns, terminal: false, env: {} });
        const printed = [
          formatRows(rows, page),
          ...rows.map(({ label }) => formatHeading(label, page)),
          ...rows.map(({ value }) => formatMarked('bad', value, page)),
        ].join('');
        const lines = printed.split('\n');
        expect(lines.filter((line) => displayWidth(line) > Math.min(Math.max(columns, 40), 100))).toEqual([]);
        expect(/[\p{Cc}\p{Cf}\p{Cs}]/u.test(lines.join(''))).toBe(false);
        expect(printed.length).toBeLessThan(40_000);
      }),
      { numRuns: 300 },
    );
  });

  it('says how long a value is that it cuts', () => {
    expect(formatRows([{ label: 'subject', value: 'x'.repeat(1_000_000) }], PAGE)).toContain(
      '[cut: 1000000 characters]',
    );
  });
});

describe('wrap()', () => {
  it('loses nothing but spaces at the ends of lines', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.integer({ min: 2, max: 90 }), (text, width) => {
        expect(wrap(text, width).join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});

describe('pageFor()', () => {
  it.each<[string, boolean, Record<string, string>, boolean]>([
    ['on a terminal', true, {}, true],
    ['in a pipe', false, {}, false],
    ['where NO_COLOR is set', true, { NO_COLOR: '1' }, false],
    ['where NO_COLOR is empty', true, { NO_COLOR: '' }, true],
    ['on a dumb terminal', true, { TERM: 'dumb' }, false],
  ])('has colours as it should %s', (_where, terminal, env, isColoured) => {
    const printed = formatMarked('bad', 'unexpected', pageFor({ columns: 80, terminal, env }));
    expect(printed.includes('\u001b[31m')).toBe(isColoured);
  });
});
