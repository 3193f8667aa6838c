import { createPublicKey, generateKeyPairSync, hash, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMessage, generateKey } from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { initCommand, type InitOptions } from '../../src/cli/init.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { signersFromKeyFile } from '../../src/entry/key-file.ts';
import { judge } from '../../src/policy/judge.ts';
import type { JudgeContext, SignedTime } from '../../src/policy/standing.ts';
import { createConfigFolder, type ConfigFolder } from '../config/config-folder.ts';
import { certified, contextOf, entryOf, NOW, RELEASE, withKey } from '../policy/signers.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
});

afterAll(() => {
  folder.remove();
});

function collect(): { io: { stdout: (text: string) => void; stderr: (text: string) => void }; printed: string[] } {
  const printed: string[] = [];
  const io = { stdout: (text: string) => void printed.push(text), stderr: (text: string) => void printed.push(text) };
  return { io, printed };
}

type Subject = Omit<InitOptions, 'file' | 'force'>;

let written = 0;

/** Writes a configuration and gives its path. */
async function init(subject: Subject, name = `init-${(written += 1)}.yaml`, force = false): Promise<string> {
  const file = join(folder.path, name);
  expect(await initCommand({ ...subject, file, force }, collect().io)).toBe(0);
  return file;
}

/** What `check --strict` says of a file. */
async function check(file: string): Promise<unknown> {
  const { io, printed } = collect();
  const signal = new AbortController().signal;
  const status = await checkCommand(file, {}, { ...io, signal }, { json: false, online: false, strict: true });
  return { status, printed };
}

const ED25519 = generateKeyPairSync('ed25519');
const PEM = ED25519.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const RAW = Buffer.from(ED25519.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
const MINISIGN = Buffer.concat([Buffer.from('Ed'), Buffer.from('0102030405060708', 'hex'), RAW]).toString('base64');
const SSH_LINES = readFileSync(join(import.meta.dirname, '../fixtures/keys/ssh.tsv'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('\t') as [line: string, fingerprint: string]);
const HEX = 'ab'.repeat(32);

/** A PGP key pair, armoured. */
async function pgpPair(): Promise<{ readonly publicKey: string; readonly privateKey: string }> {
  return generateKey({ userIDs: [{ name: 'Widget releases', email: 'releases@acme.example' }], format: 'armored' });
}

describe('initCommand(), whatever it is to watch', () => {
  it.each<Subject>([
    ...['acme', 'Acme-Corp', '123', '1-2', 'null', 'True', 'octocat_acme', 'a'.repeat(39)].map((githubOrg) => ({
      githubOrg,
    })),
    ...['acme/widget', 'Acme-Corp/.github', '123/456', 'null/null', 'a-b/true', 'a/-', 'x/1e3', 'a/_.'].map(
      (githubRepo) => ({ githubRepo }),
    ),
    { githubRepo: `${'a'.repeat(39)}/${'b'.repeat(100)}` },
    { email: 'alice@acme.example' },
    { email: 'Alice.B+c@gmail.com' },
    { email: 'null@users.noreply.github.com' },
    { email: `o'hara#1{x}|y@hotmail.com` },
    { email: '123@1.example' },
    { email: `${'a'.repeat(64)}@${'b'.repeat(60)}.example` },
    { email: 'alice@acme.example', issuer: 'https://accounts.google.com' },
    { email: 'alice@acme.example', issuer: 'https://login.acme.example/realms/a#b' },
    { artifact: `sha256:${HEX}` },
    { artifact: `SHA512:${'AB'.repeat(64)}` },
    { artifact: `sha384:${'ab'.repeat(48)}` },
  ])('writes a file for %j that passes check --strict', async (subject) => {
    const file = await init(subject);
    expect(await check(file)).toEqual({ status: 0, printed: [`${file} is good\n`] });
  });

  it.each<readonly [Subject, string]>([
    [{}, 'nothing to watch is named'],
    [{ githubOrg: 'acme', email: 'a@acme.example' }, '--github-org and --email are given'],
    [{ githubOrg: 'a', githubRepo: 'a/b', key: 'k', artifact: 'x' }, '--github-org and --github-repo and --key and'],
    [{ githubOrg: 'acme', issuer: 'https://accounts.google.com' }, '--issuer says who vouches for an address'],
  ])('ends with 2 and an example for %j', async (subject, says) => {
    const { io, printed } = collect();
    const file = join(folder.path, 'misused.yaml');
    expect(await initCommand({ ...subject, file }, io)).toBe(2);
    expect(printed.join('')).toContain(says);
    expect(printed.join('')).toContain('\nExample: sigwatch init --github-repo acme/widget\n');
    expect(existsSync(file)).toBe(false);
  });

  it('overwrites no file, unless it is told to', async () => {
    const file = folder.write('there.yaml', 'mine');
    const { io, printed } = collect();
    await expect(initCommand({ githubOrg: 'acme', file }, io)).rejects.toThrow(
      new ConfigError([
        {
          file,
          line: null,
          column: null,
          path: '',
          message:
            'Cannot write the configuration: the file exists already; name another one with --config, or replace it with --force',
        },
      ]),
    );
    expect([readFileSync(file, 'utf8'), printed]).toEqual(['mine', []]);
    await init({ githubOrg: 'acme' }, 'there.yaml', true);
    expect(readFileSync(file, 'utf8')).toContain('https://github.com/acme/**');
  });

  it('refuses a folder that is not there', async () => {
    const file = join(folder.path, 'nowhere', 'sigwatch.yaml');
    await expect(initCommand({ githubOrg: 'acme', file }, collect().io)).rejects.toThrow(ConfigError);
  });
});

describe('initCommand(), for an organisation', () => {
  it('judges what it signs, and who signs in its name', async () => {
    const { watches } = loadConfig(await init({ githubOrg: 'Acme' }), {});
    const found = [
      RELEASE,
      { ...RELEASE, runner: ['self-hosted'] },
      { issuer: RELEASE['issuer'] ?? [], subject: RELEASE['subject'] ?? [] },
      { ...RELEASE, source_owner: ['https://github.com/acme-evil'], subject: ['https://github.com/acme-evil/x'] },
    ].map((claims) =>
      judge(entryOf(certified(claims)), watches, contextOf()).map(({ watch, verdict, violations }) => [
        watch,
        verdict,
        violations.map(({ claim }) => claim),
      ]),
    );
    expect(found).toEqual([
      [['Acme', 'expected', []]],
      [['Acme', 'unexpected', ['runner']]],
      [['Acme', 'unexpected', ['runner', 'source_owner']]],
      [],
    ]);
  });

  it('expects what a log of Rekor v1 or v2 can show, and nothing less', async () => {
    const { watches } = loadConfig(await init({ githubOrg: 'Acme' }), {});
    const entry = entryOf(certified(RELEASE));
    const judged = (context: Partial<JudgeContext>, signedTime?: SignedTime): unknown =>
      judge(entry, watches, contextOf(context), signedTime).map(({ violations }) =>
        violations.map(({ claim }) => claim),
      );
    const seconds = NOW.getTime() / 1000;
    expect([
      judged({}, () => seconds),
      judged({ signatureOf: () => 'not-checkable' }, () => null),
      judged({}, () => seconds + 3600),
      judged({ sctOf: () => 'absent' }),
      judged({ sctOf: () => 'unknown-log' }),
    ]).toEqual([[[]], [[]], [['signing_time']], [['sct']], [['sct']]]);
  });

  it.each(['', 'a b', '-acme', 'acme-', 'a--b', 'acme/widget', '../x', 'a\nb', 'a'.repeat(40), 'acmé', '*'])(
    'refuses the name %j and writes nothing',
    async (githubOrg) => {
      const file = join(folder.path, 'refused.yaml');
      await expect(initCommand({ githubOrg, file }, collect().io)).rejects.toThrow(ConfigError);
      expect(existsSync(file)).toBe(false);
    },
  );
});

describe('initCommand(), for a repository', () => {
  it('judges what is signed for it, whatever the case of its name', async () => {
    const { watches } = loadConfig(await init({ githubRepo: 'ACME/Widget' }), {});
    const found = [
      RELEASE,
      { ...RELEASE, issuer: ['https://issuer.acme.example'] },
      { ...RELEASE, source_repository: ['https://github.com/evil/fork'] },
      {
        ...RELEASE,
        source_repository: ['https://github.com/acme/widget2'],
        subject: ['https://github.com/acme/widget2/x'],
      },
    ].map((claims) =>
      judge(entryOf(certified(claims)), watches, contextOf()).map(({ violations }) =>
        violations.map(({ claim }) => claim),
      ),
    );
    expect(found).toEqual([[[]], [['issuer']], [['source_repository']], []]);
  });

  it.each([
    'acme',
    'acme/',
    '/widget',
    'acme/widget/x',
    'acme/..',
    'acme/.',
    'acme/widget.git',
    'acme/wid get',
    'acme/*',
  ])('refuses %j', async (githubRepo) => {
    const file = join(folder.path, 'refused.yaml');
    await expect(initCommand({ githubRepo, file }, collect().io)).rejects.toThrow(/OWNER\/REPO/);
    expect(existsSync(file)).toBe(false);
  });
});

describe('initCommand(), for a person', () => {
  const judged = async (subject: Subject, issuer: string): Promise<unknown> => {
    const { watches } = loadConfig(await init(subject), {});
    const claims = { subject: [subject.email ?? ''], issuer: [issuer] };
    const judgements = judge(entryOf(certified(claims)), watches, contextOf());
    return [judgements.map(({ verdict }) => verdict), watches[0]?.firstSeen];
  };
  const GOOGLE = 'https://accounts.google.com';

  it('expects who vouches for the addresses of the domain', async () => {
    expect(await judged({ email: 'alice@gmail.com' }, GOOGLE)).toEqual([['expected'], []]);
    expect(await judged({ email: 'alice@gmail.com' }, 'https://evil.example')).toEqual([['unexpected'], []]);
    expect(await judged({ email: '1+alice@users.noreply.github.com' }, 'https://github.com/login/oauth')).toEqual([
      ['expected'],
      [],
    ]);
  });

  it('expects the issuer that is given', async () => {
    const subject = { email: 'alice@acme.example', issuer: 'https://login.acme.example' };
    expect(await judged(subject, 'https://login.acme.example')).toEqual([['expected'], []]);
    expect(await judged(subject, GOOGLE)).toEqual([['unexpected'], []]);
  });

  it('has every issuer told once where none is known', async () => {
    expect(await judged({ email: 'alice@acme.example' }, GOOGLE)).toEqual([['expected'], ['issuer']]);
  });

  it.each<readonly [string, string | undefined]>([
    ['alice', undefined],
    ['alice@', undefined],
    ['@acme.example', undefined],
    ['*@acme.example', undefined],
    ['alice@acme', undefined],
    ['a\nb@acme.example', undefined],
    ['a/b@acme.example', undefined],
    [`${'a'.repeat(65)}@acme.example`, undefined],
    [`a@${'b.'.repeat(130)}example`, undefined],
    ['alice@acme.example', 'accounts.google.com'],
    ['alice@acme.example', 'https://oauth2.sigstore.dev/auth'],
    ['alice@acme.example', 'https://token.actions.githubusercontent.com'],
    ['alice@acme.example', 'https://gitlab.com'],
    ['alice@acme.example', 'https://agent.buildkite.com'],
    ['alice@acme.example', 'https://*.acme.example'],
    ['alice@acme.example', 'https://acme.example/\u001b[2J'],
    ['alice@acme.example', ''],
  ])('refuses %j with the issuer %j', async (email, issuer) => {
    const file = join(folder.path, 'refused.yaml');
    await expect(initCommand({ email, issuer, file }, collect().io)).rejects.toThrow(ConfigError);
    expect(existsSync(file)).toBe(false);
  });
});

describe('initCommand(), for a key', () => {
  const certificate = readFileSync(join(import.meta.dirname, '../fixtures/config/ca-chain.pem'), 'utf8');
  const spki = (pem: string): string => {
    const key = pem.includes('CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
    return hash('sha256', key.export({ type: 'spki', format: 'der' }), 'hex');
  };

  it.each<readonly [what: string, content: string, fingerprint: string]>([
    ['PEM', PEM, spki(PEM)],
    ['PEM with text around it', `My key\r\n${PEM.replaceAll('\n', '\r\n')}thanks\n`, spki(PEM)],
    ['a chain', certificate, spki(certificate)],
    ['minisign', `untrusted comment: minisign public key 0807060504030201\n${MINISIGN}\n`, spki(PEM)],
    ['minisign without comment', `${MINISIGN}\n`, spki(PEM)],
    ...SSH_LINES.map(([line, fingerprint]) => ['SSH', `${line}\n`, fingerprint] as const),
  ])('takes %s by the name that entries give it', async (_, content, fingerprint) => {
    const file = await init({ key: folder.write('some.key', content) });
    expect(await check(file)).toEqual({ status: 0, printed: [`${file} is good\n`] });
    const { watches } = loadConfig(file, {});
    const verdicts = (key: string): unknown =>
      judge(entryOf(withKey(key)), watches, contextOf()).map(({ verdict }) => verdict);
    expect([verdicts(fingerprint), verdicts('00'.repeat(32))]).toEqual([['expected'], []]);
  });

  it('takes the primary keys of PGP, and names the addresses that they give themselves', async () => {
    const [one, two] = [await pgpPair(), await pgpPair()];
    const path = folder.write('keys.asc', one.publicKey + two.publicKey);
    const file = await init({ key: path });
    expect(await check(file)).toEqual({ status: 0, printed: [`${file} is good\n`] });
    const signers = signersFromKeyFile(readFileSync(path), 'x');
    const { watches } = loadConfig(file, {});
    expect(watches[0]?.select[0][0].patterns[0].source).toEqual(signers.map(({ fingerprint }) => fingerprint));
    expect(readFileSync(file, 'utf8')).toContain('# - key_subject: releases@acme.example\n');
  });

  it('refuses private keys, and shows nothing of them', async () => {
    const pair = await pgpPair();
    const pem = (type: 'pkcs8' | 'sec1' | 'pkcs1'): string => {
      const { privateKey } =
        type === 'pkcs1'
          ? generateKeyPairSync('rsa', { modulusLength: 1024 })
          : generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return privateKey.export({ type, format: 'pem' }).toString();
    };
    const secret = (head: string, length: number): string =>
      Buffer.concat([Buffer.from(head), Buffer.alloc(length - head.length, 0x5a)]).toString('base64');
    const lines = 'QUJD\n'.repeat(5);
    const files = [
      pem('pkcs8'),
      pem('sec1'),
      pem('pkcs1'),
      `${PEM}${pem('pkcs8')}`,
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}-----END OPENSSH PRIVATE KEY-----\n`,
      `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${lines}-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`,
      `PuTTY-User-Key-File-3: ssh-ed25519\n${lines}`,
      pair.privateKey,
      `untrusted comment: minisign encrypted secret key\n${secret('EdScB2', 158)}\n`,
      `untrusted comment: signify secret key\n${secret('EdBK', 104)}\n`,
      `${secret('EdBK', 104)}\n`,
    ];
    for (const content of files) {
      const path = folder.write('secret.key', content);
      const file = join(folder.path, 'refused.yaml');
      const error = await initCommand({ key: path, file }, collect().io).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ConfigError);
      const { message } = error as ConfigError;
      expect(message).toContain('it is a private key, which belongs nowhere near a monitor; expected its public part');
      expect(content.split('\n').filter((line) => line.length > 3 && message.includes(line))).toEqual([]);
      expect(existsSync(file)).toBe(false);
    }
  });

  it('refuses what holds no key, or too much', async () => {
    const unarmoured = await generateKey({ userIDs: [{ email: 'a@acme.example' }], format: 'binary' });
    const message = (await createMessage({ text: 'x' })).armor();
    const files: readonly (string | Buffer)[] = [
      '',
      'hello',
      RAW,
      Buffer.from(unarmoured.privateKey),
      message,
      PEM.replace('PUBLIC', 'PUBIC'),
      PEM.replace(/\n[^\n]+\n-----END/, '\nAAAA\n-----END'),
      PEM + PEM,
      `${SSH_LINES[0]?.[0].slice(0, 60) ?? ''}\n`,
      'x'.repeat(1024 * 1024 + 1),
      Buffer.from([0x30, 0x82, 0x01]),
    ];
    for (const content of files) {
      const path = folder.write('no.key', content);
      const file = join(folder.path, 'refused.yaml');
      await expect(initCommand({ key: path, file }, collect().io)).rejects.toThrow(/Cannot read key "/);
      expect(existsSync(file)).toBe(false);
    }
    const many = (await Promise.all(Array.from({ length: 21 }, pgpPair))).map(({ publicKey }) => publicKey).join('');
    const file = join(folder.path, 'refused.yaml');
    await expect(initCommand({ key: folder.write('many.asc', many), file }, collect().io)).rejects.toThrow(
      /it holds 21 keys, expected at most 20/,
    );
    await expect(initCommand({ key: join(folder.path, 'gone.pub'), file }, collect().io)).rejects.toThrow(
      /no such file/,
    );
  });
});

describe('initCommand(), for an artifact', () => {
  it('tells whoever signs it, of a digest or of a file', async () => {
    const path = folder.write('widget.tar', 'widget');
    const { watches } = loadConfig(await init({ artifact: path }), {});
    expect(watches[0]?.select[0]).toMatchObject([
      {
        claim: 'artifact',
        patterns: [{ source: 'sha256:8ac140ceb6ca8d6e51a987a9828b9f97b95bbc3ae6bdb0558e2631cb8da232b8' }],
      },
    ]);
    expect([watches[0]?.expect, watches[0]?.firstSeen]).toEqual([null, ['issuer', 'subject', 'key']]);
  });

  it.each([
    'sha256:',
    'sha256:abcd',
    `sha256:${HEX}x`,
    `sha1:${'a'.repeat(40)}`,
    `sha512:${HEX}`,
    `sha256:${HEX}:x`,
    HEX,
    '',
    '/nowhere',
  ])('refuses %j', async (artifact) => {
    const file = join(folder.path, 'refused.yaml');
    await expect(initCommand({ artifact, file }, collect().io)).rejects.toThrow(ConfigError);
    expect(existsSync(file)).toBe(false);
  });

  it('refuses what is no plain file', async () => {
    mkdirSync(join(folder.path, 'folder'));
    const file = join(folder.path, 'refused.yaml');
    for (const artifact of [join(folder.path, 'folder'), '/dev/zero']) {
      await expect(initCommand({ artifact, file }, collect().io)).rejects.toThrow(/it is no plain file/);
    }
  });
});

describe('the comments of what initCommand() writes', () => {
  const subjects: readonly (readonly [Subject, expectCount: number])[] = [
    [{ githubOrg: 'acme' }, 10],
    [{ githubRepo: 'acme/widget' }, 12],
    [{ email: 'alice@gmail.com' }, 4],
    [{ artifact: `sha256:${HEX}` }, 5],
  ];

  it.each(subjects)(
    'are true for %j: without their marks they load, and check --strict passes',
    async (subject, count) => {
      const text = readFileSync(await init(subject), 'utf8')
        .replace(/^# (notify:| {2})/gm, '$1')
        .replace(/^( +)# (source_owner_id|source_repository_id|builder|source_ref|trigger|environment):/gm, '$1$2:')
        .replace(/^( +)# (burst|cadence|artifacts|first_seen):/gm, '$1$2:')
        .replace(/; known ones: .*/gm, '')
        .replace(/^( +)# (expect:$| {2}\w+:)/gm, '$1$2')
        .replace(/^ +first_seen: \[issuer, subject, key\]\n/m, '')
        .replace('/run/secrets/smtp', folder.write('smtp', 'hunter2'));
      const file = folder.write('uncommented.yaml', text);
      const env = { SLACK_WEBHOOK_URL: 'https://h.test/x' };
      const { notify, watches } = loadConfig(file, env);
      expect([notify?.channels.size, notify?.routes.length, watches[0]?.expect?.length]).toEqual([2, 2, count]);
      const { io, printed } = collect();
      const signal = new AbortController().signal;
      await checkCommand(file, env, { ...io, signal }, { json: false, online: false, strict: true });
      expect(printed).toEqual([`${file} is good\n`]);
      const [watch] = watches;
      expect(watch?.burst).toEqual({ perMs: 600_000, over: 'auto' });
    },
  );
});
