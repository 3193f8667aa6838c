import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isNonEmpty } from '../../src/lib/non-empty.ts';
import { parseCheckpoint } from '../../src/tlog/checkpoint.ts';
import { parseNote, verifyNote } from '../../src/tlog/note.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { realKeys } from './real-keys.ts';

describe.runIf(hasRealdata)('recorded signed notes', () => {
  it('are judged as whoever recorded them found by other means', () => {
    const notes = readIndex();
    expect(countEach(notes.map(({ path, verdict }) => `${expectation(verdict)} → ${judge(path)}`))).toEqual({
      'signed → verified': 50,
      // The right key under a name made to choke a regular expression.
      'signed → unknown-key': 1,
      'unknown → unknown-key': 28,
      'bad → invalid': 2,
      'bad → unknown-key': 1,
      // Signatures cut short or with trailing bits, in documents and tests of others.
      'bad → malformed': 2,
      'unknown → malformed': 4,
    });
    expect(notes).toHaveLength(88);
  });
});

function readIndex(): { path: string; verdict: string }[] {
  return readFileSync(realdata('INDEX.tsv'), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((columns) => columns[4] === 'signed-note')
    .map(([path = '', , , , , , verdict = '']) => ({ path, verdict }));
}

/** The first word of each signature's verdict: whether one holds, or one is bad, or all are of unknown keys. */
function expectation(verdict: string): string {
  const words = verdict.split(' | ').map((signature) => signature.split(':')[0]);
  return words.includes('BAD') ? 'bad' : words.includes('ok') ? 'signed' : 'unknown';
}

function judge(path: string): string {
  const keys = realKeys();
  try {
    const note = parseNote(readFileSync(realdata(path), 'utf8'));
    parseCheckpoint(note.text);
    return isNonEmpty(keys) ? verifyNote(note, keys) : 'no keys';
  } catch (error) {
    return error instanceof SyntaxError ? 'malformed' : 'failed';
  }
}
