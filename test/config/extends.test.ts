import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintConfig } from '../../src/config/lint.ts';
import { loadConfig, loadWithoutSecrets, loadWithSource } from '../../src/config/load.ts';
import type { ClaimRule, Watch } from '../../src/policy/watch.ts';
import { createConfigFolder, problemsOf, type ConfigFolder } from './config-folder.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
});

afterAll(() => {
  folder.remove();
});

function load(yaml: string): readonly Watch[] {
  return loadConfig(folder.write('good.yaml', `version: 1\n${yaml}`), {}).watches;
}

function rulesOf(rules: Watch['expect'] | undefined): unknown {
  return Array.isArray(rules) ? Object.fromEntries((rules as ClaimRule[]).map(asEntry)) : rules;
}

function asEntry({ claim, patterns }: ClaimRule): [string, unknown] {
  return [claim, patterns[0].source];
}

const BASE = `
  - name: base
    description: the base
    select: [{ source_repository: acme/base }]
    expect: { issuer: i, trigger: push, runner: r }
    first_seen: [builder]
    burst: { per: 10m, over: 20 }
    cadence: 30d
    artifacts: { follow: true, allow: [{ key: k }] }
    attestations: { directory: ./att }
    mode: audit
    severity: low
    notify: [c]`;
const CHANNEL = 'notify: { channels: { c: { type: slack, webhook_url: https://h/x } } }';

describe('extends', () => {
  it.each(['watches', 'templates'])('takes over every key of one of %s but its name and description', (list) => {
    const others = list === 'watches' ? '' : '\nwatches:';
    const watches = load(`${list}:${BASE}${others}\n  - { name: w, extends: base }\n${CHANNEL}`);
    const [watch] = watches.slice(-1);
    expect(watches).toHaveLength(list === 'watches' ? 2 : 1);
    expect(watch).toMatchObject({
      name: 'w',
      description: null,
      firstSeen: ['builder'],
      burst: { perMs: 600_000, over: 20 },
      cadenceMs: 30 * 86_400_000,
      attestations: { kind: 'directory' },
      mode: 'audit',
      severity: 'low',
      notify: ['c'],
    });
    expect(watch?.select.map((rules) => rules.map(asEntry))).toEqual([[['source_repository', 'acme/base']]]);
    expect(rulesOf(watch?.expect)).toEqual({ issuer: 'i', trigger: 'push', runner: 'r' });
    expect(watch?.artifacts?.follow).toBe(true);
    expect(watch?.artifacts?.allow).toHaveLength(1);
  });

  it('lets what stands in the watch itself stand instead, claim by claim in expect, key by key in artifacts', () => {
    const own = `
  - name: w
    extends: base
    select: [{ key: x }]
    expect: { trigger: release, source_ref: s }
    artifacts: { follow: false }
    burst: { per: 1h, over: auto }
    first_seen: [runner]
    mode: enforce`;
    const [watch] = load(`templates:${BASE}\nwatches:${own}\n${CHANNEL}`);
    expect(watch).toMatchObject({ firstSeen: ['runner'], burst: { perMs: 3_600_000, over: 'auto' }, mode: 'enforce' });
    expect(watch?.select.map((rules) => rules.map(asEntry))).toEqual([[['key', 'x']]]);
    expect(rulesOf(watch?.expect)).toEqual({ issuer: 'i', trigger: 'release', runner: 'r', source_ref: 's' });
    expect(watch?.artifacts).toMatchObject({ follow: false, allow: [[{ claim: 'key' }]] });
  });

  it.each<[name: string, base: string, own: string, expected: unknown]>([
    ['none stands instead of claims', '{ issuer: i }', 'none', 'none'],
    ['claims stand instead of none', 'none', '{ trigger: push }', { trigger: 'push' }],
    ['none is taken over', 'none', '', 'none'],
  ])('%s', (_name, base, own, expected) => {
    const expectKey = own === '' ? '' : `, expect: ${own}`;
    const [watch] = load(`templates: [{ name: t, expect: ${base} }]
watches: [{ name: w, extends: t, select: [{ key: k }]${expectKey} }]`);
    expect(rulesOf(watch?.expect)).toEqual(expected);
  });

  it('follows chains, in whatever order they stand', () => {
    const watches = load(`
watches:
  - { name: c, extends: b, expect: { runner: c } }
  - { name: b, extends: a, expect: { trigger: b } }
templates:
  - { name: a, extends: z, expect: { issuer: a, trigger: a, runner: a } }
  - { name: z, select: [{ key: k }], cadence: 1h }
`);
    expect(watches.map(({ name, cadenceMs, expect: rules }) => [name, cadenceMs, rulesOf(rules)])).toEqual([
      ['c', 3_600_000, { issuer: 'a', trigger: 'b', runner: 'c' }],
      ['b', 3_600_000, { issuer: 'a', trigger: 'b', runner: 'a' }],
    ]);
  });

  it('follows a chain as long as a file may be', () => {
    const items = Array.from({ length: 10_000 }, (_, i) => `{name: w${i}, extends: w${i + 1}}`);
    const watches = load(`watches: [${items.join(', ')}, {name: w10000, select: [{key: k}]}]`);
    expect(watches).toHaveLength(10_001);
  });

  it.each<[name: string, yaml: string, ...problems: string[]]>([
    [
      'an unknown name',
      'watches: [{ name: widget, select: [{ key: k }] }, { name: w, extends: wigdet }]',
      'f:2:71: watches[1].extends: unknown watch or template "wigdet"; did you mean "widget"?; expected one of: widget, w',
    ],
    [
      'what is no name',
      'watches: [{ name: w, extends: [a] }]',
      'f:2:31: watches[0].extends: expected the name of a watch or template',
    ],
    [
      'itself',
      'watches: [{ name: w, extends: w }]',
      'f:2:31: watches[0].extends: "w" extends "w": expected a chain that ends',
    ],
    [
      'a cycle, once',
      'watches: [{ name: a, extends: b }, { name: b, extends: c }, { name: c, extends: b }, { name: d, extends: b }]',
      'f:2:56: watches[1].extends: "b" extends "c" extends "b": expected a chain that ends',
    ],
    [
      'a watch that nothing gives a select',
      'templates: [{ name: t, cadence: 1h }]\nwatches: [{ name: w, extends: t }]',
      'f:3:11: watches[0]: missing key "select": expected a list',
    ],
    [
      'a name that a template has too',
      'templates: [{ name: t }]\nwatches: [{ name: t, select: [{ key: k }] }]',
      'f:3:19: watches[0].name: duplicate name "t": templates[0] has it already',
    ],
    [
      'a template without a name',
      'templates: [{ cadence: 1h }]',
      'f:2:13: templates[0]: missing key "name": expected a string',
    ],
    [
      'what is wrong in a template that nothing extends',
      'templates: [{ name: t, select: [], x: 1 }]',
      'f:2:32: templates[0].select: expected a list of maps of claims, at least one',
      'f:2:36: templates[0].x: unknown key "x"; expected one of: name, description, extends, select, expect, mode, severity, notify, attestations, first_seen, burst, cadence, artifacts',
    ],
    [
      'what is wrong in a part that many take over, once, where it stands',
      `templates: [{ name: t, select: [{ run: { regexp: "(" } }], expect: { issuer: 5, runer: x }, notify: [x], burst: {} }]
watches: [{ name: a, extends: t }, { name: b, extends: a, expect: { trigger: push } }, { name: c, extends: b }]`,
      'f:2:50: templates[0].select[0].run.regexp: Cannot compile regexp "(": missing closing ): `(`; expected RE2 syntax',
      'f:2:78: templates[0].expect.issuer: expected a string: write it in quotes ("5")',
      'runer',
      'f:2:102: templates[0].notify[0]: unknown channel "x"; there is no channel',
      'f:2:113: templates[0].burst: missing key "per": expected a duration such as 500ms, 10s, 5m, 24h or 7d',
      'f:2:113: templates[0].burst: missing key "over": expected auto, or a whole number from 1 to 10000',
    ],
    [
      'an own expect of no claims',
      'watches: [{ name: a, select: [{ key: k }], expect: { issuer: i } }, { name: b, extends: a, expect: {} }]',
      'f:2:100: watches[1].expect: expected at least one claim; leave expect out to only observe',
    ],
    [
      'an own value that is nothing',
      'watches: [{ name: a, select: [{ key: k }], cadence: 1h }, { name: b, extends: a, cadence: }]',
      `f:2:91: watches[1].cadence: expected a duration such as 500ms, 10s, 5m, 24h or 7d`,
    ],
  ])('refuses %s', (_name, yaml, ...problems) => {
    const found = problemsOf(folder, `version: 1\n${yaml}`).map((problem) =>
      problem.includes('"runer"') ? 'runer' : problem,
    );
    expect(found).toEqual(problems);
  });

  it('bounds what chains multiply', () => {
    const claims = (from: number): string =>
      Array.from({ length: 30 }, (_, i) => `"oid:1.2.${from * 30 + i}": x`).join(', ');
    const items = Array.from({ length: 400 }, (_, i) => `{name: w${i}, extends: w${i + 1}, expect: {${claims(i)}}}`);
    const yaml = `version: 1\nwatches: [${items.join(', ')}, {name: w400, select: [{key: k}]}]`;
    expect(problemsOf(folder, yaml)).toEqual([
      expect.stringMatching(
        /^f:2:\d+: watches\[\d+\]\.extends: too many values once extends is followed; expected at most 500000$/,
      ),
    ]);
  });

  it('tells many unknown names in time that grows with the file', () => {
    const items = Array.from({ length: 2000 }, (_, i) => `{name: watch-number-${i}, extends: watch-numbre-${i}}`);
    expect(problemsOf(folder, `version: 1\nwatches: [${items.join(', ')}]`)).toHaveLength(2000);
  });

  it('needs no secrets of templates where none are needed', () => {
    const file = folder.write(
      'secrets.yaml',
      `version: 1
templates: [{ name: t, select: [{ key: k }], attestations: { github: true, token: { env: NOT_SET } } }]
watches: [{ name: w, extends: t }]`,
    );
    expect(() => loadConfig(file, {})).toThrow('NOT_SET');
    expect(loadWithoutSecrets(file, {}).watches).toMatchObject([{ attestations: { token: null } }]);
  });

  it('warns once of what many take over, where it stands', () => {
    const file = folder.write(
      'lint.yaml',
      `version: 1
templates:
  - name: t
    select: [{ subject: https://github.com/acme/widget/blob/x }]
watches: [{ name: a, extends: t }, { name: b, extends: t, severity: low }]`,
    );
    const { config, source } = loadWithSource(file, {});
    const warnings = lintConfig(config, source).filter(({ rule }) => rule === 'blob-subject');
    expect(warnings).toMatchObject([{ file, line: 4, column: 25, path: 'templates[0].select[0].subject' }]);
  });

  it('shares by alias and merge key too, and tells once what is wrong there', () => {
    const yaml = (pattern: string): string => `version: 1
watches:
  - &base
    name: a
    select: &mine [{ key: k }]
    expect: &rules { issuer: ${pattern}, trigger: push }
  - name: b
    select: *mine
    expect: { <<: *rules, trigger: release }
  - { <<: *base, name: c }`;
    expect(problemsOf(folder, yaml('i'))).toEqual([]);
    const { watches } = loadConfig(folder.write('good.yaml', yaml('i')), {});
    expect(watches.map(({ expect: rules }) => rulesOf(rules))).toEqual([
      { issuer: 'i', trigger: 'push' },
      { issuer: 'i', trigger: 'release' },
      { issuer: 'i', trigger: 'push' },
    ]);
    expect(problemsOf(folder, yaml('5'))).toEqual([
      'f:6:30: watches[0].expect.issuer: expected a string: write it in quotes ("5")',
    ]);
  });

  it('gives what the simplest way of following it gives', () => {
    const claims = fc.dictionary(fc.constantFrom('issuer', 'runner', 'trigger'), fc.constantFrom('x', 'y'), {
      minKeys: 1,
      maxKeys: 3,
    });
    const member = fc.record(
      { expect: fc.oneof(claims, fc.constant('none')), severity: fc.constantFrom('low', 'high'), base: fc.nat(5) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(member, { minLength: 1, maxLength: 6 }), (members) => {
        // A base stands behind, so that there are no cycles; the order of the file is turned round for half of them.
        const items = members.map(({ base, ...keys }, index) => {
          const target = base === undefined ? undefined : index + 1 + base;
          return {
            name: `w${index}`,
            ...keys,
            ...(target !== undefined && target < members.length && { extends: `w${target}` }),
          };
        });
        const simple = (item: (typeof items)[number] | undefined): { expect?: unknown; severity?: string } => {
          if (item === undefined) {
            return {};
          }
          const { extends: name } = item as { extends?: string };
          const base = simple(items.find((one) => one.name === name));
          const both = [base.expect, item.expect].every((one) => typeof one === 'object');
          const merged = both
            ? { ...(base.expect as object), ...(item.expect as object) }
            : (item.expect ?? base.expect);
          return { expect: merged, severity: item.severity ?? base.severity ?? 'high' };
        };
        const whole = items.map((item) => ({ ...item, select: [{ key: 'k' }] }));
        const watches = load(`watches: ${JSON.stringify(whole.toReversed())}`).toReversed();
        expect(
          watches.map(({ expect: rules, severity }) => ({ expect: rulesOf(rules) ?? undefined, severity })),
        ).toEqual(items.map((item) => ({ expect: simple(item).expect, severity: simple(item).severity })));
      }),
    );
  });
});
