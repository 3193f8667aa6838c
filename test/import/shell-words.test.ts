import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { findCommands, type Word } from '../../src/import/shell-words.ts';

const words = (script: string): readonly (readonly Word[])[] =>
  findCommands(script, (line) => line.includes('cosign')).map((command) => command.words);
const texts = (script: string): readonly (readonly string[])[] =>
  words(script).map((command) => command.map(({ text }) => text));

describe('findCommands()', () => {
  it.each<[script: string, commands: readonly (readonly string[])[]]>([
    ['cosign verify a', [['cosign', 'verify', 'a']]],
    ['cosign verify \\\n  --key "a b" \\\n  c\nnext', [['cosign', 'verify', '--key', 'a b', 'c']]],
    ["cosign 'a\nb' c", [['cosign', 'a\nb', 'c']]],
    ['cosign a\\.b "a\\.b" \'a\\.b\'', [['cosign', 'a.b', 'a\\.b', 'a\\.b']]],
    ['cosign "^a$" a$ $', [['cosign', '^a$', 'a$', '$']]],
    ['cosign a # b\nx', [['cosign', 'a']]],
    ['cosign a#b', [['cosign', 'a#b']]],
    ['# cosign a', []],
    ['x && cosign a; cosign b | jq .', [['x'], ['cosign', 'a'], ['cosign', 'b'], ['jq', '.']]],
    ['cosign a > out 2>&1', [['cosign', 'a', 'out', '2', '1']]],
    ["don't\ncosign a\nit's", [['cosign', 'a']]],
    [
      "cosign isn't\ncosign verify a",
      [
        ['cosign', 'isnt\n'],
        ['cosign', 'verify', 'a'],
      ],
    ],
    ['cosign ""', [['cosign', '']]],
    ['cosign \\\r\n a\r\n', [['cosign', 'a']]],
  ])('reads %j', (script, commands) => {
    expect(texts(script)).toEqual(commands);
  });

  it.each([
    '$A',
    '${A}',
    '"$A"',
    '"${A:-x}"',
    '$(date)',
    '"$(date)"',
    '`date`',
    '${{ inputs.a }}',
    'a$A',
    '"$1"',
    '$@',
  ])('knows that only a shell can fill in %s', (word) => {
    const [[, found] = []] = words(`cosign ${word}`);
    expect(found).toEqual({ text: word.replaceAll('"', ''), isDynamic: true });
  });

  it('fills in nothing in single quotes', () => {
    expect(words("cosign '$A `x` $(y)'")).toEqual([
      [
        { text: 'cosign', isDynamic: false },
        { text: '$A `x` $(y)', isDynamic: false },
      ],
    ]);
  });

  it('finds commands in what is filled in', () => {
    expect(texts('A=$(cosign verify a) && B="$(cosign verify b)"')).toEqual([
      ['cosign', 'verify', 'a'],
      ['A=$(cosign verify a)'],
      ['cosign', 'verify', 'b'],
      ['B=$(cosign verify b)'],
    ]);
  });

  it('says on which line a command begins', () => {
    const found = findCommands('a\n\nx; \\\n cosign a\ncosign b', (line) => line.includes('cosign'));
    expect(found.map(({ line }) => line)).toEqual([4, 5]);
  });

  it('splits words as a shell does', () => {
    const part = fc.constantFrom('a', ' ', "'b c'", '"d e"', '\\ ', '\\$', '"\\""', '"\\a"', "''", 'x\\\n', '.', '$ ');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const script = `cosign ${parts.join('')}`;
        const printed = execFileSync('sh', [
          '-c',
          `set -f\ncosign() { for w in "$@"; do printf '%s\\0' "$w"; done; }\n${script}`,
        ]);
        const [[, ...found] = []] = texts(script);
        expect(found).toEqual(printed.toString().split('\0').slice(0, -1));
      }),
      { numRuns: 150 },
    );
  });

  it('takes linear time whatever the script', () => {
    for (const unit of [
      "cosign '",
      'cosign "',
      'cosign $(',
      'cosign `',
      'cosign ${',
      'cosign \\\n',
      'cosign # \\\n',
      'cosign; # \\\n',
      'cosign (',
      'cosign "$(cosign ',
    ]) {
      const script = unit.repeat(20_000);
      expect(findCommands(script, (line) => line.includes('cosign')).length).toBeGreaterThan(0);
    }
  });
});
