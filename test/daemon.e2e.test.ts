import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Store } from '../src/store/store.ts';
import { parseLines, stop, type Ended, type LogLine, type Running } from './support/program.ts';
import { setStage, type Stage } from './support/stage.ts';
import { until } from './support/until.ts';
import { strangerEntries, workflowEntry } from './support/workflow-entries.ts';

const ALERT = /(?<=Alert )[0-9a-z]{10}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

describe('sigwatch run', () => {
  let stage: Stage;
  let daemon: Running;
  let ended: Ended & { readonly ms: number };
  let [besides, onceBesides]: readonly Ended[] = [];

  // One life of a daemon; the tests below look at what is left of it.
  beforeAll(async () => {
    stage = await setStage();
    stage.bench.write('systemd-notify', '#!/bin/sh\nprintf "%s\\n" "$1" >> "$NOTIFY_SOCKET"\n', 0o755);
    const env = {
      PATH: `${stage.bench.folder}:${process.env['PATH'] ?? ''}`,
      NOTIFY_SOCKET: stage.bench.path('notified'),
    };
    const args = ['run', '--config', stage.configure()];
    stage.log.append(strangerEntries(stage.authority, 3));
    daemon = stage.bench.start(args, { env });
    await until('the start was told', () => stage.slack.taken.length === 1 && stage.mail.mails().length === 1);
    [besides, onceBesides] = await Promise.all([stage.bench.run(args), stage.bench.run([...args, '--once'])]);

    stage.log.append([
      workflowEntry(stage.authority, { repository: 'acme/widget', ref: 'refs/tags/v1.4.0' }),
      Buffer.from('{"kind":"hashedrekord"'),
      workflowEntry(stage.authority, { repository: 'acme/widget', ref: 'refs/heads/evil' }),
    ]);
    await until('the attack was told', () => stage.slack.taken.length === 2 && stage.mail.mails().length === 2);
    await until('the log is verified', () => stage.status()?.logs[0]?.verified_size === 6);
    ended = await stop(daemon);
  });
  afterAll(() => stage.close());

  it('tells Slack who signed, from where, and what was expected instead', () => {
    const [, told = ''] = stage.slack.texts();
    expect(told.replaceAll(TIME, 'TIME').replaceAll(ALERT, 'ALERT')).toBe(`\
[critical] widget-release: unexpected source_ref refs/heads/evil (and builder) signed by acme/widget release.yml

Signed by acme/widget release.yml (repository acme/widget, workflow acme/widget/.github/workflows/release.yml@refs/heads/evil, ref refs/heads/evil, trigger push, runner github-hosted, issuer https://token.actions.githubusercontent.com).
builder: expected acme/widget/.github/workflows/release.yml@refs/tags/v*, found acme/widget/.github/workflows/release.yml@refs/heads/evil.
source_ref: expected refs/tags/v*, found refs/heads/evil.
What to do now: find out who ran this and whether it was meant. If not, treat what was signed as compromised: stop its distribution, close the way in, rotate what the run could reach. If it was meant, add it to the watch.

Signed as: https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/evil
Issuer: https://token.actions.githubusercontent.com
Repository: https://github.com/acme/widget
Workflow: https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/evil
Ref: refs/heads/evil
Commit: 0123456789abcdef0123456789abcdef01234567
Trigger: push
Runner: github-hosted
Run: https://github.com/acme/widget/actions/runs/4711/attempts/1

Log log.test · Index 5 · First seen TIME · Alert ALERT
Workflow run: https://github.com/acme/widget/actions/runs/4711/attempts/1 · Commit: https://github.com/acme/widget/commit/0123456789abcdef0123456789abcdef01234567`);
  });

  it('tells the same by mail, to whom the configuration says', () => {
    const [, told] = stage.mail.mails();
    const [, post = ''] = stage.slack.texts();
    const facts = [
      'refs/heads/evil',
      'builder: expected acme/widget/.github/workflows/release.yml@refs/tags/v*, found acme/widget/.github/workflows/release.yml@refs/heads/evil.',
      'Index                     5\n',
      'https://github.com/acme/widget/actions/runs/4711/attempts/1',
      `Alert                     ${/Alert (\w+)/.exec(post)?.[1] ?? '?'}\n`,
    ];
    expect(facts.filter((fact) => told?.text.includes(fact) !== true)).toEqual([]);
    expect(told).toMatchObject({
      from: 'sigwatch@acme.example',
      to: ['security@acme.example'],
      subject:
        '[sigwatch] critical: widget-release: unexpected source_ref refs/heads/evil (and builder) signed by acme/widget release.yml',
    });
  });

  it('says once that it began, and nothing of what was expected', () => {
    expect([stage.slack.taken.length, stage.mail.mails().length]).toEqual([2, 2]);
    expect(stage.slack.texts()[0]).toContain('[low] log.test: watching, verified to size 3\n');
    expect(stage.mail.mails()[0]?.subject).toBe('[sigwatch] low: log.test: watching, verified to size 3');
  });

  it('keeps an entry that cannot be decoded, and goes on', () => {
    expect(stage.query('SELECT log, idx, kind, problem, body FROM unparsable')).toEqual([
      {
        log: 'log.test',
        idx: 4,
        kind: null,
        problem: expect.stringContaining('JSON') as string,
        body: Buffer.from('{"kind":"hashedrekord"'),
      },
    ]);
    expect(stage.status()?.logs[0]?.kinds).toEqual({ hashedrekord: 5, unparsable: 1 });
  });

  it('ends with 0 within five seconds of SIGTERM, with nothing on stdout', () => {
    expect(ended).toMatchObject({ status: 0, signal: null, stdout: '' });
    expect(ended.ms).toBeLessThan(5_000);
  });

  it('writes a line of JSON for each event to stderr, and nothing else', () => {
    const lines = parseLines(ended.stderr) as readonly LogLine[];
    expect(lines.filter((line) => !isEvent(line))).toEqual([]);
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining([
        'running',
        'joined',
        'verified',
        'entry judged',
        'entry unparsable',
        'message sent',
        'stopped',
      ]),
    );
    expect(ended.stderr).not.toContain('secret-of-the-webhook');
  });

  it('tells systemd that it is ready, alive and stopping', async () => {
    // The helper that carries the last word may outlive the daemon by a moment.
    const notified = await until('systemd was told of the end', () => {
      const lines = readFileSync(stage.bench.path('notified'), 'utf8').split('\n').slice(0, -1);
      return lines.includes('STOPPING=1') && lines;
    });
    expect(notified.toSorted()).toEqual(['READY=1', 'STOPPING=1', ...notified.filter((line) => line === 'WATCHDOG=1')]);
    expect(notified).toContain('WATCHDOG=1');
  });

  it('refuses to run on a database on which another one runs', () => {
    const refused = {
      status: 3,
      signal: null,
      stdout: '',
      stderr: `Cannot run on database "${stage.database}": another sigwatch runs on it\n`,
    };
    expect([besides, onceBesides]).toEqual([refused, refused]);
  });
});

describe('sigwatch run, whose log lines nobody reads any more', () => {
  it('goes on watching', async () => {
    const stage = await setStage();
    onTestFinished(() => stage.close());
    const daemon = stage.bench.start(['run', '--config', stage.configure()]);
    await until('the start was told', () => stage.slack.taken.length === 1);
    daemon.stopReading('stderr');
    stage.log.append([workflowEntry(stage.authority, { repository: 'acme/widget', ref: 'refs/heads/evil' })]);
    await until('the attack was told', () => stage.slack.taken.length === 2);
    expect(await stop(daemon)).toMatchObject({ status: 0, signal: null });
  });
});

describe('sigwatch run, on a database of a newer version', () => {
  it.each([[['run']], [['run', '--once']], [['status']]])('refuses it with 3 and leaves it alone: %j', async (args) => {
    const stage = await setStage();
    onTestFinished(() => stage.close());
    Store.open(stage.database).close();
    const newer = Store.open(stage.database);
    newer.db.exec(`INSERT INTO schema_migrations VALUES (9999, '9999-of-the-future.sql', 0)`);
    newer.close();
    const before = readFileSync(stage.database);
    expect(await stage.bench.run([...args, '--config', stage.configure()])).toEqual({
      status: 3,
      signal: null,
      stdout: '',
      stderr: `Cannot use database "${stage.database}": it was written by a newer sigwatch (it has "9999-of-the-future.sql"); use that version or newer\n`,
    });
    expect(readFileSync(stage.database).equals(before)).toBe(true);
    expect(stage.log.requests).toEqual([]);
  });
});

function isEvent({ level, time, msg }: LogLine): boolean {
  return typeof level === 'number' && typeof time === 'number' && typeof msg === 'string';
}
