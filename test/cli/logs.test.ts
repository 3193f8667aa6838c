import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { listLogsCommand, resumeLogCommand, type ResumeOptions } from '../../src/cli/logs.ts';
import { runCli } from '../../src/cli/program.ts';
import { findDecision, listDecisions, settleDecision } from '../../src/store/decisions.ts';
import { saveHeartbeat } from '../../src/store/heartbeat.ts';
import { saveFailure, saveVerified, stopLog } from '../../src/store/logs.ts';
import { saveConfigured } from '../../src/store/sources.ts';
import type { Store } from '../../src/store/store.ts';
import { checkpointOf, LATER, NOW, verifiedLog } from '../store/samples.ts';
import { openStore, tempFolder } from '../store/temp-store.ts';
import { captureIo } from './captured-io.ts';

const GOOD = { by: 'alice', note: 'asked the operator' };

let store: Store;

beforeEach(() => {
  store = openStore();
  prepare(store);
});

/** One log that is stopped, one that is not, and two of one name. */
function prepare(into: Store): void {
  verifiedLog(into, 'stopped.example', 0, 5, 'acme');
  saveFailure(into, 'stopped.example', 'misbehaving', 'two trees \u001b[2J', NOW);
  stopLog(into, 'stopped.example', 'k3v9x0m2qa', NOW);
  verifiedLog(into, 'fine.example', 0, 7, 'fine.example');
  verifiedLog(into, 'shards - 1', 0, 5, 'shards');
  verifiedLog(into, 'shards - 2', 0, 5, 'shards');
  saveConfigured(into, ['acme', 'fine.example', 'shards']);
}

function list(json = false) {
  const io = captureIo();
  const status = listLogsCommand(store, { json }, io);
  return { status, out: io.out(), err: io.err() };
}

function resume(log: string, options: ResumeOptions = GOOD) {
  const io = captureIo();
  const status = resumeLogCommand(store, log, options, io, LATER);
  return { status, out: io.out(), err: io.err() };
}

describe('listLogsCommand()', () => {
  it('says what stopped each log, and what was decided', () => {
    resume('acme');
    expect(list()).toEqual({
      status: 0,
      err: '',
      out: [
        'stopped.example  (acme)  rekor-v2  misbehaving  verified to 5',
        '    two trees \\u{001B}[2J',
        '    stopped by alert k3v9x0m2qa: `sigwatch alerts show k3v9x0m2qa`',
        '    decided 2026-11-21 14:00:00 UTC by alice: "asked the operator"',
        '    not acted on yet',
        'fine.example  rekor-v2  verified  verified to 7',
        'shards - 1  (shards)  rekor-v2  verified  verified to 5',
        'shards - 2  (shards)  rekor-v2  verified  verified to 5',
        '',
      ].join('\n'),
    });
  });

  it('says how a stopped log goes on', () => {
    expect(list().out).toContain(
      [
        '    stopped by alert k3v9x0m2qa: `sigwatch alerts show k3v9x0m2qa`',
        '    until somebody decides: `sigwatch logs resume LOG --by WHO --note WHY`',
        'fine.example  ',
      ].join('\n'),
    );
  });

  it('prints a JSON line each', () => {
    resume('acme');
    const decision = findDecision(store, 'stopped.example');
    expect(decision).not.toBe(null);
    settleDecision(store, decision as NonNullable<typeof decision>, 'it goes on from 5', LATER);
    const lines = list(true).out.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      name: 'acme',
      origin: 'stopped.example',
      type: 'rekor-v2',
      url: 'https://acme',
      state: 'misbehaving',
      verified_size: 5,
      examined_size: 5,
      seen_size: 5,
      frozen_size: null,
      last_error: 'two trees \u001b[2J',
      alert: 'k3v9x0m2qa',
      decisions: [
        {
          by: 'alice',
          note: 'asked the operator',
          alert: 'k3v9x0m2qa',
          decided_at: '2026-11-21T14:00:00.456Z',
          applied_at: '2026-11-21T14:00:00.456Z',
          outcome: 'it goes on from 5',
        },
      ],
    });
  });

  it('says so when there is none', () => {
    store = openStore();
    expect(list()).toEqual({ status: 0, out: '', err: 'No log is known yet\n' });
  });
});

describe('resumeLogCommand()', () => {
  it.each(['stopped.example', 'acme'])('writes a decision about "%s" down', (name) => {
    expect(resume(name)).toEqual({
      status: 0,
      err: '',
      out: 'stopped.example goes on, by decision of alice: `sigwatch run` acts on it; `sigwatch logs` says what came of it\n',
    });
    expect(listDecisions(store, 'stopped.example')).toEqual([
      {
        id: 1,
        log: 'stopped.example',
        ...GOOD,
        alert: 'k3v9x0m2qa',
        decidedAt: LATER,
        appliedAt: null,
        outcome: null,
      },
    ]);
  });

  it('says who acts on it while a daemon runs, and prints JSON', () => {
    saveHeartbeat(store, { pid: 1, version: '1', startedAt: NOW }, LATER);
    expect(resume('acme').out).toContain('the daemon acts on it within 10 s');
    store.prepare('DELETE FROM decisions').run();
    expect(JSON.parse(resume('acme', { ...GOOD, json: true }).out)).toEqual({
      log: 'stopped.example',
      ...GOOD,
      alert: 'k3v9x0m2qa',
      decided_at: '2026-11-21T14:00:00.456Z',
    });
  });

  it('takes one about a log that grew beyond its end, although nothing stopped it', () => {
    saveVerified(store, 'fine.example', checkpointOf('fine.example', 7), true, NOW);
    expect(resume('fine.example').status).toBe(2);
    saveFailure(store, 'fine.example', 'misbehaving', 'it grew', NOW);
    expect(resume('fine.example').status).toBe(0);
  });

  it.each<[string, string, Partial<ResumeOptions>, string]>([
    ['an unknown log', 'other.example', {}, 'no log has this origin or name; see `sigwatch logs`'],
    ['a hostile name', '\u001b[2J', {}, 'no log has this origin or name; see `sigwatch logs`'],
    ['a name of several logs', 'shards', {}, '2 logs have this name, expected an origin: "shards - 1", "shards - 2"'],
    ['a log that is not stopped', 'fine.example', {}, 'it is not stopped, its state is verified'],
    ['nobody', 'acme', { by: ' ' }, 'expected --by to say who decides, in at most 2000 characters'],
    ['no reason', 'acme', { note: '' }, 'expected --note to say why, in at most 2000 characters'],
    ['a novel', 'acme', { note: 'x'.repeat(2001) }, 'expected --note to say why, in at most 2000 characters'],
  ])('ends with 2 for %s', (_, log, options, why) => {
    const { status, out, err } = resume(log, { ...GOOD, ...options });
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toBe(`Cannot resume "${log.replace('\u001b', '\\u{001B}')}": ${why}\n`);
    expect(findDecision(store, 'stopped.example')).toBe(null);
  });

  it('ends with 2 where nobody signed what is wrong, and while another decision waits', () => {
    saveFailure(store, 'fine.example', 'misbehaving', 'bad signature', NOW);
    expect(resume('fine.example').err).toContain('; what nobody signed heals by itself');
    resume('acme');
    expect(resume('acme')).toMatchObject({
      status: 2,
      err: 'Cannot resume "acme": a decision of alice (2026-11-21 14:00:00 UTC) is not acted on yet\n',
    });
  });
});

describe('sigwatch logs', () => {
  const run = async (...args: string[]) => {
    const folder = tempFolder();
    const config = join(folder, 'sigwatch.yaml');
    writeFileSync(config, 'version: 1\ndatabase: ./sigwatch.db\nlogs: { discover: false }\nwatches: []\n');
    const io = captureIo();
    const command = async (...words: readonly string[]) =>
      runCli(['logs', ...words, '--config', config], {
        ...io,
        interactive: false,
        env: {},
        signal: new AbortController().signal,
        onHangUp: () => undefined,
        monotonicMicros: () => 0n,
        self: ['node'],
        pid: 1,
      });
    return { status: await command(...args), err: io.err(), folder, command, out: io.out };
  };

  it.each([
    [['resume', 'acme', '--note', 'why'], `required option '--by <who>' not specified`],
    [['resume', 'acme', '--by', 'alice'], `required option '--note <text>' not specified`],
    [['resume', '--by', 'alice', '--note', 'why'], `missing required argument 'log'`],
    [['forget', 'acme'], `unknown command 'forget'`],
  ])('%j ends with 2', async (args, why) => {
    const { status, err } = await run(...args);
    expect(status).toBe(2);
    expect(err).toContain(why);
  });

  it('makes no database', async () => {
    const { status, err } = await run('resume', 'acme', '--by', 'alice', '--note', 'why');
    expect(status).toBe(3);
    expect(err).toContain('there is none yet');
  });

  it('writes into the database of the configuration, and lists it', async () => {
    const { folder, command, out } = await run('list');
    const other = openStore(join(folder, 'sigwatch.db'));
    prepare(other);
    expect(await command('resume', 'acme', '--by', 'alice', '--note', 'why')).toBe(0);
    expect(findDecision(other, 'stopped.example')).toMatchObject({ by: 'alice', note: 'why' });
    expect(await command('list', '--json')).toBe(0);
    expect(out()).toContain('"by":"alice"');
  });
});
