import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { lintConfig } from '../../src/config/lint.ts';
import { loadConfig, loadWithSource } from '../../src/config/load.ts';
import { createConfigFolder, problemsOf, type ConfigFolder } from './config-folder.ts';

let folder: ConfigFolder;

beforeEach(() => {
  folder = createConfigFolder();
  mkdirSync(join(folder.path, 'watches'));
});

afterEach(() => {
  folder.remove();
});

function watch(name: string, more = ''): string {
  return `{ name: ${name}, select: [{ key: k }]${more} }`;
}

function namesOf(include: string, rest = ''): string[] {
  const file = folder.write('sigwatch.yaml', `version: 1\ninclude: ${include}\n${rest}`);
  return loadConfig(file, {}).watches.map(({ name }) => name);
}

/** The problems of a configuration that includes files, each with its file. */
function problemsIn(yaml: string): string[] {
  const file = folder.write('sigwatch.yaml', `version: 1\n${yaml}`);
  try {
    loadConfig(file, {});
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.message.replaceAll(folder.path, 'DIR').split('\n') : [String(error)];
  }
}

describe('include', () => {
  it('takes watches in the order of file names, behind those of the file itself', () => {
    folder.write('watches/b.yaml', `watches: [${watch('b1')}, ${watch('b2')}]`);
    folder.write('watches/a.yaml', `version: 1\nwatches: [${watch('a')}]`);
    folder.write('watches/c.yml', `watches: [${watch('c')}]`);
    folder.write('other.yaml', `watches: [${watch('o')}]`);
    const own = `watches: [${watch('z')}]`;
    expect(namesOf('["watches/*.yaml"]', own)).toEqual(['z', 'a', 'b1', 'b2']);
    expect(namesOf('[watches/c.yml, "watches/*", ./other.yaml]')).toEqual(['o', 'a', 'b1', 'b2', 'c']);
    expect(namesOf(`["${folder.path}/w*/?.yaml", other.yaml]`.replace('?', '*'))).toEqual(['o', 'a', 'b1', 'b2']);
    expect(namesOf('["*/a.yaml", "w*ch*s/*b.y*l"]')).toEqual(['a', 'b1', 'b2']);
  });

  it('goes through links, and past names that begin with a dot', () => {
    mkdirSync(join(folder.path, '..data'));
    folder.write('..data/x.yaml', `watches: [${watch('x')}]`);
    symlinkSync(join('..', '..data', 'x.yaml'), join(folder.path, 'watches', 'x.yaml'));
    folder.write('watches/.x.yaml.swp', 'no YAML: [');
    expect(namesOf('["watches/*"]')).toEqual(['x']);
    expect(namesOf('["*/x.yaml"]')).toEqual(['x']);
    expect(namesOf('["..*/x.yaml"]')).toEqual(['x']);
  });

  it('reads paths relative to the file that names them, also when they are taken over', () => {
    folder.write('watches/token', 'secret\n');
    folder.write(
      'watches/a.yaml',
      `templates: [{ name: t, attestations: { directory: ./att } }]
watches: [${watch('a', ', attestations: { github: true, token: { file: token } }')}, ${watch('b', ', extends: t')}]`,
    );
    const file = folder.write(
      'sigwatch.yaml',
      `version: 1\ninclude: [watches/a.yaml]\nwatches: [${watch('z', ', extends: t')}]`,
    );
    const places = loadConfig(file, {}).watches.map(({ attestations }) => attestations);
    const directory = { kind: 'directory', path: join(folder.path, 'watches', 'att') };
    expect(places).toEqual([directory, { kind: 'github', url: 'https://api.github.com', token: 'secret' }, directory]);
  });

  it('extends across files, and routes name their watches', () => {
    folder.write(
      'watches/a.yaml',
      'watches: [{ name: a, extends: main }]\ntemplates: [{ name: t, select: [{ key: k }] }]',
    );
    folder.write('watches/b.yaml', 'watches: [{ name: b, extends: t, notify: [c] }]');
    const rest = `templates: [{ name: main, extends: t }]
watches: [{ name: w, extends: b }]
notify:
  channels: { c: { type: slack, webhook_url: https://h/x } }
  routes: [{ watch: [a, b], to: c }]`;
    expect(namesOf('["watches/*.yaml"]', rest)).toEqual(['w', 'a', 'b']);
  });

  it('names file, line, column and key of whatever is wrong, the file itself first', () => {
    folder.write('watches/a.yaml', `watches:\n  - ${watch('a', ', cadence: 5')}\n  - name: z\n    selct: []`);
    folder.write('watches/b.yaml', `version: 2\nlogs: {}\ninclude: [x]\nwatches: 5\nwatches: 6`);
    folder.write('watches/c.yaml', `templates:\n  - { name: t, severity: hi, mode: audit }`);
    expect(
      problemsIn(`include: ["watches/*.yaml"]\nwatches:\n  - ${watch('z')}\n  - ${watch('y', ', extends: t')}\nx: 1`),
    ).toEqual([
      expect.stringMatching(/^DIR\/sigwatch\.yaml:6:1: x: unknown key "x"; /),
      'DIR/watches/a.yaml:2:47: watches[0].cadence: expected a duration such as 500ms, 10s, 5m, 24h or 7d',
      'DIR/watches/a.yaml:3:5: watches[1]: missing key "select": expected a list',
      'DIR/watches/a.yaml:3:11: watches[1].name: duplicate name "z": watches[0] has it already',
      expect.stringMatching(
        /^DIR\/watches\/a\.yaml:4:5: watches\[1\]\.selct: unknown key "selct"; did you mean "select"\?; /,
      ),
      'DIR/watches/b.yaml:1:10: version: expected 1, found 2',
      'DIR/watches/b.yaml:2:1: logs: unknown key "logs"; expected one of: version, templates, watches',
      'DIR/watches/b.yaml:3:1: include: unknown key "include"; expected one of: version, templates, watches',
      'DIR/watches/b.yaml:4:10: watches: expected a list, found 5',
      'DIR/watches/b.yaml:5:1: watches: duplicate key "watches": it stands already in line 4',
      'DIR/watches/c.yaml:2:26: templates[0].severity: expected one of: critical, high, medium, low, found "hi"',
    ]);
  });

  it('says in which file a name stands already', () => {
    folder.write('watches/a.yaml', `watches: [${watch('a')}, ${watch('a')}]`);
    folder.write('watches/b.yaml', `watches: [${watch('a')}]`);
    expect(problemsIn('include: ["watches/*.yaml"]')).toEqual([
      'DIR/watches/a.yaml:1:54: watches[1].name: duplicate name "a": watches[0] of "DIR/watches/a.yaml" has it already',
      'DIR/watches/b.yaml:1:19: watches[0].name: duplicate name "a": watches[0] of "DIR/watches/a.yaml" has it already',
    ]);
  });

  it('tells nothing of names that may stand in what could not be read', () => {
    folder.write('watches/a.yaml', 'watches: [');
    const rest = `watches: [{ name: w, extends: a }]
notify: { channels: { c: { type: slack, webhook_url: https://h/x } }, routes: [{ watch: a, to: c }, { to: d }] }`;
    expect(problemsIn(`include: [watches/a.yaml]\n${rest}`)).toEqual([
      'DIR/sigwatch.yaml:4:107: notify.routes[1].to: unknown channel "d"; expected one of: c',
      expect.stringMatching(/^DIR\/watches\/a\.yaml:1:11: not valid YAML 1\.2: /),
    ]);
  });

  it.each<[name: string, include: string, problem: string]>([
    [
      'a file that is missing',
      '[nope.yaml]',
      'f:2:11: include[0]: Cannot include "DIR/nope.yaml": no such file; expected a path relative to this file',
    ],
    [
      'a pattern that means nothing',
      '["watches/*.yaml"]',
      'f:2:11: include[0]: Cannot include "watches/*.yaml": no file is called so, expected one at least (* stands for any run of characters but "/", and not for a dot that a name begins with)',
    ],
    ['a folder', '[watches]', 'f:2:11: include[0]: Cannot include "DIR/watches": expected a file, found a folder'],
    [
      'a folder that a pattern means',
      '["w*"]',
      'f:2:11: include[0]: Cannot include "DIR/watches": expected a file, found a folder',
    ],
    ['what is no file', '[/dev/null]', 'f:2:11: include[0]: Cannot include "/dev/null": expected a file'],
    [
      'itself',
      '["*.yaml"]',
      'f:2:11: include[0]: Cannot include the file itself: keep what is included in a folder of its own',
    ],
    [
      'folders of any depth',
      '["**/x"]',
      'f:2:11: include[0]: expected the path of a file, in which * may stand for any run of characters but "/"',
    ],
    [
      'no name',
      '[""]',
      'f:2:11: include[0]: expected the path of a file, in which * may stand for any run of characters but "/"',
    ],
    ['none', '[]', 'f:2:10: include: expected paths of files, at least one'],
    ['one that stands outside a list', 'watches/a.yaml', 'f:2:10: include: expected a list, found "watches/a.yaml"'],
    ['what is no text', '[5]', 'f:2:11: include[0]: expected a string, found 5: write it in quotes'],
    ['a name with a zero byte', '["a\\0b"]', 'f:2:11: include[0]: Cannot include "DIR/a\\u0000b": '],
  ])('refuses %s', (_name, include, problem) => {
    const [first, ...others] = problemsOf(folder, `version: 1\ninclude: ${include}\n`);
    expect(others).toEqual([]);
    expect(first?.startsWith(problem)).toBe(true);
    expect(problem.endsWith(': ') || first === problem).toBe(true);
  });

  it('refuses the same name twice, but not a file that two names mean', () => {
    folder.write('watches/a.yaml', `watches: [${watch('a')}]`);
    expect(namesOf('[watches/a.yaml, "watches/*", ./watches/a.yaml]')).toEqual(['a']);
    expect(problemsOf(folder, 'version: 1\ninclude: [watches/a.yaml, watches/a.yaml]')).toEqual([
      'f:2:27: include[1]: "watches/a.yaml" stands in this list already, as number 1',
    ]);
  });

  it.each<[name: string, content: string | Buffer, problem: string]>([
    ['nothing', '', ':1:1: expected a map with "watches" or "templates", found nothing'],
    ['a list', '- a', ':1:1: expected a map with "watches" or "templates", found a list'],
    ['what is nested without end', '['.repeat(1000), ':1:61: nested deeper than 60 levels'],
  ])('refuses a file with %s', (_name, content, problem) => {
    folder.write('watches/a.yaml', content);
    expect(problemsIn('include: [watches/a.yaml]')).toEqual([`DIR/watches/a.yaml${problem}`]);
  });

  it.each<[name: string, content: string | Buffer, problem: string]>([
    ['of more than 1 MiB', '#'.repeat(1024 * 1024 + 1), 'it is larger than 1048576 bytes'],
    ['that is not UTF-8', Buffer.from([0xff]), 'it is not UTF-8'],
  ])('refuses a file %s, where it is named', (_name, content, problem) => {
    folder.write('watches/a.yaml', content);
    expect(problemsOf(folder, 'version: 1\ninclude: [watches/a.yaml]')).toEqual([
      `f:2:11: include[0]: Cannot read configuration "DIR/watches/a.yaml": ${problem}`,
    ]);
  });

  it('refuses more than 1,000 files, and more than 16 MiB of them', () => {
    for (let i = 0; i < 1001; i++) {
      folder.write(`watches/w${i}`, '{}');
    }
    expect(problemsOf(folder, 'version: 1\ninclude: ["watches/*"]')).toEqual([
      'f:2:1: include: Cannot include 1001 files: expected at most 1000',
    ]);
    rmSync(join(folder.path, 'watches'), { recursive: true });
    mkdirSync(join(folder.path, 'watches'));
    for (let i = 0; i < 17; i++) {
      folder.write(`watches/w${i}`, `{} #${'x'.repeat(1024 * 1024 - 10)}`);
    }
    expect(readdirSync(join(folder.path, 'watches'))).toHaveLength(17);
    expect(problemsOf(folder, 'version: 1\ninclude: ["watches/*"]')).toEqual([
      expect.stringMatching(
        /^f:2:11: include\[0\]: Cannot include "DIR\/watches\/w9": with it the files have more than 16777216 characters together$/,
      ),
    ]);
  });

  it('warns with the file, line and column of an included file', () => {
    const path = folder.write(
      'watches/a.yaml',
      'watches:\n  - name: a\n    select: [{ subject: https://github.com/acme/widget/blob/x }]',
    );
    const file = folder.write('sigwatch.yaml', 'version: 1\ninclude: [watches/a.yaml]');
    const { config, source } = loadWithSource(file, {});
    const warnings = lintConfig(config, source).filter(({ rule }) => rule === 'blob-subject');
    expect(warnings).toMatchObject([{ file: path, line: 3, column: 25, path: 'watches[0].select[0].subject' }]);
  });
});
