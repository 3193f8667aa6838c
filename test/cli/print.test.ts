import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAge, formatTable, formatTime, jsonLine, safe, safeLines, shorten } from '../../src/cli/print.ts';

const ESCAPE = String.fromCodePoint(0x1b);
const CSI = String.fromCodePoint(0x9b);
const RIGHT_TO_LEFT = String.fromCodePoint(0x202e);
const ZERO_WIDTH = String.fromCodePoint(0x200b);
const TAG = String.fromCodePoint(0xe0041);
const LONE_SURROGATE = String.fromCharCode(0xd800);

/** Printable ASCII and line ends. */
const HARMLESS = /^[\x20-\x7e\n]*$/;

describe('safe()', () => {
  it('leaves plain text as it is', () => {
    expect(safe('https://github.com/acme/widget@refs/tags/v1 – Ünïcödé 漢字')).toBe(
      'https://github.com/acme/widget@refs/tags/v1 – Ünïcödé 漢字',
    );
  });

  it('shows what a terminal would obey and what nobody sees', () => {
    expect(safe(`a${ESCAPE}[31mb${CSI}2Jc\nd\te\rf\0g`)).toBe(
      String.raw`a\u{001B}[31mb\u{009B}2Jc\u{000A}d\u{0009}e\u{000D}f\u{0000}g`,
    );
    expect(safe(`a${RIGHT_TO_LEFT}b${ZERO_WIDTH}c${TAG}d${LONE_SURROGATE}`)).toBe(
      String.raw`a\u{202E}b\u{200B}c\u{E0041}d\u{D800}`,
    );
  });

  it('sends no control character, whatever the text', () => {
    const units = fc.string({ unit: fc.integer({ min: 0, max: 0x24f }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(units, (text) => {
        expect(safe(text)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe('safeLines()', () => {
  it('keeps the ends of lines, and indents those that follow', () => {
    expect(safeLines(`a${ESCAPE}\nb`, '  ')).toBe('a\\u{001B}\n  b');
  });
});

describe('jsonLine()', () => {
  it('says the same value with nothing that a terminal obeys', () => {
    const value = { a: `${ESCAPE}${CSI}${RIGHT_TO_LEFT}${ZERO_WIDTH}${TAG}${LONE_SURROGATE}\n"\\`, ä: ['漢', 1, null] };
    const line = jsonLine(value);
    expect(line).toBe(String.raw`{"a":"\u001b\u009b\u202e\u200b\udb40\udc41\ud800\n\"\\","ä":["漢",1,null]}`);
    expect(JSON.parse(line)).toEqual(value);
  });

  it('is read back as it was, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(JSON.parse(jsonLine(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('formatTime()', () => {
  it('is UTC to the second, or a dash', () => {
    expect([formatTime(new Date('2026-11-21T13:40:05.999Z')), formatTime(null)]).toEqual(['2026-11-21 13:40:05', '-']);
  });
});

describe('formatAge()', () => {
  it('takes the largest unit of which there are two', () => {
    const ages = [-5_000, 0, 59_999, 119_999, 120_000, 7_199_999, 7_200_000, 172_799_999, 172_800_000, 8_640_000_000];
    expect(ages.map(formatAge)).toEqual([
      '0 s',
      '0 s',
      '59 s',
      '119 s',
      '2 min',
      '119 min',
      '2 h',
      '47 h',
      '2 d',
      '100 d',
    ]);
  });
});

describe('formatTable()', () => {
  const head = [{ title: 'LOG', shrinks: true }, { title: 'SIZE', align: 'right' }, { title: 'STATE' }] as const;

  it('aligns cells by what a terminal shows', () => {
    const rows = [
      ['log.example', '1219', 'verified'],
      ['漢字', '7', 'catching-up'],
      ['e\u0301', '', ''],
    ];
    expect(formatTable(head, rows, 80)).toBe(
      ['LOG          SIZE  STATE', 'log.example  1219  verified', '漢字            7  catching-up', 'e\u0301', ''].join(
        '\n',
      ),
    );
  });

  it('cuts the column that may shrink in its middle', () => {
    const table = formatTable(head, [['rekor.sigstore.dev - 1193050959916656506', '1', 'verified']], 40);
    expect(table).toBe(
      ['LOG                       SIZE  STATE', 'rekor.sigsto…59916656506     1  verified', ''].join('\n'),
    );
  });

  it('never cuts it to nothing', () => {
    expect(formatTable(head, [['abcdefghijklmnop', '1', 'verified']], 5)).toBe(
      ['LOG           SIZE  STATE', 'abcdef…lmnop     1  verified', ''].join('\n'),
    );
  });

  it('makes cells safe, so that none can leave its line', () => {
    const hostile = `x\n${ESCAPE}[2J${RIGHT_TO_LEFT}`;
    expect(formatTable(head, [[hostile, hostile, hostile]], 200)).toMatch(HARMLESS);
    expect(formatTable(head, [[hostile, '1', 'verified']], 80).split('\n')).toHaveLength(3);
  });
});

describe('shorten()', () => {
  it('keeps to the width, also with wide characters and whole ones', () => {
    expect(['abcdef', '漢字漢字', '😀😀😀'].map((text) => shorten(text, 5))).toEqual(['ab…ef', '漢…字', '😀…😀']);
    expect(shorten('abcde', 5)).toBe('abcde');
  });
});
