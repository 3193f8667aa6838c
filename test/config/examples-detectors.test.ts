import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoAuthority, type IssuedClaims } from '../../src/demo/certificate-authority.ts';
import { keyToPem } from '../../src/evidence/log-key.ts';
import { startFakeLog, type RunningFakeLog } from '../fakes/fake-log.ts';
import { NO_SCT, stagedExample } from '../support/examples.ts';
import { MonitorBench } from '../support/monitor-bench.ts';
import { workflowEntry } from '../support/workflow-entries.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
/** The bench's clock stands at the first of January. */
const THE_DAY = Date.parse('2026-12-20T10:00:00Z');

let bench: MonitorBench;
let log: RunningFakeLog;
let authorityAt: (at: number) => ReturnType<typeof createDemoAuthority>;

beforeEach(async () => {
  bench = new MonitorBench();
  log = await startFakeLog();
  const authority = createDemoAuthority({ name: 'example-ca', now: new Date(THE_DAY) });
  authorityAt = (at) => ({
    ...authority,
    issue: (request) => authority.issue({ ...request, notBefore: new Date(at) }),
  });
  bench.write('ca.pem', authority.chainPem());
  bench.write('log.pub', keyToPem(log.key.spki));
  const custom = { name: 'acme', type: 'rekor-v2', url: log.url, origin: 'log.test', public_key: './log.pub' };
  bench.configure(
    stagedExample('npm', {
      trust: { source: 'none', certificate_authorities: [{ name: 'example-ca', chain: './ca.pem' }] },
      logs: { discover: false, custom: [{ ...custom, start: 'genesis' }] },
      names: [NO_SCT],
    }),
  );
});

afterEach(async () => {
  await log.close();
  bench.close();
});

/** One package that the release workflow signed. */
function release(at: number, number = 0, ref = 'refs/tags/v1.2.3', claims: IssuedClaims = {}): void {
  const run = `https://github.com/acme/widget/actions/runs/${Math.floor(at / DAY)}/attempts/1`;
  const job = { repository: 'acme/widget', ref, claims: { run, ...claims } };
  log.append([workflowEntry(authorityAt(at), job, `widget ${number} of ${at}`)]);
}

/** A release of so many packages every five days, for two months. */
function usualReleases(packages: number): void {
  for (let days = 60; days > 0; days -= 5) {
    packagesAt(THE_DAY - days * DAY, packages);
  }
}

/** One minute apart at first, then faster: all of them within seven minutes. */
function packagesAt(at: number, packages: number): void {
  for (let number = 0; number < packages; number += 1) {
    release(at + Math.round((number * 6 * MINUTE) / packages), number);
  }
}

async function told(): Promise<readonly (readonly [watch: string | null, kind: string, severity: string])[]> {
  await bench.run();
  return bench
    .read()
    .alerts.filter(({ kind }) => kind !== 'started')
    .map(({ watch, kind, severity }) => [watch, kind, severity] as const)
    .sort();
}

describe('the example npm, while releases are as always', () => {
  it('is silent, also of a monorepo that always signs dozens at once', async () => {
    usualReleases(24);
    packagesAt(THE_DAY, 24);
    expect(await told()).toEqual([]);
    expect(new Set(bench.read().history.map(({ verdict }) => verdict))).toEqual(new Set(['expected']));
  });

  it('tells at once of a branch that has its own copy of the workflow', async () => {
    usualReleases(2);
    release(THE_DAY, 0, 'refs/heads/snapshot-0f1e2d');
    expect(await told()).toEqual([['widget-provenance', 'unexpected', 'critical']]);
  });

  it('tells of a burst of the right identity', async () => {
    usualReleases(2);
    packagesAt(THE_DAY, 84);
    expect(await told()).toEqual([['widget-provenance', 'burst', 'critical']]);
    expect(new Set(bench.read().history.map(({ verdict }) => verdict))).toEqual(new Set(['expected']));
  });

  it('tells that nothing was signed for longer than usual, once', async () => {
    packagesAt(THE_DAY - 40 * DAY, 2);
    expect(await told()).toEqual([['widget-provenance', 'missing', 'critical']]);
    expect(await told()).toHaveLength(1);
    expect(bench.read().alerts.find(({ kind }) => kind === 'missing')?.occurrences).toBe(1);
  });

  it('tells of the first signature of another repository, and not of the second', async () => {
    const gadget = { repository: 'acme/gadget', ref: 'refs/heads/main', claims: { source_repository_id: '777' } };
    log.append([0, 1].map((days) => workflowEntry(authorityAt(THE_DAY + days * DAY), gadget, `gadget ${days}`)));
    expect(await told()).toEqual([['acme-others', 'first-seen', 'medium']]);
    expect(bench.read().alerts.find(({ kind }) => kind === 'first-seen')?.occurrences).toBe(1);
  });
});
