import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogStatus } from '../src/store/status.ts';
import { startFakeLog, type RunningFakeLog } from './fakes/fake-log.ts';
import { stop, type Ended } from './support/program.ts';
import { setStage, type Stage } from './support/stage.ts';
import { until } from './support/until.ts';
import { strangerEntries } from './support/workflow-entries.ts';

/** What each log does, and what the operator reads of it. */
const FAULTS: Readonly<Record<string, { readonly fail: (log: RunningFakeLog) => void; readonly says: RegExp }>> = {
  html: {
    fail: (log) => {
      log.serveHtml();
    },
    says: /^Cannot read checkpoint from "http.*the answer begins "<!doctype html>/,
  },
  broken: {
    fail: (log) => {
      log.failWith(500);
    },
    says: /^Cannot fetch "http.*": status 500: "failed on purpose with 500"$/,
  },
  hanging: {
    fail: (log) => {
      log.hang();
    },
    says: /^Cannot fetch "http.*": no complete answer within \d+ ms$/,
  },
  truncating: {
    fail: (log) => {
      log.truncate();
    },
    says: /^Cannot read checkpoint from "http.*the answer begins "truncating.test/,
  },
  redirecting: {
    fail: (log) => {
      log.redirectTo('http://elsewhere.example/');
    },
    says: /^Cannot fetch "http.*": status 302 redirects to "elsewhere.example", and redirects are not followed/,
  },
  resetting: {
    fail: (log) => {
      log.reset();
    },
    says: /^Cannot fetch "http.*": (?:terminated|other side closed|aborted)/,
  },
};
const NAMES = Object.keys(FAULTS);

let stage: Stage;
let logs: readonly RunningFakeLog[];
let shown: unknown;
let ended: Ended;

// One daemon follows a good log and one of each fault.
beforeAll(async () => {
  stage = await setStage();
  logs = await Promise.all(NAMES.map((name) => startFakeLog(`${name}.test`)));
  const config = stage.configure({
    logs: {
      discover: false,
      poll_interval: '1s',
      custom: [
        stage.customLog(stage.log, 'good'),
        ...logs.map((log) => stage.customLog(log, log.origin.replace('.test', ''))),
      ],
    },
  });
  const daemon = stage.bench.start(['run', '--config', config]);
  await until('all logs are verified', () => states().length === 7 && states().every((state) => state === 'verified'));

  logs.forEach((log) => {
    FAULTS[log.origin.replace('.test', '')]?.fail(log);
  });
  stage.log.append(strangerEntries(stage.authority, 2));
  // Thirty seconds, less the default interval's ten: 11 at most before the failing poll, here 1.1.
  await until('all are shown', () => states().filter((state) => state === 'unreachable').length === 6, 20_000);
  await until('the good log went on', () => stage.status()?.logs.some(({ verified_size: size }) => size === 2));
  [shown] = await stage.bench.runJson(['status', '--json', '--config', config]);

  logs.forEach((log) => {
    log.heal();
  });
  await until('all are verified again', () => states().every((state) => state === 'verified'));
  ended = await stop(daemon);
}, 100_000);

afterAll(async () => {
  await stage.close();
  await Promise.all(logs.map((log) => log.close()));
});

describe('sigwatch run, with logs that fail', () => {
  it('shows each as unreachable within thirty seconds, with the reason, and goes on with the good one', () => {
    const { logs: lines } = shown as { readonly logs: readonly LogStatus[] };
    const seen = Object.fromEntries(lines.map(({ name, state, last_error: error }) => [name, { state, error }]));
    expect(seen).toEqual({
      good: { state: 'verified', error: null },
      ...Object.fromEntries(
        Object.entries(FAULTS).map(([name, { says }]) => [
          name,
          { state: 'unreachable', error: expect.stringMatching(says) as string },
        ]),
      ),
    });
  });

  it('forgets the reasons when they heal, and never accused anybody', () => {
    expect(stage.query('SELECT name, state, last_error FROM v_logs ORDER BY name')).toEqual(
      ['good', ...NAMES].sort().map((name) => ({ name, state: 'verified', last_error: null })),
    );
    expect(stage.query(`SELECT kind FROM alerts WHERE kind <> 'started'`)).toEqual([]);
    expect(ended).toMatchObject({ status: 0, stdout: '' });
  });
});

function states(): readonly string[] {
  return stage.status()?.logs.map(({ state }) => state) ?? [];
}
