import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { statusCommand } from '../src/cli/status.ts';
import { loadConfig } from '../src/config/load.ts';
import { runOnce, type OnceOutcome } from '../src/daemon.ts';
import { createDemoAuthority } from '../src/demo/certificate-authority.ts';
import { hashedRekordV2 } from '../src/demo/entries.ts';
import { systemClock } from '../src/lib/clock.ts';
import { listAlerts } from '../src/store/alerts.ts';
import { Store } from '../src/store/store.ts';
import { captureIo } from './cli/captured-io.ts';
import { startFakeLog, type RunningFakeLog } from './fakes/fake-log.ts';
import { NOW, releaseAt } from './support/actors.ts';

const DAY = 86_400_000;
const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const authority = createDemoAuthority({ name: 'test-ca', now: NOW });

let folder: string;
let log: RunningFakeLog;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-missing-'));
  log = await startFakeLog('log.test');
  writeFileSync(join(folder, 'log.pub'), log.publicKeyPem);
  writeFileSync(join(folder, 'ca.pem'), authority.chainPem());
  configure('cadence: 30d');
});

afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

function configure(more: string): void {
  writeFileSync(
    join(folder, 'sigwatch.yaml'),
    `version: 1
trust: { source: none, certificate_authorities: [{ name: test-ca, chain: ./ca.pem }] }
logs:
  discover: false
  stale_after: none
  custom:
    - { name: acme, type: rekor-v2, url: "${log.url}", origin: log.test, public_key: ./log.pub, start: genesis }
watches:
  - { name: widget-release, select: [{ source_repository: acme/widget }], expect: { source_ref: refs/tags/v* }, ${more} }
`,
  );
}

/** The release workflow signs on that day. */
function release(days: number): void {
  const notBefore = new Date(NOW.getTime() + days * DAY);
  const signer = authority.issue({ ...releaseAt('refs/tags/v1'), notBefore });
  log.append([hashedRekordV2({ ...signer, artifact: Buffer.from(`widget ${days}`) })]);
}

/** `run --once`, so many days after {@link NOW}. */
async function runOn(days: number): Promise<OnceOutcome> {
  const clock = { ...systemClock, now: () => new Date(NOW.getTime() + days * DAY) };
  const deps = { clock, logger, pid: 1, onProgress: nothing, onReady: nothing, onAlive: nothing };
  return runOnce(loadConfig(join(folder, 'sigwatch.yaml'), {}), deps, new AbortController().signal);
}

function read<T>(from: (store: Store) => T): T {
  const store = Store.open(join(folder, 'data/sigwatch.db'), { readonly: true });
  try {
    return from(store);
  } finally {
    store.close();
  }
}

const missing = () =>
  read((store) =>
    listAlerts(store)
      .filter(({ kind }) => kind === 'missing')
      .map(({ state, occurrences }) => `${state} ${occurrences}`),
  );

function status(days: number): string {
  const io = captureIo();
  read((store) => statusCommand(store, {}, io, new Date(NOW.getTime() + days * DAY)));
  return io.out();
}

const QUIET = { found: false, failed: false };
const FOUND = { found: true, failed: false };

it('runOnce() finds that something is missing, once for each silence', async () => {
  release(0);
  expect(await runOn(1)).toEqual(QUIET);
  expect(status(1)).toContain('Cadence widget-release: the next expected signature is due in 29 d\n');
  expect(await runOn(29)).toEqual(QUIET);
  expect(await runOn(31)).toEqual(FOUND);
  expect(await runOn(32)).toEqual(QUIET);
  expect(missing()).toEqual(['open 1']);
  expect(status(32)).toContain('Missing widget-release: an expected signature is overdue for 2 d;');
  release(33);
  expect(await runOn(33)).toEqual(QUIET);
  expect(missing()).toEqual(['closed 1']);
  expect(await runOn(63)).toEqual(FOUND);
  expect(missing()).toEqual(['open 2']);
});

it('runOnce() does not take a log that cannot be read for a silence', async () => {
  release(0);
  await runOn(1);
  log.before(() => ({ status: 503, body: '' }));
  release(20);
  expect(await runOn(31)).toEqual({ found: false, failed: true });
  expect(status(31)).toContain('it stands still, for log.test is verified only up to 2026-11-22 12:00:00 UTC\n');
  log.heal();
  expect(await runOn(31)).toEqual(QUIET);
  expect(await runOn(50)).toEqual(FOUND);
});

it('runOnce() finds nothing of a watch that only audits, and status says what it would have told', async () => {
  configure('cadence: 30d, mode: audit');
  release(0);
  await runOn(1);
  expect(await runOn(31)).toEqual(QUIET);
  expect(await runOn(32)).toEqual(QUIET);
  expect(missing()).toEqual([]);
  expect(status(32)).toContain('Audit widget-release: would have alerted 1 time in 7 days (missing 1)\n');
  configure('cadence: 30d');
  expect(await runOn(33)).toEqual(FOUND);
  expect(status(33)).not.toContain('Audit');
});

it('runOnce() closes what was told of a cadence that is gone', async () => {
  await runOn(0);
  expect(await runOn(30)).toEqual(FOUND);
  configure('severity: low');
  expect(await runOn(31)).toEqual(QUIET);
  expect(missing()).toEqual(['closed 1']);
  expect(status(31)).not.toMatch(/Cadence|Missing/);
});
