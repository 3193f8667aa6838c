import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { readYaml } from '../../src/config/yaml-positions.ts';

function messagesOf(text: string): string[] {
  return readYaml(text).problems.map(({ place, message }) => `${place.line}:${place.column}: ${message}`);
}

function valueOf(text: string): unknown {
  const { value, problems } = readYaml(text);
  expect(problems).toEqual([]);
  return JSON.parse(JSON.stringify(value));
}

describe('merge keys', () => {
  it.each<[name: string, yaml: string, value: unknown]>([
    ['takes over what is not there', 'a: &a { x: 1, y: 2 }\nb: { y: 3, <<: *a }', { y: 3, x: 1 }],
    ['wherever it stands', 'a: &a { x: 1, y: 2 }\nb: { <<: *a, y: 3 }', { x: 1, y: 3 }],
    [
      'the first of a list goes first',
      'a: [&a { x: 1, y: 1 }, &b { y: 2, z: 2 }]\nb: { <<: [*a, *b] }',
      { x: 1, y: 1, z: 2 },
    ],
    ['a map that stands there', 'a:\nb: { <<: { x: 1, y: 2 }, x: 3 }', { y: 2, x: 3 }],
    ['a list of such', 'a:\nb: { <<: [{ x: 1 }, { x: 2, y: 2 }] }', { x: 1, y: 2 }],
    ['an alias of a list', 'a: &a [{ x: 1 }, { y: 2 }]\nb: { <<: *a }', { x: 1, y: 2 }],
    ['what merges itself', 'a: [&a { x: 1, y: 1 }, &b { <<: *a, y: 2 }]\nb: { <<: *b, z: 3 }', { x: 1, y: 2, z: 3 }],
    [
      'what merges itself and is not needed',
      'a: [&a { x: 1 }, &b { <<: *a, y: 2 }]\nb: { <<: *b, x: 3 }',
      { y: 2, x: 3 },
    ],
    ['whole values, not their parts', 'a: &a { x: { p: 1 } }\nb: { <<: *a, x: { q: 2 } }', { x: { q: 2 } }],
    ['nothing of an empty map', 'a: &a {}\nb: { <<: *a, x: 1 }', { x: 1 }],
    ['a key in quotes is only a key', 'a: &a { x: 1 }\nb: { "<<": *a }', { '<<': { x: 1 } }],
    ['an anchor inside a part that is not taken', 'a:\nb: { <<: { x: &n 7, y: 1 }, x: *n }', { y: 1, x: 7 }],
    ['the last anchor of a name before it', 'a: [&a { x: 1 }, &a { x: 2 }]\nb: { <<: *a }\nc: &a { x: 3 }', { x: 2 }],
  ])('%s', (_name, yaml, value) => {
    expect((valueOf(yaml) as Record<string, unknown>)['b']).toEqual(value);
  });

  it.each<[name: string, yaml: string, problem: string]>([
    ['a text', 'a: { <<: x }', '1:10: expected a map, or a list of maps, whose keys are taken over'],
    ['nothing', 'a: { <<: }', '1:10: expected a map, or a list of maps, whose keys are taken over'],
    [
      'a list of texts',
      'a: { <<: [{ x: 1 }, y] }',
      '1:10: expected a map, or a list of maps, whose keys are taken over',
    ],
    [
      'an alias of a text',
      'a: &a x\nb: { <<: *a }',
      '1:7: expected a map, or a list of maps, whose keys are taken over',
    ],
    ['an alias of nothing', 'a: { <<: *b }\nb: &b {}', '1:10: alias "*b" refers to no anchor before it'],
    ['itself', 'a: &a { <<: *a, x: 1 }', '1:13: alias "*a" refers to what it is part of'],
    [
      'two merge keys',
      'a: &a { x: 1 }\nb:\n  <<: *a\n  <<: { y: 2 }',
      '4:3: duplicate key "<<": it stands already in line 3',
    ],
  ])('refuses %s', (_name, yaml, problem) => {
    expect(messagesOf(yaml)).toContain(problem);
  });

  it('keeps the place of each key and value', () => {
    const source = readYaml('base: &base\n  x: 1\n  y: { z: 2 }\nb:\n  <<: *base\n  x: 3\n');
    const places = [
      ['b', 'x'],
      ['b', 'y'],
      ['b', 'y', 'z'],
    ].map((path) => [source.keyPlace(path), source.valuePlace(path)]);
    expect(places.map(([key, value]) => `${key?.line}:${key?.column} ${value?.line}:${value?.column}`)).toEqual([
      '6:3 6:6',
      '3:3 3:6',
      '3:8 3:11',
    ]);
  });

  it.each([
    [
      'a chain that doubles',
      Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} { k${i}: { <<: [*a${i}, *a${i}], x: *a${i} } }`),
    ],
    ['many of the same', [`b: { <<: [${Array(30_000).fill('*a0').join(', ')}] }`]],
    ['a long chain', Array.from({ length: 5000 }, (_, i) => `a${i + 1}: &a${i + 1} { <<: *a${i} }`)],
    [
      'a long chain that is not looked at before its end',
      [
        'b: &b { x: 1, <<: { x: [&c0 {}, ' +
          Array.from({ length: 20_000 }, (_, i) => `&c${i + 1} { <<: *c${i} }`).join(', ') +
          '] } }',
        'c: *c20000',
      ],
    ],
  ])('bounds %s', (_name, lines) => {
    const keys = Array.from({ length: 10 }, (_, i) => `k${i}: ${i}`).join(', ');
    const { problems, value } = readYaml([`a0: &a0 { ${keys} }`, ...lines].join('\n'));
    expect(problems.map(({ message }) => message)).toContain(
      'too many values, or nested too deeply, once its aliases are followed',
    );
    expect(value).toBeUndefined();
  });

  it('agrees with another reader of YAML', () => {
    const key = fc.constantFrom('p', 'q', 'r', 's');
    const map = fc.dictionary(key, fc.integer({ min: 0, max: 9 }), { maxKeys: 4 });
    fc.assert(
      fc.property(
        fc.array(map, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(3), { maxLength: 3 }),
        map,
        fc.boolean(),
        (maps, merged, own, before) => {
          const bases = maps.map((one, index) => `base${index}: &b${index} ${JSON.stringify(one)}`);
          const aliases = merged.map((index) => `*b${index % maps.length}`);
          const members = Object.entries(own).map(([name, value]) => `${name}: ${value}`);
          const merge = aliases.length === 0 ? [] : [`<<: [${aliases.join(', ')}]`];
          const last = `last: { ${(before ? [...merge, ...members] : [...members, ...merge]).join(', ')} }`;
          const text = [...bases, last].join('\n');
          expect(valueOf(text)).toEqual(parse(text, { merge: true }));
        },
      ),
    );
  });

  it('reads what another writer of YAML writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = stringify({ value });
        const { value: read, problems } = readYaml(text);
        fc.pre(problems.length === 0);
        expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(JSON.stringify({ value })));
      }),
      { numRuns: 50 },
    );
  });
});
