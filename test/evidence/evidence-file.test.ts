import { describe, expect, it } from 'vitest';
import { formatEvidence, parseEvidence } from '../../src/evidence/evidence-file.ts';
import { formatJson, parseJson } from '../../src/evidence/json-text.ts';
import { ReferenceTree } from '../tlog/reference-tree.ts';
import { contentOf, prefixOf, signNote } from '../support/evidence-files.ts';

const tree = new ReferenceTree();
const other = new ReferenceTree({ leaf: (index) => tree.leaf(index === 2 ? 1000 : index) });

const CONTENT = contentOf({
  signed_notes: [signNote(5, tree.root(5)), signNote(9, other.root(9))],
  prefix: prefixOf(other, 5, 9),
});
const TEXT = formatEvidence(CONTENT);

describe('formatEvidence()', () => {
  it('writes what parseEvidence() takes back', () => {
    expect(parseEvidence(TEXT)).toEqual({ format: 'sigwatch evidence 1', ...CONTENT });
  });

  it('writes one text, whatever the order of its parts', () => {
    const { reported, ...rest } = CONTENT;
    expect(formatEvidence({ reported, ...rest })).toBe(TEXT);
  });

  it('writes nothing but printable ASCII and newlines, also of hostile text', () => {
    const { reported } = CONTENT;
    const title = 'a\u202eb\u001b[2Jc\ud83d\ude00\ud800\u007f "quoted\\"';
    const text = formatEvidence({ ...CONTENT, reported: { ...reported, alert: { ...reported.alert, title } } });
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(parseEvidence(text).reported.alert.title).toBe(title);
  });

  it('refuses to write what it could not take back', () => {
    const notes = Array.from({ length: 17 }, () => signNote(5, tree.root(5)));
    expect(() => formatEvidence({ ...CONTENT, signed_notes: notes })).toThrow();
  });
});

describe('parseEvidence()', () => {
  it('refuses every text that differs in one byte', () => {
    const bytes = Buffer.from(TEXT);
    const accepted: number[] = [];
    for (const [at, byte] of bytes.entries()) {
      // Bit 0 stays within ASCII, and turns digits, hex digits and base64 into others of their kind.
      for (const changed of [byte ^ 1, byte === 0x20 ? 0x0a : 0x20]) {
        bytes[at] = changed;
        accepted.push(...(isAccepted(bytes.toString('latin1')) ? [at] : []));
      }
      bytes[at] = byte;
    }
    expect(accepted).toEqual([]);
    expect(isAccepted(bytes.toString('latin1'))).toBe(true);
  });

  it('refuses every text that is cut short, and one that goes on', () => {
    const accepted = Array.from({ length: TEXT.length }, (_, end) => end).filter((end) =>
      isAccepted(TEXT.slice(0, end)),
    );
    expect(accepted).toEqual([]);
    expect([isAccepted(`${TEXT}\n`), isAccepted(` ${TEXT}`), isAccepted(`\ufeff${TEXT}`)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it.each([
    ['one more key', TEXT.replace('"digest"', '"more": 1,\n  "digest"')],
    ['a key twice', TEXT.replace('"digest"', '"entry": null,\n  "digest"')],
    ['another spelling of a character', TEXT.replace('Two trees', '\\u0054wo trees')],
    ['another spelling of a number', TEXT.replace('"size": 5', '"size": 5.0')],
    ['no line breaks', JSON.stringify(JSON.parse(TEXT))],
  ])('refuses %s', (_, text) => {
    expect(text).not.toBe(TEXT);
    expect(isAccepted(text)).toBe(false);
  });

  it('says what is wrong', () => {
    expect(() => parseEvidence('{')).toThrow(
      'Cannot accept the evidence: it is not JSON; expected a file as `sigwatch evidence` writes it',
    );
    expect(() => parseEvidence('{}')).toThrow(/^Cannot accept the evidence: format: /);
    expect(() => parseEvidence(TEXT.replace('Two trees', 'Two threes'))).toThrow(
      'Cannot accept the evidence: its digest does not fit what it holds: it was changed after it was written',
    );
    expect(() => parseEvidence(TEXT.replace('\n  "entry"', '\n "entry"'))).toThrow(
      'Cannot accept the evidence: it is spelled otherwise than it was written',
    );
  });

  it('survives text that is nested without end', () => {
    for (const text of ['['.repeat(1_000_000), '{"a":'.repeat(1_000_000), `"${'['.repeat(1_000_000)}`]) {
      expect(() => parseEvidence(text)).toThrow(SyntaxError);
    }
  });
});

describe('parseJson()', () => {
  it('takes back what formatJson() gave, brackets in strings included', () => {
    const value = { a: [1, '[[[[[[[[[[[[[[[[[[[[[[[[[[[[', '\\"[', null], b: { c: true } };
    expect(parseJson(formatJson(value))).toEqual(value);
  });

  it('refuses more than 24 levels', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parseJson(nested(24))).toHaveLength(1);
    expect(() => parseJson(nested(25))).toThrow(new SyntaxError('it is nested deeper than 24 levels'));
  });
});

function isAccepted(text: string): boolean {
  try {
    parseEvidence(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return false;
    }
    throw error;
  }
}
