import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../src/config/load.ts';
import { runDaemon, runOnce } from '../src/daemon.ts';
import { startSlackReceiver, type SlackReceiver } from '../src/demo/slack-receiver.ts';
import { systemClock } from '../src/lib/clock.ts';
import { TrustUnavailable } from '../src/trust/trust-unavailable.ts';
import { startFakeTuf, type FakeTuf } from './fakes/fake-tuf.ts';
import { noReload } from './support/no-reload.ts';

const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const deps = {
  ...noReload,
  ...{ clock: systemClock, logger, pid: 1, onProgress: nothing, onReady: nothing, onAlive: nothing },
};

let folder: string;
let repository: FakeTuf;
let slack: SlackReceiver;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-no-trust-'));
  [repository, slack] = await Promise.all([startFakeTuf(), startSlackReceiver()]);
  repository.fail(503);
  writeFileSync(join(folder, 'root.json'), repository.root);
  writeFileSync(
    join(folder, 'sigwatch.yaml'),
    `version: 1
trust: { source: { tuf: "${repository.url}", root: ./root.json } }
notify: { channels: { slack: { type: slack, webhook_url: "${slack.url}" } } }
`,
  );
});

afterEach(async () => {
  await Promise.all([repository.close(), slack.close()]);
  rmSync(folder, { recursive: true, force: true });
});

it('a first start without trust data tells people before it ends, and once however often it is tried', async () => {
  const config = loadConfig(join(folder, 'sigwatch.yaml'), {});
  for (const run of [runDaemon, runOnce, runDaemon]) {
    await expect(run(config, deps, new AbortController().signal)).rejects.toThrow(TrustUnavailable);
  }
  const told = `Cannot refresh trust data from "${repository.url}": Failed to download.\nNone are known from before`;
  expect(slack.texts()).toEqual([expect.stringContaining(told)]);
});
