import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogStatus } from '../src/store/status.ts';
import { startFakeLog, type RunningFakeLog } from './fakes/fake-log.ts';
import { setStage, type Stage } from './support/stage.ts';
import { strangerEntries } from './support/workflow-entries.ts';

let stage: Stage;
let there: RunningFakeLog;
let config: string;

beforeAll(async () => {
  stage = await setStage();
  there = await startFakeLog(stage.log.origin, stage.log.pair);
  const leaves = strangerEntries(stage.authority, 3);
  stage.log.append(leaves);
  there.append(leaves);
  config = stage.configure({
    logs: {
      discover: false,
      custom: [stage.customLog(stage.log, 'test-log')],
      override: { [stage.log.origin]: { also: [there.url], start: 'head', name: 'renamed' } },
    },
  });
});

afterAll(async () => {
  await Promise.all([stage.close(), there.close()]);
});

const once = async (): Promise<number | null> => (await stage.bench.run(['run', '--once', '--config', config])).status;
const status = async (): Promise<LogStatus | undefined> => {
  const [{ logs }] = (await stage.bench.runJson(['status', '--json', '--config', config])) as [{ logs: LogStatus[] }];
  return logs[0];
};

// In this order: each goes on from the database of the one before.
describe('sigwatch run --once, with a further address of the log', () => {
  it('waits with a log whose further address does not answer, and ends with 3', async () => {
    there.failWith(500);
    expect(await once()).toBe(3);
    expect(await status()).toMatchObject({
      name: 'renamed',
      state: 'unreachable',
      verified_size: null,
      last_error: expect.stringContaining(there.url) as string,
    });
    expect(stage.slack.taken).toEqual([]);
  });

  it('begins once both show the same, and ends with 0', async () => {
    there.heal();
    expect(await once()).toBe(0);
    expect(await status()).toMatchObject({ state: 'verified', started_at_index: 3, also: [{ error: null }] });
  });

  it('goes on without it later, says so, and ends with 3', async () => {
    there.failWith(500);
    stage.log.append(strangerEntries(stage.authority, 1));
    expect(await once()).toBe(3);
    expect(await status()).toMatchObject({ state: 'verified', verified_size: 4, last_error: null });
    const { stdout } = await stage.bench.run(['status', '--config', config]);
    expect(stdout).toContain(`  ${stage.log.origin}: not compared with ${there.url}: Cannot fetch`);
  });

  it('is stopped by another history there, tells it, and ends with 1', async () => {
    there.heal();
    there.fork(1);
    expect(await once()).toBe(1);
    expect(await status()).toMatchObject({ state: 'misbehaving', verified_size: 4 });
    expect(stage.slack.texts().at(-1)).toContain(there.url);
  });
});
