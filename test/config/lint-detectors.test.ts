import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConfigFolder, type ConfigFolder } from './config-folder.ts';
import { messagesOf, rulesOf, watch } from './warnings-of.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
});

afterAll(() => {
  folder.remove();
});

describe('detectors', () => {
  it.each<[select: string, expectation: string, more: string, ...rules: string[]]>([
    // first_seen
    ['{ source_owner: acme }', '', 'first_seen: [builder, source_ref, trigger, runner, token_subject]'],
    ['{ source_owner: acme }', '', 'first_seen: [builder, run]', 'noisy-first-seen first_seen[1]'],
    ['{ source_owner: acme }', '', 'first_seen: [source_digest]', 'noisy-first-seen first_seen[0]'],
    ['{ source_owner: acme }', '', 'first_seen: [key]', 'noisy-first-seen first_seen[0]'],
    ['{ key_subject: a@b.c }', '', 'first_seen: [key]'],
    // burst
    ['{ key: k }', '', 'burst: { per: 10m, over: 1 }', 'low-burst burst.over'],
    ['{ key: k }', '', 'burst: { per: 10m, over: 2 }'],
    ['{ key: k }', '', 'burst: { per: 10m, over: auto }'],
    // cadence
    ['{ key: k }', 'kind: dsse', 'cadence: 30d'],
    ['{ key: k }', '', 'cadence: 30d'],
    ['{ key: k }', 'none', 'cadence: 30d', 'contradiction cadence'],
    ['{ key: k }', 'kind: dsse', 'cadence: 59m', 'short-cadence cadence'],
    ['{ key: k }', 'kind: dsse', 'cadence: 60m'],
    // artifacts
    ['{ key: k }', 'kind: dsse', 'artifacts: { follow: true, allow: [{ key: l }] }'],
    ['{ key: k }', 'kind: dsse', 'artifacts: { allow: [{ key: l }] }', 'unused-allow artifacts.allow'],
    ['{ key: k }', 'kind: dsse', 'artifacts: { follow: false }'],
    ['{ key: k }', '', 'artifacts: { follow: true }', 'follows-nothing artifacts.follow'],
    ['{ key: k }', 'none', 'artifacts: { follow: true }', 'follows-nothing artifacts.follow'],
    // mode
    ['{ key: k }', 'kind: dsse', 'mode: audit'],
    ['{ key: k }', 'kind: dsse', 'mode: audit\n  notify: [c]', 'unused-notify notify'],
    ['{ key: k }', 'kind: dsse', 'notify: [c]'],
  ])('%s → %s, %s', (select, expectation, more, ...expected) => {
    const notify = more.includes('notify') ? NOTIFY : '';
    expect(rulesOf(folder, watch(select, expectation, `  ${more}\n${notify}`))).toEqual(expected);
  });

  it('holds a cadence that is shorter than the logs are asked for short', () => {
    const yaml = watch('{ key: k }', 'kind: dsse', '  cadence: 2h\nlogs: { poll_interval: 3h }\n');
    expect(rulesOf(folder, yaml)).toEqual(['short-cadence cadence']);
  });
});

const NOTIFY = 'notify: { channels: { c: { type: email, from: a@b.c, to: a@b.c, smtp: { host: localhost } } } }\n';

describe('watches that are told twice', () => {
  const pair = (one: string, other: string): string[] =>
    rulesOf(folder, `version: 1\nwatches:\n- { name: a, ${one} }\n- { name: b, ${other} }\n`);
  const SELECT = 'select: [{ key: k, kind: dsse }, { key: l }]';

  it.each<[one: string, other: string, ...rules: string[]]>([
    [
      `${SELECT}, expect: { artifact: "sha256:ab" }`,
      `${SELECT}, expect: { artifact: "sha256:ab" }`,
      'duplicate-watch watches[1].name',
    ],
    [`${SELECT}, expect: none`, `${SELECT}, expect: none`, 'duplicate-watch watches[1].name'],
    [
      `${SELECT}, expect: none`,
      'select: [{ key: l }, { kind: dsse, key: k }], expect: none',
      'duplicate-watch watches[1].name',
    ],
    [`${SELECT}, expect: { artifact: "sha256:ab" }`, `${SELECT}, expect: { artifact: "sha256:ab" }, mode: audit`],
    [`${SELECT}, expect: { artifact: "sha256:ab" }`, SELECT],
    [`${SELECT}, expect: { artifact: "sha256:ab" }`, `${SELECT}, expect: { signature: verified }`],
    [`${SELECT}, expect: none`, 'select: [{ key: l }], expect: none'],
  ])('%s, %s', (one, other, ...expected) => {
    expect(pair(one, other)).toEqual(expected);
  });
});

describe('what several watches take over', () => {
  it('is told once, at the place where it is written', () => {
    folder.write('more.yaml', 'watches: [{ name: c, extends: t, select: [{ subject: acme/widget }] }]\n');
    const yaml = `version: 1
include: [more.yaml]
templates: [{ name: t, expect: { issuer: "https://gitlab.com/", sct: verified } }]
watches:
- { name: a, extends: t, select: [{ key: k }] }
- { name: b, extends: t, select: [{ key: l }] }
`;
    expect(messagesOf(folder, yaml).map(([rule, path]) => [rule, path])).toEqual([
      ['misspelt-issuer', 'templates[0].expect.issuer'],
      ['never-matches', 'select[0].subject'],
    ]);
  });

  it('is told as unused only where none of them uses it', () => {
    const family = (...more: string[]): string[] =>
      rulesOf(
        folder,
        `version: 1
notify: { channels: { c: { type: slack, webhook_url: { env: HOOK } } } }
templates:
- name: t
  expect: { artifact: "sha256:ab" }
  notify: [c]
  attestations: { directory: . }
  artifacts: { follow: true }
watches:
${more.map((text, index) => `- { name: w${index}, extends: t, select: [{ key: k${index} }], ${text} }\n`).join('')}`,
        { HOOK: 'https://hooks.slack.com/x' },
      );
    const unused = ['mode: audit', 'expect: none'];
    expect(family(...unused, 'expect: { predicate_type: x, kind: intoto }')).toEqual([]);
    expect(family(unused[0] ?? '')).toEqual([
      'unused-notify templates[0].notify',
      'unused-attestations templates[0].attestations',
    ]);
    expect(family(unused[1] ?? '')).toEqual([
      'unused-attestations templates[0].attestations',
      'follows-nothing templates[0].artifacts.follow',
    ]);
  });
});
