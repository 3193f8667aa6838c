import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHtml, escapeSlack, shown, visible } from '../../src/alert/escape.ts';

describe('visible()', () => {
  it.each([
    ['a control', 'a\u0007b', 'a\\u{0007}b'],
    ['an escape sequence', '\u001b[31m', '\\u{001B}[31m'],
    ['a line end', 'a\r\nb', 'a\\u{000D}\\u{000A}b'],
    ['a tab', 'a\tb', 'a\\u{0009}b'],
    ['a C1 control', 'a\u009bb', 'a\\u{009B}b'],
    ['a right-to-left override', 'evil\u202Egpj', 'evil\\u{202E}gpj'],
    ['a bidi isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['a zero-width space', 'ac\u200Bme', 'ac\\u{200B}me'],
    ['a byte order mark', '\uFEFFx', '\\u{FEFF}x'],
    ['a soft hyphen', 'ac\u00ADme', 'ac\\u{00AD}me'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['a no-break space', 'a\u00A0b', 'a\\u{00A0}b'],
    ['a tag character', 'x\u{E0041}', 'x\\u{E0041}'],
    ['a Hangul filler', 'x\u3164', 'x\\u{3164}'],
    ['half a character', 'x\uD800y', 'x\\u{D800}y'],
  ])('shows %s when there is one', (_, text, expected) => {
    expect(visible(text)).toBe(expected);
  });

  it('leaves letters of any script as they are', () => {
    const text = 'Ärger mit 图书馆 и кот 🐈 "quoted" <b>&';
    expect(visible(text)).toBe(text);
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(visible(text))).toBe(visible(text));
      }),
    );
  });
});

describe('shown()', () => {
  it('cuts a megabyte visibly', () => {
    const text = shown('a'.repeat(1024 * 1024), 100);
    expect(text).toBe(`${'a'.repeat(73)}… [cut: 1048576 characters]`);
  });

  it('never tears a surrogate pair or an escape', () => {
    expect(shown('🐈'.repeat(100), 60)).toMatch(/^(?:🐈)+… \[cut: 200 characters\]$/u);
    expect(shown('\u202E'.repeat(100), 60)).toMatch(/^(?:\\u\{202E\})+… \[cut: 100 characters\]$/);
  });

  it('is never longer than allowed, and one line, when the text is anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 40, max: 200 }), (text, max) => {
        const result = shown(text, max);
        expect(result.length).toBeLessThanOrEqual(max);
        expect(visible(result)).toBe(result);
      }),
    );
  });

  it('keeps line ends when lines are asked for', () => {
    expect(shown('a\nb\u0000', 50, { lines: true })).toBe('a\nb\\u{0000}');
    expect(shown('a\nb', 50)).toBe('a\\u{000A}b');
  });
});

describe('escapeHtml()', () => {
  it('leaves no character that HTML obeys', () => {
    expect(escapeHtml(`<img src="x" onerror='a&b'>`)).toBe('&#60;img src=&#34;x&#34; onerror=&#39;a&#38;b&#39;&#62;');
  });
});

describe('escapeSlack()', () => {
  it('makes a mention of everybody plain text', () => {
    expect(escapeSlack('<!channel> & <@U1>')).toBe('&lt;!channel&gt; &amp; &lt;@U1&gt;');
  });
});
