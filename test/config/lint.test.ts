import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintConfig } from '../../src/config/lint.ts';
import { loadWithSource } from '../../src/config/load.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { trustedRootJson } from '../support/trusted-root-json.ts';
import { createConfigFolder, type ConfigFolder } from './config-folder.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
  folder.write('secret', 'hunter2');
  folder.write('root.json', '{"signed":{"_type":"root"},"signatures":[]}');
  writeTrustedRoot();
});

afterAll(() => {
  folder.remove();
});

/** A trusted root with a log of each kind. */
function writeTrustedRoot(): void {
  const spki = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' });
  const listed = (url: string): unknown => ({
    baseUrl: url,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: spki.toString('base64'), validFor: { start: '2020-01-01T00:00:00Z' } },
    logId: { keyId: sha256(spki).toString('base64') },
  });
  const root = JSON.parse(trustedRootJson({})) as Record<string, unknown>;
  const logs = { tlogs: [listed('https://log.test')], ctlogs: [listed('https://ct.test/2026')] };
  folder.write('trusted_root.json', JSON.stringify({ ...root, ...logs }));
}

const QUIET = 'watches: [{ name: w, select: [{ key: k }] }]';

/** Each warning as `RULE LINE:COLUMN PATH`. Each text follows a first line `version: 1`. */
function warningsOf(yaml: string): string[] {
  const file = folder.write('sigwatch.yaml', `version: 1\n${yaml}\n`);
  const { config, source } = loadWithSource(file, { HOOK: 'https://hooks.test/x' });
  return lintConfig(config, source).map(({ rule, line, column, path }) => `${rule} ${line}:${column} ${path}`);
}

function select(claims: string, expectation = ''): string {
  return `watches:\n- name: w\n  select: [{ ${claims} }]${expectation === '' ? '' : `\n  expect: { ${expectation} }`}`;
}

function logs(text: string): string {
  return `${QUIET}\nlogs: { ${text} }`;
}

function channels(text: string, routes = ''): string {
  return `${QUIET}\nnotify:\n  channels: { ${text} }${routes === '' ? '' : `\n  routes: [${routes}]`}`;
}

const FILE = '\ntrust: { source: { trusted_root: trusted_root.json } }';
/** What an `expect` of certificates is advised to hold besides. */
const PROVEN = 'issuer: https://token.actions.githubusercontent.com, sct: verified';
const SLACK = 'type: slack, webhook_url: { env: HOOK }';
const MAIL = 'type: email, from: a@b.c, to: a@b.c';

describe('lintConfig()', () => {
  it.each<[yaml: string, ...warnings: string[]]>([
    [QUIET],
    ['', 'no-watches 1:1 watches'],
    ['watches: []', 'no-watches 2:10 watches'],
    // Secrets and channels.
    [channels(`a: { ${SLACK} }`)],
    [channels('a: { type: slack, webhook_url: https://h/x }'), 'literal-secret 4:46 notify.channels.a.webhook_url'],
    [
      channels('a: { type: slack, webhook_url: http://h/x }'),
      'literal-secret 4:46 notify.channels.a.webhook_url',
      'plain-http-channel 4:46 notify.channels.a.webhook_url',
    ],
    [
      channels('a: { type: slack, webhook_url: http://127.0.0.1:9/x }'),
      'literal-secret 4:46 notify.channels.a.webhook_url',
    ],
    [
      channels(`a: { ${MAIL}, smtp: { host: h, user: u, password: p } }`),
      'literal-secret 4:93 notify.channels.a.smtp.password',
    ],
    [
      channels(`a: { ${MAIL}, smtp: { host: h, tls: none, user: u, password: { file: secret } } }`),
      'password-in-clear 4:63 notify.channels.a.smtp',
    ],
    [
      channels(`a: { ${MAIL}, smtp: { host: h, tls: opportunistic, user: u, password: { file: secret } } }`),
      'password-in-clear 4:63 notify.channels.a.smtp',
    ],
    [channels(`a: { ${MAIL}, smtp: { host: localhost, user: u, password: { file: secret } } }`)],
    [channels(`a: { ${SLACK} }, b: { ${SLACK} }`, '{ to: a }'), 'unused-channel 4:66 notify.channels.b'],
    [channels(`a: { ${SLACK} }, b: { ${SLACK} }`, '{ to: a, class: log }'), 'unused-channel 4:66 notify.channels.b'],
    [channels(`a: { ${SLACK} }, b: { ${SLACK} }`, '{ to: a, continue: true }, { to: b }')],
    [channels(`a: { ${SLACK} }, b: { ${SLACK} }`, '{ to: a }, { to: b }'), 'unreachable-route 5:23 notify.routes[1]'],
    // Trust and logs.
    ['trust: { source: none }\nwatches: [{ name: w, select: [{ run: x }] }]', 'no-authorities 2:8 trust'],
    [`trust: { source: none }\n${QUIET}`],
    [
      `trust: { source: { tuf: http://tuf.test, root: root.json } }\n${QUIET}`,
      'plain-http-trust 2:25 trust.source.tuf',
    ],
    [
      `${QUIET}\nlogs: { custom: [{ name: l, type: rekor-v1, url: "http://h", origin: h, public_key: p256.pub }] }`,
      'plain-http-log 3:50 logs.custom[0].url',
    ],
    [
      `${QUIET}\nlogs: { custom: [{ name: l, type: rekor-v1, url: "http://[::1]:3000", origin: h, public_key: p256.pub }] }`,
    ],
    [
      logs('custom: [{ name: l, type: rekor-v1, url: "https://h", origin: h, public_key: p256.pub, also: http://i }]'),
      'plain-http-log 3:102 logs.custom[0].also',
    ],
    [
      logs(
        'custom: [{ name: l, type: rekor-v1, url: "https://h", origin: h, public_key: p256.pub, also: "https://h/" }]',
      ),
      'same-vantage 3:102 logs.custom[0].also',
    ],
    [
      logs(
        'custom: [{ name: l, type: rekor-v1, url: "https://h", origin: h, public_key: p256.pub }], override: { h: { also: [https://i, https://h] }, h - 5: { enabled: false } }',
      ),
      'same-vantage 3:122 logs.override.h.also',
    ],
    [logs('override: { h: { url: http://i } }'), 'plain-http-log 3:31 logs.override.h.url'],
    [logs('discover: false, override: { h: { enabled: false } }'), 'unknown-override 3:41 logs.override.h'],
    [
      `${logs('override: { h - 5: { enabled: false } }')}\ntrust: { source: none }`,
      'unknown-override 3:28 logs.override["h - 5"]',
    ],
    [logs('discover: false, ct: true, override: { ct.test/2026: { enabled: false } }')],
    [`${logs('ct: true, override: { ct.test/2026: { enabled: false }, log.test: { enabled: false } }')}${FILE}`],
    [
      `${logs('override: { ct.test/2026: { enabled: false }, log.test: { enabled: false } }')}${FILE}`,
      'unknown-override 3:35 logs.override["ct.test/2026"]',
    ],
    [
      `${logs('discover: false, ct: true, override: { log.test: { enabled: false } }')}${FILE}`,
      'unknown-override 3:58 logs.override["log.test"]',
    ],
    // Regular expressions.
    [select(`subject: { regexp: 'https://github\\.com/acme/.*' }`)],
    [
      select(`subject: { regexp: '^https://github\\.com/acme/.*$' }`),
      'redundant-anchor 4:33 watches[0].select[0].subject.regexp',
    ],
    [
      select(`subject: { regexp: 'https://github.com/acme/.*' }`),
      'unescaped-dot 4:33 watches[0].select[0].subject.regexp',
    ],
    [
      select(`subject: { regexp: 'https:\\/\\/github.com\\/acme\\/.*' }`),
      'unescaped-dot 4:33 watches[0].select[0].subject.regexp',
    ],
    [
      select(`subject: { regexp: 'https://github\\.com/acme/widget.*' }`),
      'unanchored-guess 4:33 watches[0].select[0].subject.regexp',
    ],
    [
      select(`subject: { regexp: 'https://github\\.com/acme.*' }`),
      'unanchored-guess 4:33 watches[0].select[0].subject.regexp',
    ],
    [select(`subject: { regexp: '.*/acme/widget/.*' }`), 'unanchored-guess 4:33 watches[0].select[0].subject.regexp'],
    [
      select(`run: [a, { not: { regexp: 'x$' } }]`),
      'not-in-list 4:19 watches[0].select[0].run',
      'redundant-anchor 4:40 watches[0].select[0].run[1].not.regexp',
    ],
    [select(`source_ref: { regexp: 'v\\d+\\$' }`)],
    // Wildcards.
    [select('subject: https://github.com/acme/widget/**')],
    [select('subject: https://github.com/acme/widget**'), 'unanchored-guess 4:23 watches[0].select[0].subject'],
    [select('subject: https://github.com/acme**'), 'unanchored-guess 4:23 watches[0].select[0].subject'],
    [select('source_repository: acme/widget**'), 'unanchored-guess 4:33 watches[0].select[0].source_repository'],
    [select('source_repository: acme/*-widget')],
    [select('subject: "**github.com/acme/**"'), 'unanchored-guess 4:23 watches[0].select[0].subject'],
    // Rules that never fire.
    [
      select('subject: https://github.com/acme/widget/blob/main/.github/workflows/x.yml@refs/heads/main'),
      'blob-subject 4:23 watches[0].select[0].subject',
    ],
    [select('subject: acme/widget'), 'never-matches 4:23 watches[0].select[0].subject'],
    [select('kind: in-toto'), 'never-matches 4:20 watches[0].select[0].kind'],
    [select('kind: [dsse, hashedrekord, intoto, rekord, rpm, alpine, jar, helm, rfc3161, tuf, cose, "jar*"]')],
    [`${select('kind: [certificate, precertificate]')}\nlogs: { ct: true }`],
    [select('kind: [certificate, precertificate]'), 'never-matches 4:20 watches[0].select[0].kind'],
    [select('kind: [certificate, dsse]')],
    [select('artifact: SHA256:AB'), 'never-matches 4:24 watches[0].select[0].artifact'],
    [select('artifact: ["sha512:ab*", "**ab"]')],
    // Keys, as they are recorded and as tools print them.
    [select('key: SHA256:ab'), 'never-matches 4:19 watches[0].select[0].key'],
    [select(`key: SHA256:${'aB/'.repeat(14)}x`)],
    [select(`key: [${'ab'.repeat(32)}, ${'AB'.repeat(20)}, "${'AB:'.repeat(31)}ab", ab*, E7620F1842B4E81F]`)],
    [select(`key: "${'ABCD EF01  '.repeat(5)}"`)],
    [select('key: ABCDEF00'), 'never-matches 4:19 watches[0].select[0].key'],
    [select('key: "MD5:ab:cd"'), 'never-matches 4:19 watches[0].select[0].key'],
    [select('source_digest: ABCDEF00'), 'never-matches 4:29 watches[0].select[0].source_digest'],
    [select('kind: intoto, source_sha: ABCDEF00'), 'never-matches 4:40 watches[0].select[0].source_sha'],
    [select('"oid:1.3.6.1.4.1.57264.1.1": x'), 'never-matches 4:43 watches[0].select[0]["oid:1.3.6.1.4.1.57264.1.1"]'],
    [select('"oid:2.5.29.15": x'), 'never-matches 4:31 watches[0].select[0]["oid:2.5.29.15"]'],
    [select('"oid:2.5.290": x')],
    [
      select('subject: acme/widget/.github/workflows/x.yml@refs/tags/v*'),
      'never-matches 4:23 watches[0].select[0].subject',
    ],
    [select('subject: release@acme.example')],
    [select('subject: "spiffe://acme/ns/x"')],
    [select('source_repository: github.com/acme/widget'), 'never-matches 4:33 watches[0].select[0].source_repository'],
    [select('source_repository: widget'), 'never-matches 4:33 watches[0].select[0].source_repository'],
    [select('builder: "**@refs/tags/**"')],
    [select('source_owner: acme')],
    [select('issuer: https://oauth2.sigstore.dev/auth'), 'never-matches 4:22 watches[0].select[0].issuer'],
    [select('"oid:1.3.6.1.4.1.57264.1.9": x'), 'never-matches 4:43 watches[0].select[0]["oid:1.3.6.1.4.1.57264.1.9"]'],
    [select('"oid:1.3.6.1.4.1.57264.1.5": acme/widget')],
    [select('kind: intoto, slsa_builder: acme/widget/.github/workflows/x.yml@refs/tags/*')],
    [select('kind: intoto, slsa_builder: generic'), 'never-matches 4:42 watches[0].select[0].slsa_builder'],
    // Select against expect.
    [select('source_repository: acme/widget', `source_repository: Acme/Widget, ${PROVEN}`)],
    [
      select('source_repository: acme/widget', `source_repository: acme/gadget, ${PROVEN}`),
      'contradiction 4:33 watches[0].select[0].source_repository',
    ],
    [
      select('source_ref: refs/heads/**', `source_ref: [refs/tags/v1, refs/tags/v2], ${PROVEN}`),
      'contradiction 4:26 watches[0].select[0].source_ref',
    ],
    [select('source_ref: refs/heads/**', `source_ref: [refs/tags/v1, refs/heads/main], ${PROVEN}`)],
    [
      select('source_ref: refs/heads/**', `source_ref: refs/tags/**, ${PROVEN}`),
      'contradiction 4:26 watches[0].select[0].source_ref',
    ],
    [select('source_ref: "refs/**/main"', `source_ref: refs/tags/**, ${PROVEN}`)],
    [
      select('subject: [a@b.c, d@e.f]', 'issuer: https://i.test, subject: { not: [a@b.c, d@e.f] }, sct: verified'),
      'contradiction 4:23 watches[0].select[0].subject',
    ],
    [select('subject: [a@b.c, d@e.f]', 'issuer: https://i.test, subject: { not: a@b.c }, sct: verified')],
    [select('key: AB*', 'key: "ab:*"')],
    [select(`key: ${'AB'.repeat(32)}`, `key: "${'ac:'.repeat(31)}ac"`), 'contradiction 4:19 watches[0].select[0].key'],
    // Computed claims.
    [select('key: k', 'signature: valid'), 'never-matches 5:24 watches[0].expect.signature'],
    [select('key: k', 'signature: [verified, none]'), 'never-matches 5:35 watches[0].expect.signature[1]'],
    [select('key: k', 'signature: { not: { regexp: "in.?valid|x" } }')],
    [select('key: k', 'signature: { regexp: "VERIFIED" }'), 'never-matches 5:34 watches[0].expect.signature.regexp'],
    [select('key: k', 'signature: [verified, not-*], sct: "*", signing_time: "**"')],
    [select('key: k', 'sct: present'), 'never-matches 5:18 watches[0].expect.sct'],
    [select('key: k', 'sct: [verified, invalid, absent, unknown-log], signing_time: [within, outside, unknown]')],
    [select('key: k', 'signing_time: inside'), 'never-matches 5:27 watches[0].expect.signing_time'],
    [select('key: k', 'signing_time: within'), 'advice-signing-time 5:27 watches[0].expect.signing_time'],
    [select('key: k', 'signing_time: { not: outside }')],
    [`${select('key: k', 'signing_time: within')}\nlogs: { discover: false }`],
    [`${select('key: k', 'signing_time: within')}${FILE}`],
    [
      `${select('key: k', 'signing_time: within')}\nlogs: { discover: false, custom: [{ name: l, type: rekor-v2, url: "https://h", origin: h, public_key: p256.pub, start: head }] }`,
      'advice-signing-time 5:27 watches[0].expect.signing_time',
    ],
    // What is advised for certificates of the public instance.
    [select('source_owner: acme', 'issuer: https://i.test, runner: x'), 'advice-sct 5:11 watches[0].expect'],
    [select('source_owner: acme', 'issuer: https://i.test, "oid:1.2.3": x'), 'advice-sct 5:11 watches[0].expect'],
    [select('source_owner: acme', 'issuer: https://i.test, sct: [verified, absent]')],
    [select('source_owner: acme', 'kind: dsse')],
    [select('source_owner: acme')],
    [`${select('source_owner: acme')}\n  expect: none`],
    [`${select('source_owner: acme', 'issuer: https://i.test, runner: x')}${FILE}`],
    [
      `${select('source_owner: acme', 'issuer: https://i.test, runner: x')}\ntrust: { certificate_authorities: [{ name: a, chain: ca.pem }] }`,
    ],
    // A name that nothing binds to a key.
    [select('key: k', 'key: "0123456789abcdef"'), 'advice-minisign 5:18 watches[0].expect.key'],
    // Claims of attestations.
    [select('key: k', 'source_sha: ab'), 'attestation-unseen 5:25 watches[0].expect.source_sha'],
    [
      select('key: k', 'kind: [intoto, dsse], build_type: "**", subject_name: x'),
      'attestation-unseen 5:47 watches[0].expect.build_type',
      'attestation-unseen 5:67 watches[0].expect.subject_name',
    ],
    [select('key: k', 'kind: intoto, predicate_type: "**"')],
    [select('key: k, kind: intoto', 'predicate_type: "**"')],
    [`${select('key: k', 'slsa_builder: "**"')}\n  attestations: { github: true }`],
    [select('kind: intoto, source_uri: "**"')],
    [
      select('subject: "https://x.test/**", source_uri: "**"'),
      'attestation-unseen 4:56 watches[0].select[0].source_uri',
    ],
  ])('%s', (yaml, ...warnings) => {
    expect(warningsOf(yaml)).toEqual(warnings);
  });

  it('gives each warning with its file, place, path, message and rule', () => {
    const file = folder.write(
      'sigwatch.yaml',
      'version: 1\nwatches:\n- { name: w, select: [{ subject: acme/widget }] }',
    );
    const { config, source } = loadWithSource(file, {});
    expect(lintConfig(config, source)).toEqual([
      {
        file,
        line: 3,
        column: 34,
        path: 'watches[0].select[0].subject',
        message: '"acme/widget" is no subject: owner/repo is not expanded here; write https://github.com/…/**',
        rule: 'never-matches',
      },
    ]);
  });
});
