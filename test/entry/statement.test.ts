import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStatement } from '../../src/entry/statement.ts';
import { BUILDER, provenanceV1, WIDGET_DIGEST } from '../support/attested-entries.ts';

const SHA1 = '0123456789abcdef0123456789abcdef01234567';
const OTHER_SHA1 = '89abcdef0123456789abcdef0123456789abcdef';
const V01 = 'https://in-toto.io/Statement/v0.1';
const V1 = 'https://in-toto.io/Statement/v1';
const SLSA = 'https://slsa.dev/provenance';
const GIT = 'git+https://github.com/acme/widget@refs/tags/v1';

const read = (statement: unknown) => parseStatement(Buffer.from(JSON.stringify(statement)));
const claimsOf = (predicateType: string, predicate: unknown) =>
  read({ _type: V1, predicateType, subject: [], predicate })?.claims;
const git = (uri = GIT, sha1 = SHA1) => ({ uri, digest: { sha1 } });
const tool = { uri: 'oci://registry.example/tool', digest: { sha256: WIDGET_DIGEST } };

describe('parseStatement()', () => {
  it('reads who built what from what', () => {
    expect(parseStatement(provenanceV1())).toEqual({
      claims: {
        predicate_type: [`${SLSA}/v1`],
        subject_name: ['registry.example/acme/widget'],
        slsa_builder: [BUILDER],
        build_type: ['https://tekton.dev/chains/v2/slsa'],
        source_uri: ['git+https://git.example/acme/widget.git'],
        source_sha: [SHA1],
      },
      subjects: [`sha256:${WIDGET_DIGEST}`],
    });
  });

  it.each([V01, V1])('reads what any predicate is about, in %s', (_type) => {
    const subject = [
      { name: 'a', digest: { sha256: WIDGET_DIGEST.toUpperCase(), sha1: SHA1 } },
      { digest: { gitCommit: SHA1 } },
      { name: 'b', digest: { sha512: 'ab'.repeat(64), sha384: 'cd'.repeat(48) } },
      { name: 'a', digest: { sha256: WIDGET_DIGEST } },
    ];
    expect(
      read({ _type, predicateType: 'https://example.com/any', subject, predicate: { builder: { id: 'x' } } }),
    ).toEqual({
      claims: { predicate_type: ['https://example.com/any'], subject_name: ['a', 'b'] },
      subjects: [`sha256:${WIDGET_DIGEST}`, `sha384:${'cd'.repeat(48)}`, `sha512:${'ab'.repeat(64)}`],
    });
  });

  it('takes a list that is null for an empty one, as Tekton writes it', () => {
    const predicate = { builder: { id: BUILDER }, buildType: 't', materials: null };
    expect(read({ _type: V01, predicateType: `${SLSA}/v0.2`, subject: null, predicate })).toEqual({
      claims: { predicate_type: [`${SLSA}/v0.2`], slsa_builder: [BUILDER], build_type: ['t'] },
      subjects: [],
    });
  });

  it('reads SLSA provenance 0.1', () => {
    const predicate = {
      builder: { id: 'https://builder.example' },
      recipe: { type: 'https://builder.example/recipe', definedInMaterial: 1, entryPoint: 'build' },
      materials: [tool, { uri: 'https://git.example/acme/widget', digest: { sha1: SHA1 } }, git(GIT, OTHER_SHA1)],
    };
    expect(claimsOf(`${SLSA}/v0.1`, predicate)).toEqual({
      predicate_type: [`${SLSA}/v0.1`],
      slsa_builder: ['https://builder.example'],
      build_type: ['https://builder.example/recipe'],
      source_uri: ['https://git.example/acme/widget', GIT],
      source_sha: [SHA1, OTHER_SHA1],
    });
    const elsewhere = { ...predicate, recipe: { definedInMaterial: '1' }, materials: [tool, git()] };
    expect(claimsOf(`${SLSA}/v0.1`, elsewhere)).toMatchObject({ source_uri: [GIT], source_sha: [SHA1] });
  });

  it('reads SLSA provenance 0.2', () => {
    const predicate = {
      builder: { id: 'https://github.com/acme/builder@refs/tags/v1' },
      buildType: 'https://builder.example/go@v1',
      invocation: { configSource: { ...git(), entryPoint: 'release.yml' } },
      materials: [git(), tool],
    };
    expect(claimsOf(`${SLSA}/v0.2`, predicate)).toEqual({
      predicate_type: [`${SLSA}/v0.2`],
      slsa_builder: ['https://github.com/acme/builder@refs/tags/v1'],
      build_type: ['https://builder.example/go@v1'],
      source_uri: [GIT],
      source_sha: [SHA1],
    });
  });

  it.each([`${SLSA}/v1`, `${SLSA}/v1.0`, `${SLSA}/v1.0?draft`])('reads %s', (type) => {
    const predicate = {
      buildDefinition: {
        buildType: 'https://actions.github.io/buildtypes/workflow/v1',
        externalParameters: {
          workflow: { ref: 'refs/tags/v1', repository: 'https://github.com/acme/widget', path: 'release.yml' },
        },
        resolvedDependencies: [{ uri: GIT, digest: { gitCommit: SHA1 } }],
      },
      runDetails: { builder: { id: 'https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1' } },
    };
    expect(claimsOf(type, predicate)).toEqual({
      predicate_type: [type],
      slsa_builder: ['https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1'],
      build_type: ['https://actions.github.io/buildtypes/workflow/v1'],
      source_uri: [GIT],
      source_sha: [SHA1],
    });
  });

  it.each([
    `${SLSA}/v0.3`,
    `${SLSA}/v2`,
    `${SLSA}/v1.0draft`,
    `${SLSA}/v1/`,
    `x${SLSA}/v1`,
    'https://slsa_dev/provenance/v1',
  ])('reads no provenance in %s', (type) => {
    const { predicate } = JSON.parse(provenanceV1().toString()) as { readonly predicate: unknown };
    expect(claimsOf(type, predicate)).toEqual({ predicate_type: [type] });
  });

  it.each([
    [
      'the declared source and another that was used',
      { source: git('git+https://github.com/acme/widget@refs/heads/main', SHA1) },
      [git('git+https://github.com/evil/widget@refs/heads/main', OTHER_SHA1)],
      ['git+https://github.com/acme/widget@refs/heads/main', 'git+https://github.com/evil/widget@refs/heads/main'],
      [SHA1, OTHER_SHA1],
    ],
    [
      'a workflow of another repository',
      { workflow: { repository: 'https://github.com/evil/widget' } },
      [git()],
      ['https://github.com/evil/widget', GIT],
      [SHA1],
    ],
    ['a draft of the generator', { source: { artifact: git() } }, [], [GIT], [SHA1]],
    [
      'a tool from a repository, with the digest of its binary',
      { source: git() },
      [git(), { uri: 'git+https://github.com/acme/generator@refs/tags/v2', digest: { sha256: WIDGET_DIGEST } }],
      [GIT],
      [SHA1],
    ],
    ['a repository without a commit, and no other', {}, [{ uri: GIT }, tool], [GIT], undefined],
    ['two commits of one', {}, [git(), git(GIT, OTHER_SHA1)], [GIT], [SHA1, OTHER_SHA1]],
    ['tools only', {}, [tool], undefined, undefined],
  ])('gives %s', (_, externalParameters, resolvedDependencies, uris, shas) => {
    const predicate = { buildDefinition: { externalParameters, resolvedDependencies } };
    const { source_uri: uri, source_sha: sha } = claimsOf(`${SLSA}/v1`, predicate) ?? {};
    expect([uri, sha]).toEqual([uris, shas]);
  });

  it('takes two spellings of a name for both, as one verifier reads the first and another the second', () => {
    const predicate = { builder: { id: 'https://good.example' }, Builder: { ID: 'https://evil.example' } };
    const statement = {
      _type: V1,
      predicateType: `${SLSA}/v0.2`,
      subject: [{ name: 'a', digest: { sha256: WIDGET_DIGEST } }],
      Subject: [{ Name: 'b', digest: { sha256: 'ab'.repeat(32) } }],
      predicate,
      Predicate: { builder: { id: 'https://third.example' } },
    };
    expect(read(statement)).toEqual({
      claims: {
        predicate_type: [`${SLSA}/v0.2`],
        subject_name: ['a', 'b'],
        slsa_builder: ['https://good.example', 'https://evil.example', 'https://third.example'],
      },
      subjects: [`sha256:${WIDGET_DIGEST}`, `sha256:${'ab'.repeat(32)}`],
    });
  });

  it('keeps 10,000 values of a claim, and says how many more there are', () => {
    const subject = Array.from({ length: 10_250 }, (_, number) => ({ name: `file ${number}` }));
    const names = read({ _type: V1, predicateType: 'x', subject, predicate: {} })?.claims['subject_name'];
    expect(names).toHaveLength(10_001);
    expect(names?.slice(9998)).toEqual(['file 9998', 'file 9999', '(and 250 more)']);
  });

  it('hides nothing of what a server stores, which is 100 KiB', () => {
    const size = 100 * 1024 - 200;
    const names = Array.from({ length: Math.floor(size / 15) }, (_, number) => number.toString(36));
    const predicate = {};
    const subject = names.map((name) => ({ name }));
    const payload = Buffer.from(JSON.stringify({ _type: V1, predicateType: 'x', subject, predicate }));
    expect(payload.length).toBeLessThan(size + 200);
    expect(parseStatement(payload)?.claims['subject_name']).toEqual(names);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['a list', Buffer.from('[]')],
    ['an object', Buffer.from('{}')],
    ['another type', Buffer.from('{"_type":"https://in-toto.io/Statement/v2"}')],
    ['a type that is no text', Buffer.from(`{"_type":["${V1}"]}`)],
    ['an in-toto link', Buffer.from('{"_type":"link","name":"build"}')],
    [
      'JSON nested without end',
      Buffer.from(`{"_type":"${V1}","predicate":${'['.repeat(200_000)}${']'.repeat(200_000)}}`),
    ],
  ])('finds none in %s', (_, payload) => {
    expect(parseStatement(payload)).toBeNull();
  });

  it('leaves out whatever has another type than it should, and never throws', () => {
    const template = JSON.parse(provenanceV1().toString()) as Record<string, unknown>;
    fc.assert(
      fc.property(fc.nat(), fc.jsonValue({ maxDepth: 2 }), (place, value) => {
        const statement = structuredClone(template);
        const paths = pathsIn(statement);
        replace(statement, paths[place % paths.length] ?? [], value);
        const found = read(statement);
        for (const each of Object.values(found?.claims ?? {}).flat()) {
          expect(typeof each).toBe('string');
          expect(each).not.toBe('');
        }
        for (const subject of found?.subjects ?? []) {
          expect(subject).toMatch(/^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is linear in what a hostile statement makes it look at', () => {
    const spellings = (name: string, count: number, value: unknown) =>
      Object.fromEntries(Array.from({ length: count }, (_, mask) => [spelling(name, mask), value]));
    const predicate = { builder: { id: 'x' }, materials: Array.from({ length: 500 }, () => git()) };
    const statement = {
      _type: V1,
      ...spellings('predicateType', 4096, `${SLSA}/v0.2`),
      ...spellings('predicate', 64, predicate),
      subject: Array.from({ length: 20_000 }, (_, number) => ({ name: `${number}`, digest: { sha256: 'x' } })),
    };
    expect(read(statement)?.claims).toMatchObject({ slsa_builder: ['x'], source_uri: [GIT] });
    const large = { ...spellings('kkkkkkkkkkkkkk', 16_000, 0), ...git() };
    const recipe = spellings('definedInMaterial', 16_000, 0);
    expect(claimsOf(`${SLSA}/v0.1`, { recipe, materials: [large] })).toMatchObject({ source_uri: [GIT] });
  });
});

/** One of the 2^n spellings of a name. */
function spelling(name: string, mask: number): string {
  return Array.from(name, (letter, place) => ((mask >> place) & 1 ? letter.toUpperCase() : letter)).join('');
}

function pathsIn(value: unknown): readonly (readonly string[])[] {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [[key], ...pathsIn(inner).map((path) => [key, ...path])])
    : [];
}

function replace(parent: unknown, [key, ...rest]: readonly string[], value: unknown): void {
  // Made from the value itself.
  const object = parent as Record<string, unknown>;
  if (key !== undefined && rest.length === 0) {
    object[key] = value;
  } else if (key !== undefined) {
    replace(object[key], rest, value);
  }
}
