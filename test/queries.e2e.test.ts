import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { visible } from '../src/alert/escape.ts';
import { createDemoAuthority } from '../src/demo/certificate-authority.ts';
import { dsseV2 } from '../src/demo/entries.ts';
import { openCheckpoint } from '../src/tlog/checkpoint.ts';
import { startFakeLog, type RunningFakeLog } from './fakes/fake-log.ts';
import { logLines, stop, type Ended, type Running } from './support/program.ts';
import { setStage, type Stage } from './support/stage.ts';
import { until } from './support/until.ts';
import { strangerEntries, workflowEntry, workflowSigner } from './support/workflow-entries.ts';

let stage: Stage;
let liar: RunningFakeLog;
let daemon: Running;
let config: string;
let growing: NodeJS.Timeout;

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
const HASH = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
/** Only after some time. */
const PERHAPS = expect.toBeOneOf([null, expect.any(Number)]) as number;
const ID = expect.stringMatching(/^[0-9a-z]{10}$/) as string;
const ANY_TEXT = expect.any(String) as string;

/** A ref that would clear a terminal, set its title and add a line of its own. */
const HOSTILE = 'refs/heads/\u001b]0;owned\u0007\u001b[2J\u202Egnp\n[low] all is well\r\u200b';

beforeAll(async () => {
  stage = await setStage();
  liar = await startFakeLog('liar.test');
  config = stage.configure({
    logs: {
      discover: false,
      poll_interval: '50ms',
      custom: [stage.customLog(stage.log, 'test-log'), stage.customLog(liar, 'liar', { start: 'head' })],
    },
    notify: { group_wait: '0s', channels: { slack: { type: 'slack', webhook_url: { env: 'SLACK_WEBHOOK_URL' } } } },
  });
  const { authority, log } = stage;
  const repository = 'acme/widget';
  log.append([
    ...strangerEntries(authority, 2),
    workflowEntry(authority, { repository, ref: 'refs/tags/v1' }),
    workflowEntry(authority, { repository, ref: 'refs/heads/evil' }),
    workflowEntry(createDemoAuthority({ name: 'impostor' }), { repository, ref: 'refs/tags/v1' }),
    dsseV2({
      payload: Buffer.from('{}'),
      signers: ['refs/tags/v2', 'refs/heads/main'].map((ref) => workflowSigner(authority, { repository, ref })),
    }),
    workflowEntry(authority, { repository, ref: HOSTILE }),
    Buffer.from('{"kind":"\u001b[2J'),
  ]);
  liar.append(strangerEntries(authority, 3));
  daemon = stage.bench.start(['run', '--config', config], { env: { SLACK_WEBHOOK_URL: stage.slack.url } });
  await until('both logs are verified', () => {
    const states = stage.status()?.logs.map(({ state }) => state);
    return states?.join() === 'verified,verified';
  });
  liar.fork(1);
  await until('everything is told', () => {
    const status = stage.status();
    return status?.alerts.open === 5 && status.deliveries.pending === 0;
  });
  // The daemon writes all the time that the commands read.
  growing = setInterval(() => log.append(strangerEntries(authority, 1)), 50);
});

afterAll(async () => {
  clearInterval(growing);
  await stage.close();
  await liar.close();
});

const run = (...args: readonly string[]): Promise<Ended> => stage.bench.run([...args, '--config', config]);
const json = (...args: readonly string[]): Promise<readonly unknown[]> =>
  stage.bench.runJson([...args, '--json', '--config', config]);

const EVIL = {
  log: 'log.test',
  index: 3,
  violations: [
    {
      claim: 'builder',
      expected: 'acme/widget/.github/workflows/release.yml@refs/tags/v*',
      found: 'https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/evil',
    },
    { claim: 'source_ref', expected: 'refs/tags/v*', found: 'refs/heads/evil' },
  ],
  signer: {
    type: 'certificate',
    chain: 'trusted',
    fingerprint: HASH,
    subject: ['https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/evil'],
    issuer: 'https://token.actions.githubusercontent.com',
    builder: 'https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/evil',
    builder_digest: '0123456789abcdef0123456789abcdef01234567',
    runner: 'github-hosted',
    source_repository: 'https://github.com/acme/widget',
    source_digest: '0123456789abcdef0123456789abcdef01234567',
    source_ref: 'refs/heads/evil',
    source_repository_id: '123456',
    source_owner: 'https://github.com/acme',
    source_owner_id: '654321',
    workflow: 'https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/evil',
    workflow_digest: '0123456789abcdef0123456789abcdef01234567',
    trigger: 'push',
    run: 'https://github.com/acme/widget/actions/runs/4711/attempts/1',
    visibility: 'public',
    signature: 'verified',
    signing_time: 'unknown',
    sct: 'absent',
  },
  artifacts: [expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string],
};

describe('sigwatch status, beside a daemon that writes', () => {
  it('prints the JSON of the contract', async () => {
    const [status, ...more] = await json('status');
    const size = expect.any(Number) as number;
    expect(more).toEqual([]);
    expect(status).toEqual({
      version: '0.1.0',
      database: stage.database,
      logs: [
        {
          ...{ name: 'liar', origin: 'liar.test', type: 'rekor-v2', url: liar.url, state: 'misbehaving' },
          ...{ verified_size: 3, verified_root: HASH, verified_at: TIME, seen_size: 3, lag: 0 },
          ...{ started_at_index: 3, examined_size: 3, alive_at: TIME, witnesses: [], also: [], kinds: {} },
          ...{ rate: null, growth: PERHAPS, behind_since: null, lag_seconds: 0, caught_up_in_seconds: 0 },
          last_error: 'Log "liar.test" signed two different trees of size 3',
        },
        {
          ...{ name: 'test-log', origin: 'log.test', type: 'rekor-v2', url: stage.log.url },
          state: expect.stringMatching(/^(?:verified|catching-up)$/) as string,
          ...{ verified_size: size, verified_root: HASH, verified_at: TIME, seen_size: size, lag: size },
          ...{ started_at_index: 0, examined_size: size, alive_at: TIME, witnesses: [], last_error: null },
          also: [],
          kinds: { dsse: 1, hashedrekord: size, unparsable: 1 },
          ...{ rate: PERHAPS, growth: PERHAPS, behind_since: expect.toBeOneOf([null, TIME]) as string },
          ...{ lag_seconds: size, caught_up_in_seconds: PERHAPS },
        },
      ],
      alerts: { open: 5, acknowledged: 0 },
      deliveries: { pending: 0, failing: 0 },
      gaps: [{ log: 'liar.test', from: 0, to: 3, reason: 'joined late' }],
      unparsable: 1,
      watches: [{ name: 'widget-release', mode: 'enforce', since: TIME, changed_at: TIME }],
      last_reload: null,
      daemon: { pid: daemon.pid, version: '0.1.0', started_at: TIME, beat_at: TIME },
      ...{ cadences: [], audit: [] },
    });
  });

  it('prints the same for people, and answers a health check in silence', async () => {
    const [{ status, stdout, stderr }, healthy] = await Promise.all([run('status'), run('status', '--healthy')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      `sigwatch 0.1.0, database ${stage.database}`,
      expect.stringMatching(new RegExp(`^The daemon runs since [-\\d]+ [:\\d]+ UTC \\(pid ${daemon.pid}\\)$`)),
      '',
      expect.stringMatching(/^LOG +STATE +VERIFIED +LAG +CHECKED$/),
      expect.stringMatching(/^liar\.test \(liar\) +misbehaving +3 +0 +\d+ (?:s|min) ago$/),
      expect.stringMatching(/^log\.test \(test-log\) +\S.* +\d+ +\d+ +\d+ s ago$/),
      '  liar.test: Log "liar.test" signed two different trees of size 3',
      '',
      'Alerts: 5 open, 0 acknowledged',
      'Deliveries: 0 waiting, 0 of them failing',
      'Never examined: liar.test from 0 to 2 (joined late)',
      expect.stringMatching(/^Watches: 1, last changed [-\d]+ [:\d]+ UTC: widget-release$/),
      'Entries that could not be decoded: 1',
      '',
    ]);
    expect(healthy).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
  });
});

describe('sigwatch history, beside a daemon that writes', () => {
  it('prints the JSON of the contract, newest first', async () => {
    const lines = await json('history');
    expect(lines.map((line) => pickFrom(line, 'index', 'kind', 'verdict'))).toEqual([
      { index: 6, kind: 'hashedrekord', verdict: 'unexpected' },
      { index: 5, kind: 'dsse', verdict: 'unexpected' },
      { index: 5, kind: 'dsse', verdict: 'expected' },
      { index: 4, kind: 'hashedrekord', verdict: 'forged' },
      { index: 3, kind: 'hashedrekord', verdict: 'unexpected' },
      { index: 2, kind: 'hashedrekord', verdict: 'expected' },
    ]);
    expect(lines[4]).toEqual({
      ...EVIL,
      ...{ global_index: null, uuid: null, kind: 'hashedrekord', api_version: '0.0.2', integrated_time: null },
      ...{ observed_at: TIME, leaf_hash: HASH, watch: 'widget-release', verdict: 'unexpected', alert: ID },
    });
    expect(lines[5]).toMatchObject({ violations: [], alert: null, signer: { source_ref: 'refs/tags/v1' } });
  });

  it('prints a few lines for people', async () => {
    const { status, stdout, stderr } = await run('history', '--ref', 'refs/heads/evil');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^[-\d]{10} [:\d]{8} {2}unexpected {4}widget-release$/),
      '  Signed by acme/widget release.yml (repository acme/widget, workflow acme/widget/.github/workflows/release.yml@refs/heads/evil, ref refs/heads/evil, trigger push, runner github-hosted, issuer https://token.actions.githubusercontent.com).',
      '  builder: expected acme/widget/.github/workflows/release.yml@refs/tags/v*, found acme/widget/.github/workflows/release.yml@refs/heads/evil.',
      '  source_ref: expected refs/tags/v*, found refs/heads/evil.',
      expect.stringMatching(/^ {2}log\.test, index 3 \(hashedrekord 0\.0\.2\), alert \w{10}$/),
      '',
    ]);
  });

  it('prints the same as CSV, nested values as JSON', async () => {
    const [{ stdout }, lines] = await Promise.all([run('history', '--csv'), json('history')]);
    const [head = [], ...rows] = parseCsv(stdout);
    const records = rows.map((row) => Object.fromEntries(head.map((name, column) => [name, row[column]])));
    expect(head.slice(0, 12).join()).toBe(
      'log,index,global_index,uuid,kind,api_version,integrated_time,observed_at,leaf_hash,watch,verdict,violations',
    );
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([head.length]));
    expect(
      records.map(({ log, index, verdict, alert, violations = '', subject = '', artifacts = '' }) => ({
        ...{ log, index: Number(index), verdict, alert: alert === '' ? null : alert },
        violations: JSON.parse(violations) as unknown,
        subject: JSON.parse(subject) as unknown,
        artifacts: JSON.parse(artifacts) as unknown,
      })),
    ).toEqual(
      lines.map((line) => ({
        ...pickFrom(line, 'log', 'index', 'verdict', 'alert', 'violations', 'artifacts'),
        ...pickFrom(pickFrom(line, 'signer')['signer'], 'subject'),
      })),
    );
  });

  it('keeps to its filters and says when it shows less than all', async () => {
    const [forged, byLog, limited, none, unknown] = await Promise.all([
      json('history', '--verdict', 'forged'),
      json('history', '--log', 'test-log', '--repo', 'ACME/widget', '--since', '1h'),
      run('history', '--limit', '1'),
      run('history', '--until', '1h'),
      run('history', '--log', 'nowhere'),
    ]);
    expect([forged.length, byLog.length]).toEqual([1, 6]);
    expect(limited).toMatchObject({
      status: 0,
      stderr: 'There is more: these are the newest 1 (--limit 0 shows all)\n',
    });
    expect(none).toMatchObject({ status: 0, stdout: '', stderr: 'Nothing was found that fits\n' });
    expect(unknown).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('sigwatch alerts, beside a daemon that writes', () => {
  it('prints the JSON of the contract, open ones first', async () => {
    const alerts = await json('alerts');
    expect(alerts.map((alert) => pickFrom(alert, 'class', 'kind', 'state', 'severity', 'watch'))).toEqual([
      { class: 'log', kind: 'fork', state: 'open', severity: 'critical', watch: null },
      { class: 'identity', kind: 'unexpected', state: 'open', severity: 'critical', watch: 'widget-release' },
      { class: 'identity', kind: 'unexpected', state: 'open', severity: 'critical', watch: 'widget-release' },
      { class: 'identity', kind: 'forged', state: 'open', severity: 'low', watch: 'widget-release' },
      { class: 'identity', kind: 'unexpected', state: 'open', severity: 'critical', watch: 'widget-release' },
      { class: 'operational', kind: 'started', state: 'closed', severity: 'low', watch: null },
      { class: 'operational', kind: 'started', state: 'closed', severity: 'low', watch: null },
    ]);
    expect(alerts[4]).toEqual({
      ...EVIL,
      ...{
        id: ID,
        class: 'identity',
        kind: 'unexpected',
        severity: 'critical',
        state: 'open',
        watch: 'widget-release',
      },
      title: 'widget-release: unexpected source_ref refs/heads/evil (and builder) signed by acme/widget release.yml',
      summary: expect.stringContaining('source_ref: expected refs/tags/v*, found refs/heads/evil.\n') as string,
      ...{ last_index: 3, occurrences: 1, first_seen: TIME, last_seen: TIME },
      dedupe_key: expect.stringMatching(/^identity\/widget-release\/unexpected\/[0-9a-f]{64}$/) as string,
      links: {
        entry: null,
        run: 'https://github.com/acme/widget/actions/runs/4711/attempts/1',
        commit: 'https://github.com/acme/widget/commit/0123456789abcdef0123456789abcdef01234567',
      },
    });
    // What an untrusted certificate says of itself is no link to click on.
    expect(alerts[3]).toMatchObject({ links: { entry: null, run: null, commit: null } });
  });

  it('prints two lines an alert for people', async () => {
    const { status, stdout, stderr } = await run('alerts', 'list', '--class', 'identity', '--state', 'open');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').slice(-3)).toEqual([
      expect.stringMatching(/^\w{10} {2}open {2}critical {2}unexpected {2}seen once [-\d]{10} [:\d]{8} UTC$/),
      '    widget-release: unexpected source_ref refs/heads/evil (and builder) signed by acme/widget release.yml',
      '',
    ]);
    expect(stdout.split('\n')).toHaveLength(9);
  });

  it('shows the evidence of a fork: two notes that the log signed', async () => {
    const [fork] = await json('alerts', '--class', 'log');
    const id = String(pickFrom(fork, 'id')['id']);
    const [[shown], { status, stdout }] = await Promise.all([json('alerts', 'show', id), run('alerts', 'show', id)]);
    const { evidence } = shown as { readonly evidence: { readonly notes: readonly string[] } };
    expect(evidence).toEqual({ kind: 'fork', log: 'liar.test', signed: true, notes: [ANY_TEXT, ANY_TEXT] });

    const expected = { origin: 'liar.test', keys: [liar.key] } as const;
    const [first, second] = evidence.notes.map((note) => openCheckpoint(note, expected));
    expect([first?.size, second?.size]).toEqual([3, 3]);
    expect(first?.root.equals(second?.root ?? Buffer.alloc(0))).toBe(false);

    expect(status).toBe(0);
    expect(stdout).toContain('[critical] liar.test: the log signed two histories that contradict each other\n');
    evidence.notes.forEach((note, position) => {
      expect(stdout).toContain(`Signed note ${position + 1}\n  ${note.trimEnd().replaceAll('\n', '\n  ')}\n`);
    });
  });
});

describe('text of a log that wants to be a terminal sequence', () => {
  it('is shown, never sent, and stays as it was signed in JSON', async () => {
    const lines = await json('history', '--limit', '1');
    const alert = String(pickFrom(lines[0], 'alert')['alert']);
    expect(lines[0]).toMatchObject({ index: 6, signer: { source_ref: HOSTILE } });

    const all = [
      ['status'],
      ['history'],
      ['history', '--json'],
      ['history', '--csv'],
      ['alerts'],
      ['alerts', '--json'],
    ];
    const outputs = await Promise.all(
      [...all, ['alerts', 'show', alert], ['alerts', 'show', alert, '--json']].map((args) => run(...args)),
    );
    const sent = outputs.flatMap(({ stdout }) => stdout.split(/\r?\n/)).filter((line) => visible(line) !== line);
    expect(sent).toEqual([]);
    expect(outputs.map(({ status, stderr }) => [status, stderr])).toEqual(outputs.map(() => [0, '']));
    expect(outputs[1]?.stdout).toContain(
      'ref refs/heads/\\u{001B}]0;owned\\u{0007}\\u{001B}[2J\\u{202E}gnp\\u{000A}[low]',
    );
    // Nor to the log lines.
    expect(
      daemon
        .stderr()
        .split('\n')
        .filter((line) => visible(line) !== line),
    ).toEqual([]);
  });
});

describe('commands that read', () => {
  it('need no secret, where the daemon would', async () => {
    expect(await run('check')).toMatchObject({
      status: 2,
      stdout: expect.stringContaining('environment variable "SLACK_WEBHOOK_URL" is not set') as string,
    });
    expect((await run('status')).status).toBe(0);
  });

  it('left the daemon in peace', async () => {
    clearInterval(growing);
    expect(await run('status', '--healthy')).toMatchObject({ status: 0 });
    expect(await stop(daemon)).toMatchObject({ status: 0, stdout: '' });
    const faults = logLines(daemon).filter(({ msg, level }) => Number(level) > 30 && msg !== 'log misbehaves');
    expect(faults.map(({ msg }) => msg)).toEqual(['entry unparsable']);
    expect(await run('status', '--healthy')).toMatchObject({ status: 3 });
  });
});

/** The named members of an object. */
function pickFrom(value: unknown, ...names: readonly string[]): Readonly<Record<string, unknown>> {
  const members = new Map<string, unknown>(Object.entries(value ?? {}));
  return Object.fromEntries(names.map((name) => [name, members.get(name)]));
}

/** RFC 4180 with CRLF, as rows of cells. */
function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  for (const [, cell = '', end] of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/g)) {
    rows.at(-1)?.push(cell.replace(/^"|"$/g, '').replaceAll('""', '"'));
    rows.push(...(end === ',' ? [] : [[]]));
  }
  return rows.slice(0, -1);
}
