import { beforeEach, describe, expect, it } from 'vitest';
import { createProgressLine, type ProgressLine } from '../../src/cli/progress-line.ts';

const ERASE = '\r\u001b[K';

let written: string[];
let time: number;
let line: ProgressLine;

beforeEach(() => {
  written = [];
  time = 1_000_000;
  line = makeLine(80);
});

function makeLine(columns: number): ProgressLine {
  return createProgressLine(
    (text) => written.push(text),
    columns,
    () => time,
  );
}

function update(log: string, size: number, target: number, after = 0): void {
  time += after;
  line.update({ log, size, target });
}

describe('createProgressLine()', () => {
  it('shows entries, rate and time left', () => {
    update('a.test', 256, 100_000);
    update('a.test', 20_256, 100_000, 2_000);
    expect(written).toEqual([
      `${ERASE}a.test: 256 of 100000 entries (0 %), 0/s, ? left`,
      `${ERASE}a.test: 20256 of 100000 entries (20 %), 10000/s, 8 s left`,
    ]);
  });

  it.each([
    [59, '59 s'],
    [600, '10 min'],
    [36_000, '10.0 h'],
    [864_000, '10.0 days'],
  ])('says how long %d seconds are', (seconds, text) => {
    update('a.test', 0, 1 + seconds);
    update('a.test', 1, 1 + seconds, 1_000);
    expect(written.at(-1)).toContain(` 1/s, ${text} left`);
  });

  it('draws at most five times a second', () => {
    update('a.test', 1, 1_000);
    update('a.test', 2, 1_000, 199);
    update('a.test', 3, 1_000, 1);
    expect(written).toEqual([expect.stringContaining(': 1 of'), expect.stringContaining(': 3 of')]);
  });

  it('shows several logs as their sum', () => {
    update('a.test', 100, 1_000);
    update('b.test', 200, 2_000);
    update('a.test', 400, 1_000, 1_000);
    expect(written.at(-1)).toBe(`${ERASE}2 logs: 600 of 3000 entries (20 %), 300/s, 8 s left`);
  });

  it('goes when every log is at its target, and when it is told to', () => {
    update('a.test', 10, 20);
    line.clear();
    line.clear();
    update('a.test', 15, 20, 500);
    update('a.test', 20, 20);
    update('b.test', 5, 5);
    expect(written.map((text) => text.slice(0, 10))).toEqual([`${ERASE}a.test`, ERASE, `${ERASE}a.test`, ERASE]);
  });

  it('cuts the name of the log and not the figures', () => {
    update('rekor.sigstore.dev - 3904496407287907110', 2_000_000, 12_345_678);
    expect(written).toEqual([
      `${ERASE}rekor.sigstore.…96407287907110: 2000000 of 12345678 entries (16 %), 0/s, ? left`,
    ]);
  });

  it('never fills the last column, and sends no escape sequence of a name', () => {
    line = makeLine(40);
    update('\u001b[2Jrekor.example - 1193050959916656506', 1, 1_000);
    const [drawn = ''] = written;
    expect(drawn.slice(ERASE.length)).toHaveLength(39);
    expect(drawn.slice(ERASE.length)).toMatch(/^\\u\{001B\}\[2Jrek.*….* 0\/s, \? left$/);
  });
});
