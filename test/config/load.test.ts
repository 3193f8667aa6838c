import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { createConfigFolder, problemsOf, type ConfigFolder } from './config-folder.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
  mkdirSync(join(folder.path, 'a-folder'));
  folder.write('secret', 'hunter2\n');
  folder.write('two-lines', 'one\n\n');
  folder.write('empty', '\n');
  folder.write('large', 'x'.repeat(64 * 1024 + 1));
  folder.write('not-pem', 'hello');
  folder.write('broken.pub', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n');
});

afterAll(() => {
  folder.remove();
});

function load(yaml: string, env: Record<string, string> = {}): ReturnType<typeof loadConfig> {
  return loadConfig(folder.write('good.yaml', yaml), env);
}

function spkiOf(name: string): Buffer {
  return createPublicKey(readFileSync(join(folder.path, name))).export({ type: 'spki', format: 'der' });
}

describe('loadConfig()', () => {
  it('fills in every default', () => {
    expect(load('version: 1')).toEqual({
      file: join(folder.path, 'good.yaml'),
      database: join(folder.path, 'data', 'sigwatch.db'),
      trust: { source: { kind: 'public-good' }, authorities: [] },
      logs: { discover: true, pollIntervalMs: 10_000, start: 'head', custom: [] },
      watches: [],
      notify: null,
      retention: { checkpointsMs: 400 * 86_400_000, deliveriesMs: 90 * 86_400_000 },
    });
  });

  it('puts the database where systemd says, unless the file names one', () => {
    const env = { STATE_DIRECTORY: '/var/lib/sigwatch:/var/lib/other' };
    expect([load('version: 1', env).database, load('version: 1\ndatabase: x.db', env).database]).toEqual([
      '/var/lib/sigwatch/sigwatch.db',
      join(folder.path, 'x.db'),
    ]);
  });

  it('reads custom logs, their keys and where they begin', () => {
    const config = load(`
version: 1
logs:
  discover: false
  poll_interval: 500ms
  start: 2026-01-31T12:00:00+01:00
  custom:
    - { name: old, type: rekor-v1, url: "http://127.0.0.1:3000/", origin: rekor.test, public_key: [ed25519.pub, p256.pub] }
    - { name: new, type: rekor-v2, url: https://h/log//, origin: h/log, public_key: ./p256.pub, start: 7 }
    - { name: root, type: rekor-v2, url: https://h/root, read_path: "", origin: root, public_key: p256.pub, start: genesis }
`);
    expect(config.logs).toEqual({
      discover: false,
      pollIntervalMs: 500,
      start: new Date('2026-01-31T11:00:00Z'),
      custom: [
        {
          name: 'old',
          type: 'rekor-v1',
          url: 'http://127.0.0.1:3000',
          readPath: '',
          origin: 'rekor.test',
          publicKeys: [spkiOf('ed25519.pub'), spkiOf('p256.pub')],
          start: new Date('2026-01-31T11:00:00Z'),
        },
        {
          name: 'new',
          type: 'rekor-v2',
          url: 'https://h/log',
          readPath: '/api/v2',
          origin: 'h/log',
          publicKeys: [spkiOf('p256.pub')],
          start: 7,
        },
        {
          name: 'root',
          type: 'rekor-v2',
          url: 'https://h/root',
          readPath: '',
          origin: 'root',
          publicKeys: [spkiOf('p256.pub')],
          start: 'genesis',
        },
      ],
    });
  });

  it('reads a CA chain in either order, leaf side first', () => {
    const pem = readFileSync(join(folder.path, 'ca.pem'), 'utf8');
    const blocks = pem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? [];
    folder.write('root-first.pem', [...blocks].reverse().join('text between\n'));
    const chainOf = (file: string): unknown =>
      load(`version: 1\ntrust: { source: none, certificate_authorities: [{ name: ca, chain: ${file} }] }`).trust;
    expect(chainOf('root-first.pem')).toEqual(chainOf('ca.pem'));
    expect(chainOf('ca.pem')).toEqual({
      source: { kind: 'none' },
      authorities: [{ name: 'ca', chain: blocks.map(derOf), validFrom: null, validTo: null }],
    });
  });

  it('reads watches with their patterns as written', () => {
    const [watch, second] = load(`
version: 1
watches:
  - name: w
    description: d
    select: [{ source_repository: acme/widget, runner: [a, { not: b }] }, { subject: { regexp: "x.*" } }]
    expect: { source_ref: [refs/tags/v*], "oid:1.2.3": x }
    mode: audit
    severity: low
    notify: [c]
  - { name: n, select: [{ key: k }], expect: none }
notify: { channels: { c: { type: slack, webhook_url: https://hooks.test/x } } }
`).watches;
    const rule = (claim: string, source: unknown): unknown => ({
      claim,
      patterns: [{ source, matches: expect.any(Function) as unknown }],
    });
    expect(watch).toEqual({
      name: 'w',
      description: 'd',
      select: [
        [rule('source_repository', 'acme/widget'), rule('runner', ['a', { not: 'b' }])],
        [rule('subject', { regexp: 'x.*' })],
      ],
      expect: [rule('source_ref', ['refs/tags/v*']), rule('oid:1.2.3', 'x')],
      mode: 'audit',
      severity: 'low',
      notify: ['c'],
    });
    expect(watch?.select[0][0].patterns[0].matches('https://github.com/Acme/widget')).toBe(true);
    expect(second).toEqual({
      name: 'n',
      description: null,
      select: [[rule('key', 'k')]],
      expect: 'none',
      mode: 'enforce',
      severity: 'high',
      notify: null,
    });
  });

  it('reads channels, their secrets and routes', () => {
    const config = load(
      `
version: 1
watches: [{ name: w, select: [{ key: k }] }]
notify:
  channels:
    s: { type: slack, webhook_url: { env: HOOK } }
    m: { type: email, from: a@b.c, to: Sec <s@b.c>, smtp: { host: smtp.b.c, user: u, password: { file: secret } } }
    l: { type: email, from: a@b.c, to: [x@b.c, y@b.c], smtp: { host: 127.0.0.1, port: 25 } }
    i: { type: email, from: a@b.c, to: x@b.c, smtp: { host: "::1", tls: implicit, user: u, password: { file: two-lines } } }
  routes:
    - { class: identity, severity: [critical, high], kind: forged, watch: w, to: s, continue: true }
    - { to: [m, l] }
  group_wait: 0s
  repeat_interval: 7d
`,
      { HOOK: 'https://hooks.test/T/B/x' },
    );
    const mail = (to: string[], smtp: object): unknown => ({ type: 'email', from: 'a@b.c', to, smtp });
    const nobody = { user: null, password: null };
    expect(config.notify).toEqual({
      channels: new Map<string, unknown>([
        ['s', { type: 'slack', webhookUrl: 'https://hooks.test/T/B/x' }],
        ['m', mail(['Sec <s@b.c>'], { host: 'smtp.b.c', port: 587, tls: 'required', user: 'u', password: 'hunter2' })],
        ['l', mail(['x@b.c', 'y@b.c'], { host: '127.0.0.1', port: 25, tls: 'opportunistic', ...nobody })],
        ['i', mail(['x@b.c'], { host: '::1', port: 587, tls: 'implicit', user: 'u', password: 'one\n' })],
      ]),
      routes: [
        {
          class: ['identity'],
          severity: ['critical', 'high'],
          kind: ['forged'],
          watch: ['w'],
          to: ['s'],
          continue: true,
        },
        { class: null, severity: null, kind: null, watch: null, to: ['m', 'l'], continue: false },
      ],
      groupWaitMs: 0,
      repeatIntervalMs: 7 * 86_400_000,
    });
  });

  it('keeps a TUF root as a path and reads a trusted root', () => {
    folder.write('root.json', '{}');
    const trust = load('version: 1\ntrust: { source: { tuf: "https://tuf.test/", root: root.json } }').trust;
    expect(trust.source).toEqual({ kind: 'tuf', url: 'https://tuf.test', root: join(folder.path, 'root.json') });
  });

  it('follows anchors and aliases', () => {
    const config = load(`
version: 1
watches:
  - { name: a, select: [&ours { source_repository: acme/widget }], expect: &good { runner: github-hosted } }
  - { name: b, select: [*ours], expect: *good }
`);
    expect(JSON.stringify(config.watches[1])).toBe(JSON.stringify(config.watches[0]).replace('"a"', '"b"'));
  });
});

function derOf(pem: string): Buffer {
  return new X509Certificate(pem).raw;
}

describe('loadConfig() on files', () => {
  it.each([
    ['missing.yaml', 'Cannot read configuration "DIR/missing.yaml": no such file'],
    ['a-folder', 'Cannot read configuration "DIR/a-folder": it is a folder'],
  ])('refuses %s', (name, message) => {
    const file = join(folder.path, name);
    expect(() => loadConfig(file, {})).toThrow(`${file}: ${message.replaceAll('DIR', folder.path)}`);
  });

  it.each<[name: string, content: string | Buffer, problem: string]>([
    [
      'what is no UTF-8',
      Buffer.from([0x61, 0xff]),
      'f: Cannot read configuration "DIR/sigwatch.yaml": it is not UTF-8',
    ],
    [
      'what is larger than 1 MiB',
      '#'.repeat(1024 * 1024 + 1),
      'f: Cannot read configuration "DIR/sigwatch.yaml": it is larger than 1048576 bytes',
    ],
    ['nothing', '', 'f:1:1: expected a map that begins with "version: 1", found nothing'],
    ['only comments', '# hello\n', 'f:1:1: expected a map that begins with "version: 1", found nothing'],
    ['a list', '- a\n', 'f:1:1: expected a map that begins with "version: 1", found a list'],
  ])('refuses %s', (_name, content, problem) => {
    expect(problemsOf(folder, content)).toEqual([problem]);
  });
});

describe('loadConfig() on YAML', () => {
  it.each<[name: string, yaml: string, problems: readonly string[]]>([
    [
      'a duplicate key',
      'version: 1\nlogs:\n  discover: true\n  discover: false',
      ['f:4:3: logs.discover: duplicate key "discover": it stands already in line 3'],
    ],
    ['an open quote', 'version: 1\ndatabase: "x', ['f:2:13: not valid YAML 1.2: Missing closing "quote']],
    [
      'a tab',
      'version: 1\nlogs:\n\tdiscover: true',
      ['f:3:1: not valid YAML 1.2: Tabs are not allowed as indentation'],
    ],
    ['a second document', 'version: 1\n---\nversion: 1', ['f:2:1: a second document begins here; expected one']],
    ['another version of YAML', '%YAML 1.1\n---\nversion: 1', ['f:1:1: %YAML 1.1; expected 1.2']],
    ['an unknown tag', 'version: 1\ndatabase: !env X', ['f:2:11: not valid YAML 1.2: Unresolved tag: !env']],
    [
      'binary',
      'version: 1\ndatabase: !!binary aGk=',
      ['f:2:20: database: unknown tag "tag:yaml.org,2002:binary"; expected a plain value'],
    ],
    ['an alias of nothing', 'version: 1\ndatabase: *x', ['f:2:11: database: alias "*x" refers to no anchor before it']],
    [
      'an alias inside itself',
      'version: 1\nlogs: &l { custom: [*l] }',
      [
        'f:2:10: logs.custom[0]: missing key "type": expected one of: rekor-v1, rekor-v2',
        'f:2:21: logs.custom[0].custom[0]: alias "*l" refers to what it is part of',
      ],
    ],
    [
      'a key that is no string',
      'version: 1\n2: x',
      ['f:2:1: expected every key to be a plain string: put other keys in quotes'],
    ],
    [
      'a key that is a list',
      'version: 1\n? [a]\n: x',
      ['f:2:3: expected every key to be a plain string: put other keys in quotes'],
    ],
    [
      'a merge key',
      'version: 1\nlogs: { <<: { discover: true } }',
      ['f:2:9: logs["<<"]: unknown key "<<"; expected one of: discover, poll_interval, start, custom'],
    ],
    [
      'a key of every object',
      'version: 1\nconstructor: x',
      [
        'f:2:1: constructor: unknown key "constructor"; expected one of: version, database, trust, logs, watches, notify, retention',
      ],
    ],
    [
      'the key of prototypes',
      'version: 1\n__proto__: { x: 1 }',
      ['f:2:1: expected every key to be a plain string: put other keys in quotes'],
    ],
    [
      'escapes',
      'version: 1\n"a\\e[31m\\u202Eb": x',
      [
        'f:2:1: ["a\\u001b[31m\\u202eb"]: unknown key "a\\u001b[31m\\u202eb"; expected one of: version, database, trust, logs, watches, notify, retention',
      ],
    ],
  ])('refuses %s', (_name, yaml, problems) => {
    expect(problemsOf(folder, yaml)).toEqual(problems);
  });

  it.each([
    ['lists', '['.repeat(100_000)],
    ['maps', '{a: '.repeat(100_000)],
    ['block lists', '- '.repeat(100_000)],
    ['block maps', Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('refuses %s nested without end', (_name, yaml) => {
    expect(problemsOf(folder, yaml)).toEqual([expect.stringMatching(/^f:\d+:\d+: nested deeper than 60 levels$/)]);
  });

  it('refuses aliases that multiply', () => {
    const level = (name: string, of: string): string => `${name}: &${name} [${Array(9).fill(of).join(', ')}]`;
    const levels = Array.from('bcdefghijk').map((name, index) => level(name, `*${String('abcdefghij'[index])}`));
    expect(problemsOf(folder, [level('a', 'x'), ...levels].join('\n'))).toEqual([
      expect.stringMatching(/^f:\d+:\d+: \S+ too many values, or nested too deeply, once its aliases are followed$/),
    ]);
  });

  it('reads a file of many keys in time that grows with its size', () => {
    const channels = Array.from({ length: 20_000 }, (_, index) => `    c${index}: x`).join('\n');
    expect(problemsOf(folder, `version: 1\nnotify:\n  channels:\n${channels}`)).toHaveLength(20_000);
  });
});
