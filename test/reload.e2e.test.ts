import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logLines, stop, type Running } from './support/program.ts';
import { setStage, WIDGET, type Stage } from './support/stage.ts';
import { until } from './support/until.ts';
import { strangerEntries, workflowEntry } from './support/workflow-entries.ts';

/** The watch of which only `main` is good. */
const MAIN_ONLY = { ...WIDGET, expect: { source_ref: 'refs/heads/main' } };
const BAD = 'version: 1\nwatches:\n  - name: widget-release\n    selekt: []\nlogs: { discover: maybe }\n';

/** Tells when the program listens to the signal, which must be the first thing it does. */
const ANNOUNCE = `process.on('newListener', (name) => name === 'SIGHUP' && console.error('{"msg":"listens"}'));`;

let stage: Stage;
let file: string;

beforeEach(async () => {
  stage = await setStage();
  file = stage.configure();
});

afterEach(() => stage.close());

describe('SIGHUP', () => {
  it('has the daemon judge by a changed watch from the next entry on', async () => {
    const daemon = await run();
    release('refs/tags/v1', 'refs/heads/main');
    await verified(2);
    stage.configure({ watches: [MAIN_ONLY, { ...WIDGET, name: 'also' }] });
    await hangUp(daemon);
    release('refs/tags/v2', 'refs/heads/main');
    await verified(4);
    expect(findings()).toEqual([
      '0 widget-release expected',
      '1 widget-release unexpected',
      '2 also expected',
      '2 widget-release unexpected',
      '3 also unexpected',
      '3 widget-release expected',
    ]);
    expect(reloads()).toEqual(['signal loaded']);
    expect(line(daemon, 'configuration reloaded')).toMatchObject({
      ...{ added: ['also'], changed: ['widget-release'], removed: [] },
      ...{ watches: 2, sources: 1 },
    });
    expect(stage.query('SELECT watch, change FROM watch_changes ORDER BY id')).toEqual([
      { watch: 'widget-release', change: 'added' },
      { watch: 'also', change: 'added' },
      { watch: 'widget-release', change: 'changed' },
    ]);
    // What was open before still is, and one that nobody touched was told once.
    expect(
      stage.query(`SELECT state, occurrences FROM alerts WHERE kind = 'unexpected' ORDER BY first_seen`),
    ).toMatchObject([
      { state: 'open', occurrences: 1 },
      { state: 'open', occurrences: 1 },
      { state: 'open', occurrences: 1 },
    ]);
    expect(await stop(daemon)).toMatchObject({ status: 0 });
  });

  it('leaves the old configuration in force where the new one is no good, and says all that is wrong', async () => {
    const daemon = await run();
    writeFileSync(file, BAD);
    await hangUp(daemon);
    release('refs/heads/evil');
    await verified(1);
    expect(findings()).toEqual(['0 widget-release unexpected']);
    expect(reloads()).toEqual(['signal refused']);
    const problems = logLines(daemon).filter(({ msg }) => msg === 'configuration refused');
    expect(problems.map(({ problem }) => problem)).toEqual([
      expect.stringMatching(/^\S+sigwatch\.yaml:3:\d+: watches\[0\]: missing key "select"/),
      expect.stringMatching(/^\S+sigwatch\.yaml:4:5: watches\[0\]\.selekt: unknown key "selekt"/),
      expect.stringMatching(/^\S+sigwatch\.yaml:5:\d+: logs\.discover: expected true or false/),
    ]);
    const [json] = (await stage.bench.runJson(['status', '--config', stage.configure(), '--json'])) as readonly [
      { readonly last_reload: unknown; readonly watches: readonly unknown[] },
    ];
    expect(json.last_reload).toEqual({
      at: expect.any(String) as string,
      cause: 'signal',
      outcome: 'refused',
      problem: problems.map(({ problem }) => problem).join('\n'),
    });
    expect(json.watches).toMatchObject([{ name: 'widget-release', mode: 'enforce' }]);
    await hangUp(daemon);
    expect(reloads()).toEqual(['signal refused', 'signal loaded']);
  });

  it('is heeded once the daemon runs, when it comes while that is starting, at any moment', async () => {
    stage.bench.write('announce.cjs', ANNOUNCE);
    stage.log.append(strangerEntries(stage.authority, 3));
    const daemon = stage.bench.start(['run', '--config', file], { env: { NODE_OPTIONS: '--require ./announce.cjs' } });
    await until('it listens', () => logLines(daemon).some(({ msg }) => msg === 'listens'));
    for (const running = { now: false }; !running.now; running.now = says(daemon, 'running')) {
      daemon.kill('SIGHUP');
      await delay(3);
    }
    await until('it has read its configuration', () => reloads().length > 0);
    await verified(3);
    expect(await stop(daemon)).toMatchObject({ status: 0, signal: null });
  });

  it('makes few readings of a storm', async () => {
    const daemon = await run();
    stage.configure({ watches: [MAIN_ONLY] });
    for (let count = 0; count < 50; count += 1) {
      daemon.kill('SIGHUP');
      await delay(1);
    }
    await until('the storm is over', () => reloads().length > 0);
    release('refs/tags/v1');
    await verified(1);
    expect(findings()).toEqual(['0 widget-release unexpected']);
    await stop(daemon);
    expect(reloads().length).toBeLessThanOrEqual(2);
    expect(new Set(reloads())).toEqual(new Set(['signal loaded']));
  });

  it('loses no entry and judges none twice in the middle of a catch-up', async () => {
    const leaves = plant(5_000);
    stage.log.append(leaves.map(({ leaf }) => leaf));
    const daemon = stage.bench.start(['run', '--config', file]);
    await until('it reads entries', () => (stage.status()?.logs[0]?.examined_size ?? 0) > 0);
    // Each reading finds another watch, so that none is like the one before.
    for (let round = 0; round < 100; round += 1) {
      stage.configure({ watches: [WIDGET, other(round)] });
      daemon.kill('SIGHUP');
      await delay(30);
    }
    await verified(leaves.length);
    expect(await stop(daemon)).toMatchObject({ status: 0, signal: null });
    expect(findings()).toEqual(expectedOf(leaves));
    expect(stage.status()?.gaps).toEqual([]);
    expect(stage.status()?.logs[0]).toMatchObject({
      verified_size: 5_000,
      examined_size: 5_000,
      kinds: { hashedrekord: 5_000 },
    });
    expect(stage.query("SELECT sum(occurrences) AS told FROM alerts WHERE class = 'identity'")).toEqual([
      { told: leaves.filter(({ verdict }) => verdict === 'unexpected').length },
    ]);
    const [begun] = stage.query(
      `SELECT count(*) AS count FROM reloads WHERE done_at < (SELECT first_seen FROM alerts WHERE kind = 'started')`,
    );
    expect(begun?.['count']).toBeGreaterThan(0);
  });

  it('may be cut short by SIGKILL at any moment', async () => {
    const leaves = plant(420);
    let from = 0;
    for (const pause of [0, 3, 8, 15, 30, 60]) {
      const batch = leaves.slice(from, (from += 70));
      const daemon = await run();
      stage.log.append(batch.map(({ leaf }) => leaf));
      stage.configure({ watches: [WIDGET, other(pause)] });
      daemon.kill('SIGHUP');
      await delay(pause);
      expect(await stop(daemon, 'SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    }
    // What was asked for and not done is done by the next one.
    const daemon = await run();
    await verified(420);
    await until('nothing waits', () => stage.query('SELECT 1 FROM reloads WHERE done_at IS NULL').length === 0);
    await stop(daemon);
    expect(findings()).toEqual(expectedOf(leaves));
    expect(stage.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(stage.query(`SELECT name FROM v_watches WHERE in_force = 1 ORDER BY name`)).toEqual([
      { name: 'other-60' },
      { name: 'widget-release' },
    ]);
  });

  it('is told to systemd, in order', async () => {
    stage.bench.write('systemd-notify', '#!/bin/sh\nprintf "%s\\n" "$*" >> "$NOTIFY_SOCKET"\n', 0o755);
    const env = {
      PATH: `${stage.bench.folder}:${process.env['PATH'] ?? ''}`,
      NOTIFY_SOCKET: stage.bench.path('notified'),
    };
    const daemon = await run(env);
    await hangUp(daemon);
    writeFileSync(file, BAD);
    await hangUp(daemon);
    await stop(daemon);
    const notified = readFileSync(stage.bench.path('notified'), 'utf8').split('\n').slice(0, -1);
    const usual = notified.filter((state) => state !== 'WATCHDOG=1');
    expect(usual.map((state) => state.replace(/(?<=MONOTONIC_USEC=)[0-9]+$/, 'N'))).toEqual([
      'READY=1',
      'RELOADING=1 MONOTONIC_USEC=N',
      'READY=1',
      'RELOADING=1 MONOTONIC_USEC=N',
      'READY=1',
      'STOPPING=1',
    ]);
    const times = usual.flatMap((state) => /[0-9]{2,}$/.exec(state)?.map(Number) ?? []);
    expect(times[0]).toBeLessThan(times[1] ?? 0);
  });

  it('is no end of one pass, which says that it ignores it', async () => {
    stage.log.hang();
    const once = stage.bench.start(['run', '--once', '--config', file]);
    await until('it asks the log', () => stage.log.requests.length > 0);
    once.kill('SIGHUP');
    await until('it says so', () => says(once, 'SIGHUP ignored: one pass reads its configuration once'));
    expect(await stop(once)).toMatchObject({ status: 0, signal: null });
    expect(reloads()).toEqual([]);
  });

  it('ends any other command', async () => {
    const demo = stage.bench.start(['demo', '--pace', '60']);
    await until('it plays', () => demo.stdout().length > 0);
    expect((await stop(demo, 'SIGHUP')).ms).toBeLessThan(5_000);
  });
});

describe('a reading of other channels', () => {
  it('keeps what waits for one that is gone, and sends new alerts as it says', async () => {
    stage.slack.answer(() => ({ status: 500 }));
    const daemon = await run();
    release('refs/heads/evil');
    await until('the attack was mailed', () =>
      stage.mail.mails().some(({ subject }) => subject.includes('refs/heads/evil')),
    );
    const { mail } = (stage.notify() as { readonly channels: Readonly<Record<string, unknown>> }).channels;
    stage.configure({ notify: { group_wait: '0s', channels: { mail } } });
    await hangUp(daemon);
    const waiting = waitingFor('slack');
    release('refs/heads/worse');
    await until('the next was mailed', () =>
      stage.mail.mails().some(({ subject }) => subject.includes('refs/heads/worse')),
    );
    expect(waiting).toBeGreaterThan(0);
    expect(waitingFor('slack')).toBe(waiting);

    stage.slack.answer(() => ({ status: 200 }));
    stage.configure();
    await hangUp(daemon);
    await until('the rest was posted', () => waitingFor('slack') === 0);
    const posts = stage.slack.texts().join('\n');
    expect([posts.includes('refs/heads/evil'), posts.includes('refs/heads/worse')]).toEqual([true, false]);
    expect(stage.query("SELECT state, count(*) AS count FROM alerts WHERE class = 'identity' GROUP BY state")).toEqual([
      { state: 'open', count: 2 },
    ]);
  });
});

describe('sigwatch reload', () => {
  const reload = (...args: readonly string[]) => stage.bench.run(['reload', '--config', file, ...args]);

  it('says what changed, and ends with 0', async () => {
    await run();
    stage.configure({ watches: [MAIN_ONLY, { ...WIDGET, name: 'also' }] });
    expect(await reload()).toEqual({
      status: 0,
      signal: null,
      stderr: '',
      stdout: `The daemon has read "${file}" again\nWatches added: also\nWatches changed: widget-release\n`,
    });
    stage.configure();
    const { status, stdout } = await reload('--json');
    const time = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      {
        ...{ outcome: 'loaded', cause: 'command', file, problem: null },
        watches: { added: [], changed: ['widget-release'], removed: ['also'] },
        ...{ requested_at: time, done_at: time },
      },
    ]);
    expect((await reload()).stdout).toContain('No watch is other than before\n');
    expect(reloads()).toEqual(Array(3).fill('command loaded'));
  });

  it('ends with 2 for a file that is no good, and asks nobody', async () => {
    await run();
    writeFileSync(file, BAD);
    const { status, stdout, stderr } = await reload();
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('sigwatch.yaml:4:5: watches[0].selekt: unknown key "selekt"');
    expect(stderr).toMatch(/\nThe daemon was not asked: what it has in force stays in force\n$/);
    expect(stage.query('SELECT * FROM reloads')).toEqual([]);
  });

  it('ends with 2 for one that only the daemon can refuse', async () => {
    await run();
    stage.configure({ notify: { channels: { slack: { type: 'slack', webhook_url: { env: 'NOT_THERE' } } } } });
    const { status, stdout, stderr } = await reload();
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/environment variable "NOT_THERE" is not set/);
    expect(stderr).toContain('The daemon refused it: the configuration from before stays in force\n');
    const json = JSON.parse((await reload('--json')).stdout) as unknown;
    expect(json).toMatchObject({
      outcome: 'refused',
      watches: null,
      problem: expect.stringContaining('NOT_THERE') as string,
    });
  });

  it('works for who does not have the secrets of the daemon', async () => {
    const notify = { channels: { slack: { type: 'slack', webhook_url: { env: 'WEBHOOK' } } } };
    stage.configure({ notify });
    await run({ WEBHOOK: stage.slack.url });
    expect(await reload()).toMatchObject({ status: 0, stderr: '' });
  });

  it('ends with 3 where no daemon runs', async () => {
    expect(await reload()).toMatchObject({ status: 3, stderr: expect.stringContaining('there is none yet') as string });
    const daemon = await run();
    await stop(daemon);
    expect(await reload()).toEqual({
      status: 3,
      signal: null,
      stdout: '',
      stderr: `Cannot reload "${file}": no daemon runs on database "${stage.database}", expected a \`sigwatch run\`; it reads its configuration when it starts\n`,
    });
    expect(stage.query('SELECT * FROM reloads')).toEqual([]);
  });

  it('ends with 3 when the daemon is gone before it answers', async () => {
    const daemon = await run();
    await stop(daemon, 'SIGKILL');
    const asking = stage.bench.start(['reload', '--config', file]);
    await until('it asked', () => stage.query('SELECT * FROM reloads').length === 1);
    expect(await stop(asking, 'SIGTERM')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining(`the daemon (pid ${daemon.pid}) has not answered`) as string,
    });
    // The next one does what was asked.
    await run();
    await until('it is done', () => reloads().length === 1);
    expect(reloads()).toEqual(['command loaded']);
  });

  it('says when the daemon reads another file', async () => {
    await run();
    const other = stage.bench.write('other.yaml', readFileSync(file));
    const { status, stderr } = await stage.bench.run(['reload', '--config', other]);
    expect([status, stderr]).toEqual([0, `The daemon reads "${file}", not "${other}"\n`]);
  });
});

/** A watch that selects nothing of these tests. */
function other(number: number): unknown {
  return { ...WIDGET, name: `other-${number}`, select: [{ issuer: 'https://nobody.example' }] };
}

interface Planted {
  readonly leaf: Buffer;
  readonly verdict: 'expected' | 'unexpected' | null;
}

/** Mostly strangers, and now and then one of ours. */
function plant(count: number): readonly Planted[] {
  const strangers = strangerEntries(stage.authority, 7);
  return Array.from({ length: count }, (_, number): Planted => {
    const verdict = number % 50 === 0 ? 'expected' : number % 70 === 0 ? 'unexpected' : null;
    if (verdict === null) {
      return { leaf: strangers[number % strangers.length] ?? Buffer.of(), verdict };
    }
    const ref = verdict === 'expected' ? `refs/tags/v${number}` : `refs/heads/evil-${number}`;
    return { leaf: workflowEntry(stage.authority, { repository: 'acme/widget', ref }), verdict };
  });
}

function expectedOf(planted: readonly Planted[]): readonly string[] {
  return planted.flatMap(({ verdict }, index) => (verdict === null ? [] : [`${index} widget-release ${verdict}`]));
}

async function run(env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const daemon = stage.bench.start(['run', '--config', file], { env });
  await until('the daemon runs', () => says(daemon, 'running') && stage.status()?.heartbeat != null);
  return daemon;
}

/** Has the daemon read its configuration again, and waits until it has. */
async function hangUp(daemon: Running): Promise<void> {
  const before = reloads().length;
  daemon.kill('SIGHUP');
  await until('the configuration was read again', () => reloads().length > before);
}

function waitingFor(channel: string): number {
  return stage.query(`SELECT 1 FROM v_deliveries WHERE channel = '${channel}' AND state = 'pending'`).length;
}

function release(...refs: readonly string[]): void {
  stage.log.append(refs.map((ref) => workflowEntry(stage.authority, { repository: 'acme/widget', ref })));
}

async function verified(size: number): Promise<void> {
  await until(`the log is verified to ${size}`, () => stage.status()?.logs[0]?.verified_size === size);
}

function findings(): readonly string[] {
  return stage
    .query(`SELECT "index" || ' ' || watch || ' ' || verdict AS found FROM v_history ORDER BY "index", watch`)
    .map(({ found }) => String(found));
}

/** Cause and outcome of each reading that is done. */
function reloads(): readonly string[] {
  return stage
    .query(`SELECT cause || ' ' || outcome AS done FROM reloads WHERE done_at IS NOT NULL ORDER BY id`)
    .map(({ done }) => String(done));
}

function says(daemon: Running, message: string): boolean {
  return logLines(daemon).some(({ msg }) => msg === message);
}

function line(daemon: Running, message: string): unknown {
  return logLines(daemon).find(({ msg }) => msg === message);
}
