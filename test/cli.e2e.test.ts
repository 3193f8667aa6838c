import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDemoAuthority } from '../src/demo/certificate-authority.ts';
import { ProgramBench, type Ended } from './support/program.ts';
import { setStage, type Stage } from './support/stage.ts';
import { strangerEntries, workflowEntry } from './support/workflow-entries.ts';

/** Port 9 of loopback, which nobody serves. */
const NOWHERE = 'http://127.0.0.1:9';

describe('sigwatch run --once', () => {
  let stage: Stage;
  let config: string;

  beforeEach(async () => {
    stage = await setStage();
    config = stage.configure();
    stage.log.append([...strangerEntries(stage.authority, 2), signedAt('refs/tags/v1')]);
  });
  afterEach(() => stage.close());

  const signedAt = (ref: string): Buffer => workflowEntry(stage.authority, { repository: 'acme/widget', ref });
  const once = (): Promise<Ended> => stage.bench.run(['run', '--once', '--config', config]);
  const subjects = (): readonly string[] => stage.mail.mails().map(({ subject }) => subject);
  const verdicts = (): readonly unknown[] =>
    stage.query('SELECT verdict FROM v_history ORDER BY "index"').map(({ verdict }) => verdict);

  it('ends with 0 when nothing was found, and says on every channel that it began', async () => {
    expect(await once()).toMatchObject({ status: 0, stdout: '' });
    expect(verdicts()).toEqual(['expected']);
    expect(subjects()).toEqual(['[sigwatch] low: log.test: watching, verified to size 3']);
    expect(stage.slack.taken).toHaveLength(1);
  });

  it('ends with 1 when something unexpected was found, and with 0 when there is nothing new', async () => {
    stage.log.append([signedAt('refs/heads/evil')]);
    expect(await once()).toMatchObject({ status: 1, stdout: '' });
    expect(verdicts()).toEqual(['expected', 'unexpected']);
    expect(subjects()).toHaveLength(2);
    expect(await once()).toMatchObject({ status: 0, stdout: '' });
    expect(subjects()).toHaveLength(2);
  });

  it('ends with 1 when something forged was found', async () => {
    const impostor = createDemoAuthority({ name: 'impostor' });
    stage.log.append([workflowEntry(impostor, { repository: 'acme/widget', ref: 'refs/tags/v2' })]);
    expect(await once()).toMatchObject({ status: 1 });
    expect(verdicts()).toEqual(['expected', 'forged']);
  });

  it('ends with 1 when the log forked, and as long as it is stopped', async () => {
    expect(await once()).toMatchObject({ status: 0 });
    stage.log.fork(0);
    expect(await once()).toMatchObject({ status: 1, stdout: '' });
    expect(await once()).toMatchObject({ status: 1, stdout: '' });
    stage.log.append(strangerEntries(stage.authority, 1));
    expect(await once()).toMatchObject({ status: 1, stdout: '' });
    expect(stage.query('SELECT state, verified_size FROM v_logs')).toEqual([
      { state: 'misbehaving', verified_size: 3 },
    ]);
    expect(subjects().slice(1)).toEqual([
      '[sigwatch] critical: log.test: the log signed two histories that contradict each other',
    ]);
  });

  it('ends with 3 when a log cannot be reached, and keeps what the others hold', async () => {
    config = stage.configure({
      logs: {
        discover: false,
        custom: [
          stage.customLog(stage.log, 'test-log'),
          { ...Object(stage.customLog(stage.log, 'gone')), origin: 'gone.test', url: NOWHERE },
        ],
      },
    });
    expect(await once()).toMatchObject({ status: 3, stdout: '' });
    expect(stage.query('SELECT origin, state FROM v_logs ORDER BY origin')).toEqual([
      { origin: 'gone.test', state: 'unreachable' },
      { origin: 'log.test', state: 'verified' },
    ]);

    stage.log.append([signedAt('refs/heads/evil')]);
    // What was found goes before what failed.
    expect(await once()).toMatchObject({ status: 1, stdout: '' });
  });

  it('ends with 3 when a channel cannot be reached; the next run tells what was kept', async () => {
    const { channels } = stage.notify() as { readonly channels: object };
    const broken = { type: 'slack', webhook_url: `${NOWHERE}/hook` };
    config = stage.configure({ notify: { group_wait: '1h', channels: { ...channels, slack: broken } } });
    expect(await once()).toMatchObject({ status: 3, stdout: '' });
    expect(subjects()).toHaveLength(1);
    expect(stage.status()?.deliveries).toEqual({ pending: 1, failing: 1 });

    config = stage.configure();
    expect(await once()).toMatchObject({ status: 0 });
    expect(stage.status()?.deliveries).toEqual({ pending: 0, failing: 0 });
    expect(stage.slack.texts()).toEqual([
      expect.stringContaining('[low] log.test: watching, verified to size 3') as string,
    ]);
    expect(subjects()).toHaveLength(1);
  });

  it('shows a log that misbehaves without a signature as found, and heals', async () => {
    expect(await once()).toMatchObject({ status: 0 });
    stage.log.append(strangerEntries(stage.authority, 2));
    stage.log.tamperLeaf(3);
    expect(await once()).toMatchObject({ status: 1 });
    stage.log.heal();
    expect(await once()).toMatchObject({ status: 0 });
    expect(stage.query('SELECT state, verified_size FROM v_logs')).toEqual([{ state: 'verified', verified_size: 5 }]);
  });
});

describe('sigwatch, given what it cannot use', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(() => stage.close());

  it.concurrent.each<readonly [args: readonly string[], says: RegExp]>([
    [['rnu'], /^error: unknown command 'rnu'\n\(Did you mean run\?\)/],
    [['run', '--onec'], /^error: unknown option '--onec'\n\(Did you mean --once\?\)/],
    [['run', 'now'], /^error: too many arguments for 'run'/],
    [['init'], /^Cannot write a configuration: nothing to watch is named, expected one of --github-org NAME, /],
    [['history', '--json', '--csv'], /^error: option '--json' cannot be used with option '--csv'/],
    [['alerts', 'k3v9x0m2qa'], /^error: unknown command 'k3v9x0m2qa': `sigwatch alerts show ID` shows one alert/],
    [['alerts', 'show'], /^error: missing required argument 'id'/],
    [[], /^Usage: sigwatch/],
  ])('ends with 2 and a hint: %j', async (args, says) => {
    const { status, stdout, stderr } = await stage.bench.run(args);
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(says) as string,
    });
  });

  it.each([[['run']], [['run', '--once']]])('starts nothing and writes nothing: %j', async (args) => {
    const config = stage.configure({ watchs: [] });
    const before = readdirSync(stage.bench.folder);
    const { status, stdout, stderr } = await stage.bench.run([...args, '--config', config]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/sigwatch\.yaml:\d+:3: watchs: unknown key "watchs"; did you mean "watches"\?/);
    expect(readdirSync(stage.bench.folder)).toEqual(before);
    expect(existsSync(stage.bench.path('data'))).toBe(false);
    expect(stage.log.requests).toEqual([]);
  });

  it('ends with 3 when a command reads a database that nobody made, and makes none', async () => {
    const config = stage.configure();
    for (const command of ['status', 'history', 'alerts']) {
      expect(await stage.bench.run([command, '--config', config])).toMatchObject({
        status: 3,
        stdout: '',
        stderr: `Cannot read database "${stage.database}": there is none yet; \`sigwatch run\` makes it\n`,
      });
    }
    expect(existsSync(stage.bench.path('data'))).toBe(false);
  });
});

describe('sigwatch check', () => {
  let bench: ProgramBench;
  beforeAll(() => {
    bench = new ProgramBench();
  });
  afterAll(() => bench.close());

  const check = async (...args: readonly string[]): Promise<Ended> => {
    const { stdout, stderr, ...ended } = await bench.run(['check', ...args]);
    const hide = (text: string): string => text.replaceAll(bench.folder, 'DIR');
    return { ...ended, stdout: hide(stdout), stderr: hide(stderr) };
  };

  it('names file, line, column, key and what would be right of everything that is wrong', async () => {
    bench.write(
      'sigwatch.yaml',
      `version: 1
logs:
  poll_interval: 10
  custom:
    - { name: a, type: rekor-v2, url: http://127.0.0.1:1, origin: a.test, public_key: ./missing.pub }
watches:
  - name: w
    select: [{ subject: { regexp: "(" } }]
notify:
  channels:
    mail: { type: slack, webhook_url: { env: NO_SUCH_VARIABLE } }
  routes: [{ to: [nobody] }]
`,
    );
    const { status, stdout, stderr } = await check();
    expect(stdout.split('\n')).toEqual([
      'DIR/sigwatch.yaml:3:18: logs.poll_interval: expected a duration such as 500ms, 10s, 5m, 24h or 7d',
      'DIR/sigwatch.yaml:5:87: logs.custom[0].public_key: Cannot read public key "DIR/missing.pub": no such file; expected a path relative to the configuration file, or an absolute one',
      'DIR/sigwatch.yaml:8:35: watches[0].select[0].subject.regexp: Cannot compile regexp "(": missing closing ): `(`; expected RE2 syntax',
      'DIR/sigwatch.yaml:11:46: notify.channels.mail.webhook_url.env: Cannot read secret: environment variable "NO_SUCH_VARIABLE" is not set; set it for the process, or use { file: PATH }',
      'DIR/sigwatch.yaml:12:19: notify.routes[0].to[0]: unknown channel "nobody"; expected one of: mail',
      '',
    ]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: 'DIR/sigwatch.yaml cannot be used: 5 errors\n' });

    const json = await check('--json');
    expect(json).toMatchObject({ status: 2, stderr: '' });
    const { ok, errors, warnings } = JSON.parse(json.stdout) as Record<'ok' | 'errors' | 'warnings', unknown>;
    expect({ ok, warnings }).toEqual({ ok: false, warnings: [] });
    expect(errors).toHaveLength(5);
    expect((errors as readonly unknown[])[0]).toEqual({
      file: 'DIR/sigwatch.yaml',
      line: 3,
      column: 18,
      path: 'logs.poll_interval',
      message: 'expected a duration such as 500ms, 10s, 5m, 24h or 7d',
    });
  });

  it.each([
    ['broken YAML', 'version: [1\n', /^DIR\/sigwatch\.yaml:\d+:\d+: /],
    ['no map', 'hello\n', /^DIR\/sigwatch\.yaml:1:1: /],
    ['an empty file', '', /^DIR\/sigwatch\.yaml/],
    ['a terminal sequence', 'version: 1\n"\\e[2J": 1\n', /^DIR\/sigwatch\.yaml:2:1: [^\p{Cc}]*unknown key/u],
  ])('ends with 2 and the place for %s', async (_, yaml, says) => {
    bench.write('sigwatch.yaml', yaml);
    expect(await check()).toMatchObject({ status: 2, stdout: expect.stringMatching(says) as string });
  });

  it('finds $SIGWATCH_CONFIG, then ./sigwatch.yaml, and --config before both', async () => {
    const good = 'version: 1\nwatches: [{ name: w, select: [{ key: k }] }]\n';
    const [here, named, asked] = ['sigwatch.yaml', 'named.yaml', 'asked.yaml'].map((name) => bench.write(name, good));
    const env = { SIGWATCH_CONFIG: './named.yaml' };
    const found = await Promise.all([
      bench.run(['check']),
      bench.run(['check'], { env }),
      bench.run(['check', '--config', 'asked.yaml'], { env }),
      bench.run(['check'], { env: { SIGWATCH_CONFIG: './missing.yaml' } }),
    ]);
    expect(found.map(({ status, stdout }) => [status, stdout])).toEqual([
      [0, `${String(here)} is good\n`],
      [0, `${String(named)} is good\n`],
      [0, `${String(asked)} is good\n`],
      [2, expect.stringContaining('no such file')],
    ]);
  });
});

describe('sigwatch init', () => {
  let bench: ProgramBench;
  beforeAll(() => {
    bench = new ProgramBench();
  });
  afterAll(() => bench.close());

  it('writes what check finds good, and never over another file unless it is forced', async () => {
    expect(await bench.run(['init', '--github-org', 'acme'])).toEqual({
      status: 0,
      signal: null,
      stdout: 'Wrote sigwatch.yaml: next, look at its comments and run `sigwatch check --config sigwatch.yaml`\n',
      stderr: '',
    });
    const file = bench.path('sigwatch.yaml');
    expect(await bench.run(['check'])).toEqual({ status: 0, signal: null, stdout: `${file} is good\n`, stderr: '' });
    const written = readFileSync(file, 'utf8');
    expect(written).toContain('https://github.com/acme');

    expect(await bench.run(['init', '--github-org', 'other'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr:
        'sigwatch.yaml: Cannot write the configuration: the file exists already; name another one with --config, or replace it with --force\n',
    });
    expect(readFileSync(file, 'utf8')).toBe(written);

    mkdirSync(bench.path('conf'));
    expect(await bench.run(['init', '--github-org', 'other', '--config', 'conf/a.yaml'])).toMatchObject({ status: 0 });
    expect(await bench.run(['check', '--config', 'conf/a.yaml'])).toMatchObject({ status: 0 });
    expect(await bench.run(['init', '--github-org', 'other', '--force'])).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8')).toContain('https://github.com/other');
  });
});

describe('sigwatch --help', () => {
  let bench: ProgramBench;
  beforeAll(() => {
    bench = new ProgramBench();
  });
  afterAll(() => bench.close());

  it.concurrent.each([
    '',
    'init',
    'check',
    'run',
    'reload',
    'demo',
    'status',
    'history',
    'replay',
    'suggest',
    'alerts',
    'alerts list',
    'alerts show',
  ])('has an example of "%s"', async (command) => {
    const words = command.split(' ').filter((word) => word !== '');
    const { status, stdout, stderr } = await bench.run([...words, '--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`Usage: sigwatch ${command}`.trimEnd());
    expect(stdout).toMatch(new RegExp(`\nExample:\n  sigwatch ${command}`));
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it('is short beside --version', async () => {
    expect(await bench.run(['--version'])).toMatchObject({ status: 0, stdout: '0.1.0\n', stderr: '' });
  });
});
