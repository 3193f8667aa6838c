import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { visible } from '../src/alert/escape.ts';
import { createDemoAuthority } from '../src/demo/certificate-authority.ts';
import { startFakeLog, type RunningFakeLog } from './fakes/fake-log.ts';
import { stop, type Running } from './support/program.ts';
import { setStage, type Stage } from './support/stage.ts';
import { until } from './support/until.ts';
import { strangerEntries, workflowEntry, workflowSigner } from './support/workflow-entries.ts';
import { dsseV2 } from '../src/demo/entries.ts';

let stage: Stage;
let liar: RunningFakeLog;
let daemon: Running;
let config: string;
let growing: NodeJS.Timeout;

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
  await until('both logs are verified', () => stage.status()?.logs.every(({ state }) => state === 'verified'));
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

const run = (...args: readonly string[]) => stage.bench.run([...args, '--config', config]);
const json = (...args: readonly string[]) => stage.bench.runJson([...args, '--json', '--config', config]);

describe('x', () => {
  it('y', async () => {
    for (const args of [['status'], ['history'], ['alerts'], ['history', '--csv']]) {
      const { status, stdout, stderr } = await run(...args);
      console.log(args.join(' '), status, '\n' + stdout + '\nERR ' + stderr);
    }
    for (const args of [['status'], ['history'], ['alerts']]) {
      console.log(JSON.stringify(await json(...args), null, 1));
    }
    const fork = (await json('alerts', '--class', 'log'))[0] as { id: string };
    console.log((await run('alerts', 'show', fork.id)).stdout);
    console.log(JSON.stringify(await json('alerts', 'show', fork.id), null, 1));
  });
});
