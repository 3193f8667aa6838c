import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintConfig } from '../../src/config/lint.ts';
import { loadConfig, loadWithSource } from '../../src/config/load.ts';
import { createConfigFolder, problemsOf, type ConfigFolder } from './config-folder.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
  folder.write('token', 'from-file\n');
  mkdirSync(join(folder.path, 'attestations'));
});

afterAll(() => {
  folder.remove();
});

function yaml(attestations: string, expected = 'slsa_builder: acme/builders/**'): string {
  return `version: 1
watches:
  - name: w
    select: [{ source_repository: acme/widget }]
    expect: { ${expected} }
    attestations: ${attestations}
`;
}

describe('attestations of a watch', () => {
  it.each<[string, unknown]>([
    ['{ github: true }', { kind: 'github', url: 'https://api.github.com', token: null }],
    ['{ github: true, token: { env: TOKEN } }', { kind: 'github', url: 'https://api.github.com', token: 'from-env' }],
    ['{ github: true, token: { file: token } }', { kind: 'github', url: 'https://api.github.com', token: 'from-file' }],
    ['{ github: true, url: "https://h/api/v3/" }', { kind: 'github', url: 'https://h/api/v3', token: null }],
    ['{ github: true, url: "http://127.0.0.1:1" }', { kind: 'github', url: 'http://127.0.0.1:1', token: null }],
  ])('are %s', (text, place) => {
    const [watch] = loadConfig(folder.write('sigwatch.yaml', yaml(text)), { TOKEN: 'from-env' }).watches;
    expect(watch?.attestations).toEqual(place);
  });

  it('are a folder beside the file, or none', () => {
    const [watch] = loadConfig(folder.write('sigwatch.yaml', yaml('{ directory: ./attestations }')), {}).watches;
    expect(watch?.attestations).toEqual({ kind: 'directory', path: join(folder.path, 'attestations') });
    const without = yaml('x').replace(/ {4}attestations.*\n/, '');
    expect(loadConfig(folder.write('sigwatch.yaml', without), {}).watches[0]?.attestations).toBeNull();
  });

  it.each<[string, ...string[]]>([
    [
      '7',
      'f:6:19: watches[0].attestations: expected { github: true } with token and url if need be, or { directory: PATH }',
    ],
    ['{ github: false }', 'f:6:29: watches[0].attestations.github: expected true, found false'],
    ['{ directory: "" }', 'f:6:32: watches[0].attestations.directory: expected a path'],
    [
      '{ directory: x, token: y }',
      'f:6:35: watches[0].attestations.token: unknown key "token"; expected one of: directory',
    ],
    [
      '{ github: true, url: "http://h" }',
      'f:6:40: watches[0].attestations.url: Cannot use "http://h" for attestations: it is not encrypted, expected https',
    ],
    [
      '{ github: true, url: "ftp://h" }',
      'f:6:40: watches[0].attestations.url: Cannot use "ftp://h" as a URL: expected http://HOST/PATH or https://HOST/PATH',
    ],
    [
      '{ github: true, token: { env: NONE } }',
      'f:6:49: watches[0].attestations.token.env: Cannot read secret: environment variable "NONE" is not set; set it for the process, or use { file: PATH }',
    ],
  ])('cannot be %s', (text, ...problems) => {
    expect(problemsOf(folder, yaml(text))).toEqual(problems);
  });

  it.each<[string, string | undefined, ...string[]]>([
    ['{ github: true }', undefined],
    ['{ directory: attestations }', undefined],
    ['{ directory: later }', undefined, 'missing-folder watches[0].attestations.directory'],
    ['{ github: true, token: abc }', undefined, 'literal-secret watches[0].attestations.token'],
    ['{ github: true }', 'source_ref: refs/tags/v*', 'unused-attestations watches[0].attestations'],
  ])('are linted: %s', (text, expected, ...rules) => {
    const { config, source } = loadWithSource(folder.write('sigwatch.yaml', yaml(text, expected)), {});
    const warnings = lintConfig(config, source).map(({ rule, path }) => `${rule} ${path}`);
    expect(warnings.filter((warning) => warning.includes('attestations'))).toEqual(rules);
  });
});
