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

const GITHUB = 'issuer: "https://token.actions.githubusercontent.com"';
const GOOGLE = 'issuer: https://accounts.google.com';
const PROVEN = `${GITHUB}, sct: verified`;
const MINE = '{ source_repository: acme/widget }';
const SLSA = 'slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v*';
const KEY = 'ab'.repeat(32);
const PGP = 'ab'.repeat(20);

function rules(select: string, expectation = '', more = ''): string[] {
  return rulesOf(folder, watch(select, expectation, more));
}

describe('expect without issuer', () => {
  it.each<[select: string, expectation: string, ...rules: string[]]>([
    [MINE, 'runner: github-hosted, sct: verified', 'missing-issuer expect'],
    ['{ subject: a@acme.com }', 'subject: a@acme.com, sct: verified', 'missing-issuer expect'],
    ['{ subject: a@acme.com }', 'signature: verified, sct: verified', 'missing-issuer expect'],
    [MINE, 'issuer: "**", runner: github-hosted, sct: verified', 'missing-issuer expect.issuer'],
    [MINE, 'issuer: { regexp: ".*" }, sct: verified', 'missing-issuer expect.issuer'],
    [MINE, `${GITHUB}, sct: verified`],
    [`{ source_repository: acme/widget, ${GITHUB} }`, 'runner: github-hosted, sct: verified'],
    [
      `{ source_repository: acme/widget, ${GITHUB} }, { subject: "https://github.com/acme/**" }`,
      'runner: github-hosted, sct: verified',
      'missing-issuer expect',
    ],
    ['{ key: k }', 'kind: dsse'],
    [MINE, 'none'],
    [MINE, ''],
  ])('%s → %s', (select, expectation, ...expected) => {
    expect(rules(select, expectation)).toEqual(expected);
  });

  it('is right where a CA of one’s own issues for one issuer, or names none', () => {
    const more = 'trust: { source: none, certificate_authorities: [{ name: a, chain: ca.pem }] }\n';
    expect(rules('{ subject: a@acme.com }', 'subject: "*@acme.com"', more)).not.toContain('missing-issuer expect');
  });

  it('says of an e-mail address what may happen', () => {
    const yaml = watch('{ subject: "*@acme.com" }', 'subject: a@acme.com, sct: verified');
    expect(messagesOf(folder, yaml)).toEqual([
      [
        'missing-issuer',
        'expect',
        'whoever vouches for the address may sign: other providers put the same address into certificates; add "issuer", such as https://accounts.google.com',
      ],
    ]);
  });
});

describe('claims that exclude each other', () => {
  it.each<[select: string, expectation: string, ...rules: string[]]>([
    // In one item of select.
    [`{ ${GITHUB}, subject: "*@acme.com" }`, '', 'never-matches select[0].subject'],
    [`{ ${GITHUB}, subject: "https://github.com/acme/**" }`, ''],
    [`{ ${GITHUB}, subject: [a@acme.com, "https://github.com/acme/**"] }`, ''],
    ['{ issuer: https://gitlab.com, source_repository: acme/widget }', '', 'never-matches select[0].source_repository'],
    ['{ issuer: https://gitlab.com, source_repository: "https://gitlab.com/acme/widget" }', ''],
    ['{ issuer: https://oidc.codefresh.io, source_repository: acme/widget }', ''],
    [
      '{ issuer: https://github.com/login/oauth, subject: "https://github.com/acme/**" }',
      '',
      'never-matches select[0].subject',
    ],
    [`{ ${GOOGLE}, source_repository: acme/widget }`, '', 'never-matches select[0].source_repository'],
    [`{ ${GOOGLE}, subject: "*@acme.com" }`, ''],
    ['{ source_owner: acme, source_repository: other/widget }', '', 'never-matches select[0].source_repository'],
    ['{ source_owner: Acme, source_repository: acme/widget }', ''],
    ['{ source_owner: acme, source_repository: "*/widget" }', ''],
    ['{ source_owner: "https://gitlab.com/acme", source_repository: "https://gitlab.com/acme/sub/widget" }', ''],
    [`{ subject: "https://github.com/acme/widget/**", builder: ${SLSA} }`, '', 'never-matches select[0].builder'],
    [`{ subject: "https://github.com/${SLSA}", builder: ${SLSA}, source_owner: acme }`, ''],
    // A repository and another one's builder are what a reusable workflow looks like.
    [`{ source_repository: acme/widget, subject: "https://github.com/${SLSA}" }`, ''],
    [`{ key: ${PGP}, source_owner: acme }`, '', 'never-matches select[0].source_owner'],
    [`{ key: ${KEY}, source_owner: acme }`, ''],
    ['{ key_subject: a@acme.com, issuer: https://i.test }', '', 'never-matches select[0].issuer'],
    ['{ kind: rpm, subject: a@acme.com }', '', 'never-matches select[0].subject'],
    ['{ kind: [rpm, dsse], subject: a@acme.com }', ''],
    // In expect, or between both.
    [MINE, `${GITHUB}, sct: verified, subject: "*@acme.com"`, 'contradiction expect.subject'],
    [MINE, `${GOOGLE}, sct: verified`, 'contradiction expect.source_repository'],
    ['{ subject: "*@acme.com" }', PROVEN, 'contradiction expect.subject'],
    [`${MINE}, { subject: "*@acme.com" }`, PROVEN],
    [`{ key: ${PGP} }`, PROVEN, 'contradiction expect.issuer'],
    [`{ key: ${KEY} }`, PROVEN],
    [`{ key: ${PGP} }, ${MINE}`, PROVEN],
    [MINE, `${PROVEN}, source_owner: other`, 'contradiction expect.source_repository'],
    [
      '{ source_ref: refs/heads/main, source_owner: acme }',
      `${PROVEN}, source_ref: refs/tags/v*`,
      'contradiction select[0].source_ref',
    ],
    ['{ subject: "A@acme.com" }', `${GOOGLE}, sct: verified, subject: a@acme.com`, 'contradiction select[0].subject'],
  ])('%s → %s', (select, expectation, ...expected) => {
    expect(rules(select, expectation)).toEqual(expected);
  });

  it('says that owner/repo is of GitHub, and that capitals count', () => {
    const message = (select: string, expectation = ''): string | undefined =>
      messagesOf(folder, watch(select, expectation))[0]?.[2];
    expect(message('{ issuer: https://gitlab.com, source_repository: acme/widget }')).toBe(
      'no signer is selected: with "https://gitlab.com" "source_repository" begins with https://gitlab.com/, and "https://github.com/acme/widget" does not',
    );
    expect(message('{ subject: "A@acme.com" }', `${GOOGLE}, sct: verified, subject: a@acme.com`)).toMatch(
      /they differ in capitals only, which count here$/,
    );
  });
});

describe('an expect that proves nothing', () => {
  it.each<[select: string, expectation: string, ...rules: string[]]>([
    [
      `{ ${GITHUB}, source_owner: acme }`,
      `${GITHUB}, source_owner: Acme`,
      'proves-nothing expect',
      'advice-sct expect',
    ],
    [`{ ${GITHUB}, source_owner: acme }`, `${GITHUB}, source_owner: [acme, other], sct: verified`],
    [`{ ${GITHUB}, source_owner: acme }, { subject: a@b.c }`, `${GITHUB}, source_owner: acme, sct: verified`],
    [
      `{ ${GITHUB}, source_owner: acme }`,
      'trigger: { not: pull_request_target }',
      'proves-nothing expect',
      'advice-sct expect',
    ],
    ['{ key: k }', 'signature: { not: invalid }'],
    ['{ key: k }', 'kind: [dsse, intoto]'],
    ['{ key: k }', 'kind: "**"', 'proves-nothing expect'],
    ['{ key: k, kind: intoto }', 'predicate_type: "**"'],
    ['{ key: k }', 'key: k', 'proves-nothing expect'],
    [`{ artifact: "sha256:${KEY}" }`, `artifact: "sha256:${KEY}"`],
  ])('%s → %s', (select, expectation, ...expected) => {
    expect(rules(select, expectation)).toEqual(expected);
  });

  it('holds a list with a `not` in it for one', () => {
    expect(rules(MINE, `${PROVEN}, trigger: [push, { not: pull_request_target }]`)).toEqual([
      'not-in-list expect.trigger',
    ]);
    expect(rules(MINE, `${PROVEN}, trigger: [{ not: workflow_run }, { not: issue_comment }]`)).toEqual([
      'not-in-list expect.trigger',
    ]);
    expect(rules(MINE, `${PROVEN}, trigger: { not: [workflow_run, issue_comment] }`)).toEqual([]);
    expect(rules(MINE, `${PROVEN}, trigger: [{ not: workflow_run }]`)).toEqual([]);
  });
});

describe('reusable builders', () => {
  const OWN = 'acme/widget/.github/workflows/release.yml@refs/tags/v*';

  it.each<[select: string, expectation: string, ...rules: string[]]>([
    [
      '{ source_owner: acme }',
      `${PROVEN}, source_repository: slsa-framework/slsa-github-generator`,
      'builder-as-source expect.source_repository',
    ],
    [
      '{ source_repository: slsa-framework/slsa-github-generator }',
      `${PROVEN}, workflow: ${OWN}`,
      'builder-as-source select[0].source_repository',
      'advice-id expect',
    ],
    ['{ source_repository: slsa-framework/slsa-github-generator }', `${PROVEN}, source_owner: slsa-framework`],
    [MINE, `${PROVEN}, source_owner_id: "1", workflow: ${SLSA}`, 'builder-as-workflow expect.workflow'],
    [MINE, `${PROVEN}, source_owner_id: "1", builder: ${SLSA}, workflow: ${OWN}`],
    [MINE, `${PROVEN}, source_owner_id: "1", builder: [${SLSA}, ${OWN}]`],
    [`{ builder: ${SLSA} }`, '', 'strangers-selected select[0].builder'],
    [
      '{ subject: "https://github.com/slsa-framework/slsa-github-generator/**" }',
      '',
      'strangers-selected select[0].subject',
    ],
    [`{ builder: ${SLSA}, source_owner: acme }`, ''],
    [`{ builder: ${SLSA}, "oid:1.3.6.1.4.1.57264.1.5": acme/widget }`, ''],
    ['{ subject: "https://github.com/slsa-framework/**" }', ''],
    [`{ builder: ${OWN} }`, ''],
    [`{ builder: [${OWN}, ${SLSA}] }`, ''],
  ])('%s → %s', (select, expectation, ...expected) => {
    expect(rules(select, expectation)).toEqual(expected);
  });
});

describe('advice on ids', () => {
  const RELEASE = 'acme/widget/.github/workflows/release.yml@refs/tags/v*';

  it.each<[select: string, expectation: string, ...rules: string[]]>([
    [MINE, `${PROVEN}, builder: ${RELEASE}, workflow: ${RELEASE}`, 'advice-id expect'],
    [MINE, `${PROVEN}, builder: ${RELEASE}, source_repository_id: "1"`],
    [MINE, `${PROVEN}, builder: ${RELEASE}, source_owner_id: "1"`],
    [MINE, `${PROVEN}, builder: ${RELEASE}, source_owner_id: "**"`, 'advice-id expect'],
    ['{ source_repository: acme/widget, source_repository_id: "1" }', `${PROVEN}, builder: ${RELEASE}`],
    [MINE, PROVEN],
    ['{ source_owner: acme }', `${PROVEN}, builder: "acme/**"`],
    ['{ source_repository: "acme/*" }', `${PROVEN}, builder: "acme/**"`],
    [
      '{ source_repository: "https://gitlab.com/acme/widget" }',
      'issuer: https://gitlab.com, sct: verified, builder: "https://gitlab.com/acme/**"',
    ],
    [MINE, `issuer: https://oidc.codefresh.io, sct: verified, builder: "https://g.codefresh.io/**"`],
    [MINE, 'none'],
  ])('%s → %s', (select, expectation, ...expected) => {
    expect(rules(select, expectation)).toEqual(expected);
  });
});

describe('an item that selects everybody', () => {
  it.each<[select: string, more: string, ...rules: string[]]>([
    ['{ subject: "**" }', '', 'selects-all select[0]'],
    ['{ key: k }, { issuer: { regexp: ".*" }, kind: "*" }', '', 'selects-all select[1]'],
    ['{ subject: "**", environment: release }', ''],
    ['{ subject: { not: a@b.c } }', ''],
    ['{ subject: "**" }', 'logs: { discover: false }\n'],
  ])('%s', (select, more, ...expected) => {
    expect(rules(select, '', more)).toEqual(expected);
  });
});

describe('the promises of CT logs', () => {
  const CT = 'logs: { ct: true }\n';
  // What a CT log holds is judged by nothing that signatures have: asking for its promise is right there as well.
  it.each<[expectation: string, more: string, ...rules: string[]]>([
    [`${GITHUB}, sct: verified`, ''],
    [`${GITHUB}, sct: verified`, CT],
    [GITHUB, '', 'advice-sct expect'],
    [GITHUB, CT, 'advice-sct expect'],
  ])('%s %s', (expectation, more, ...rules) => {
    expect(rulesOf(folder, watch(MINE, expectation, more))).toEqual(rules);
  });
});
