import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, loadWithoutSecrets } from '../../src/config/load.ts';
import { LocalLog } from '../../src/demo/local-log.ts';
import { parseWitnessPolicy } from '../../src/tlog/witness-policy.ts';
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
      logs: {
        discover: true,
        ct: false,
        pollIntervalMs: 10_000,
        start: 'head',
        staleAfterMs: undefined,
        custom: [],
        override: new Map(),
        witnesses: null,
      },
      watches: [],
      notify: null,
      retention: { checkpointsMs: 400 * 86_400_000, deliveriesMs: 90 * 86_400_000 },
      network: { proxy: null, ca: null },
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
    expect(config.logs).toMatchObject({
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

  it('reads what is asked of single logs, and nothing where nothing is', () => {
    const note = signedNote('h', 7);
    folder.write('h.note', note.text);
    folder.write('h.pub', note.pem);
    const { logs } = load(`
version: 1
logs:
  ct: true
  stale_after: none
  custom:
    - { name: c, type: ct, url: "HTTPS://h/2026/", public_key: p256.pub, start: 2026-01-31, stale_after: 1d }
    - { name: h, type: rekor-v2, url: "https://h", origin: h, public_key: h.pub, checkpoint: h.note, also: "https://i/" }
  override:
    h: { url: "https://j", stale_after: none, also: [https://k, https://l], name: mine, start: 5 }
    r.test: { type: rekor-v1, public_key: [p256.pub], origin: other.test, enabled: false, read_path: "" }
    r.test - 12: { enabled: false, stale_after: 90m }
`);
    expect([logs.ct, logs.staleAfterMs]).toEqual([true, null]);
    expect(logs.custom).toEqual([
      {
        ...{ name: 'c', type: 'ct', url: 'HTTPS://h/2026', readPath: '', origin: 'h/2026' },
        ...{ publicKeys: [spkiOf('p256.pub')], start: new Date('2026-01-31'), staleAfterMs: 86_400_000 },
      },
      {
        ...{ name: 'h', type: 'rekor-v2', url: 'https://h', readPath: '/api/v2', origin: 'h', start: 'head' },
        ...{ publicKeys: [spkiOf('h.pub')], also: ['https://i'] },
        checkpoint: { file: join(folder.path, 'h.note'), note: note.text },
      },
    ]);
    expect(logs.override).toEqual(
      new Map<string, unknown>([
        ['h', { url: 'https://j', staleAfterMs: null, also: ['https://k', 'https://l'], name: 'mine', start: 5 }],
        [
          'r.test',
          {
            ...{ type: 'rekor-v1', publicKeys: [spkiOf('p256.pub')], origin: 'other.test' },
            ...{ enabled: false, readPath: '' },
          },
        ],
        ['r.test - 12', { enabled: false, staleAfterMs: 5_400_000 }],
      ]),
    );
  });

  it('reads a witness policy', () => {
    folder.write('policy.txt', 'quorum none\n');
    const witnesses = (yaml: string): unknown => load(`version: 1\nlogs: { witnesses: { ${yaml} } }`).logs.witnesses;
    const policy = parseWitnessPolicy('quorum none\n');
    expect(witnesses('policy: policy.txt')).toEqual({ policy, onMissing: 'warn' });
    expect(witnesses('policy: policy.txt, on_missing: alert')).toEqual({ policy, onMissing: 'alert' });
  });

  it('reads how other machines are reached', () => {
    const env = { HTTP_PROXY: 'proxy.test:3128', https_proxy: 'http://u:p@secure.test', NO_PROXY: 'localhost,.test' };
    const network = (yaml: string, from: Record<string, string> = env): unknown =>
      load(`version: 1\nnetwork: { ${yaml} }`, from).network;
    const proxy = { http: 'http://proxy.test:3128', https: 'http://u:p@secure.test', noProxy: 'localhost,.test' };
    expect(network('')).toEqual({ proxy, ca: null });
    expect(network('proxy: none')).toEqual({ proxy: null, ca: null });
    expect(network('proxy: env', { NO_PROXY: '*' })).toEqual({ proxy: null, ca: null });
    expect(network('ca_bundle: ca.pem')).toEqual({
      proxy,
      ca: readFileSync(join(folder.path, 'ca.pem'), 'utf8').trim(),
    });
    expect(network('ca_bundle: null')).toEqual({ proxy, ca: null });
  });

  it('refuses a proxy that is no URL, without showing it', () => {
    const problems = problemsOf(folder, 'version: 1\nnetwork: { proxy: env }', { HTTPS_PROXY: 'u:hunter2@h:p' });
    expect(problems).toEqual([
      'f:2:19: network.proxy: Cannot use HTTPS_PROXY of the environment as a proxy: expected http://HOST:PORT',
    ]);
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
      attestations: null,
      firstSeen: [],
      burst: null,
      cadenceMs: null,
      artifacts: null,
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
      attestations: null,
      firstSeen: [],
      burst: null,
      cadenceMs: null,
      artifacts: null,
    });
  });

  it('reads what else a watch tells', () => {
    const [watch] = load(`
version: 1
watches:
  - name: w
    select: [{ key: k }]
    first_seen: [builder, "oid:1.2.3"]
    burst: { per: 10m, over: 20 }
    cadence: 30d
    artifacts: { follow: true, allow: [{ issuer: i, subject: s }, { key: l }] }
`).watches;
    expect(watch).toMatchObject({
      firstSeen: ['builder', 'oid:1.2.3'],
      burst: { perMs: 600_000, over: 20 },
      cadenceMs: 30 * 86_400_000,
      artifacts: { follow: true, allow: [[{ claim: 'issuer' }, { claim: 'subject' }], [{ claim: 'key' }]] },
    });
    const more = '{ name: w, select: [{ key: k }], burst: { per: 30d, over: auto }, artifacts: {} }';
    expect(load(`version: 1\nwatches: [${more}]`).watches[0]).toMatchObject({
      burst: { perMs: 30 * 86_400_000, over: 'auto' },
      artifacts: { follow: false, allow: [] },
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
    folder.write('root.json', '{"signed":{"_type":"root"},"signatures":[]}');
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

/** A checkpoint of an Ed25519 log of this origin, and its key. */
function signedNote(origin: string, size: number): { readonly text: string; readonly pem: string } {
  const log = new LocalLog(origin);
  log.append(Array.from({ length: size }, (_, index) => Buffer.from(`leaf ${index}`)));
  return { text: log.checkpoint, pem: log.publicKeyPem };
}

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
        'f:2:10: logs.custom[0]: missing key "type": expected one of: rekor-v1, rekor-v2, ct',
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
      'a key of every object',
      'version: 1\nconstructor: x',
      [
        'f:2:1: constructor: unknown key "constructor"; expected one of: version, database, trust, logs, include, templates, watches, notify, retention, network',
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
        'f:2:1: ["a\\u001b[31m\\u202eb"]: unknown key "a\\u001b[31m\\u202eb"; expected one of: version, database, trust, logs, include, templates, watches, notify, retention, network',
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

describe('loadWithoutSecrets()', () => {
  const YAML = `version: 1
watches:
- { name: w, select: [{ key: k }], notify: [s], attestations: { github: true, token: { env: NOT_SET } } }
- { name: v, select: [{ key: k }] }
notify: { channels: { s: { type: slack, webhook_url: { env: NOT_SET } } } }
`;

  it('reads all that is no secret, for who may not read secrets', () => {
    const file = folder.write('secrets.yaml', YAML);
    expect(() => loadConfig(file, {})).toThrow('NOT_SET');
    const { watches, notify } = loadWithoutSecrets(file, {});
    expect(notify).toBeNull();
    expect(watches).toMatchObject([{ name: 'w', attestations: { kind: 'github', token: null } }, { name: 'v' }]);
  });

  it.each(['version: 2', 'version: 1\nwatches: 7', 'version: 1\nwatches: [7]', '[]', `${YAML}nonsense: 1`])(
    'finds what else is wrong: %s',
    (yaml) => {
      expect(() => loadWithoutSecrets(folder.write('wrong.yaml', yaml), {})).toThrow();
    },
  );
});
