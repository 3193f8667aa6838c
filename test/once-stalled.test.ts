import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../src/config/load.ts';
import { runOnce, type OnceOutcome } from '../src/daemon.ts';
import { systemClock } from '../src/lib/clock.ts';
import { startFakeLog, type RunningFakeLog } from './fakes/fake-log.ts';
import { fillers, NOW } from './support/actors.ts';

const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

let folder: string;
let log: RunningFakeLog;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-once-'));
  log = await startFakeLog('log.test');
  log.append(fillers(13));
  writeFileSync(join(folder, 'log.pub'), log.publicKeyPem);
  writeFileSync(
    join(folder, 'sigwatch.yaml'),
    `version: 1
trust: { source: none }
logs:
  discover: false
  stale_after: 10m
  custom:
    - { name: acme, type: rekor-v2, url: "${log.url}", origin: log.test, public_key: ./log.pub, start: genesis }
watches:
  - { name: everything, select: [{ kind: "*" }] }
`,
  );
});

afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One run, so many minutes after the first. */
async function runAfter(minutes: number): Promise<OnceOutcome> {
  const clock = { ...systemClock, now: () => new Date(NOW.getTime() + minutes * 60_000) };
  const deps = { clock, logger, pid: 1, onProgress: nothing, onReady: nothing, onAlive: nothing };
  return runOnce(loadConfig(join(folder, 'sigwatch.yaml'), {}), deps, new AbortController().signal);
}

it('runOnce() fails while a log is stalled', async () => {
  expect(await runAfter(0)).toEqual({ found: false, failed: false });
  expect(await runAfter(10)).toEqual({ found: false, failed: false });
  expect(await runAfter(11)).toEqual({ found: false, failed: true });
  log.append(fillers(1, 13));
  expect(await runAfter(30)).toEqual({ found: false, failed: false });
});

it('runOnce() finds withheld entries over several runs', async () => {
  log.append(fillers(600, 13));
  log.withhold(300);
  expect(await runAfter(0)).toEqual({ found: false, failed: true });
  log.append(fillers(1, 700));
  expect(await runAfter(11)).toEqual({ found: true, failed: false });
  expect(await runAfter(12)).toEqual({ found: false, failed: false });
});

it('runOnce() finds a log that is stopped, also while it cannot be asked', async () => {
  await runAfter(0);
  log.fork(5);
  expect(await runAfter(1)).toEqual({ found: true, failed: false });
  log.before(() => ({ status: 404, body: '' }));
  expect(await runAfter(2)).toEqual({ found: true, failed: true });
});
