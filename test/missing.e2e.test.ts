import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoAuthority } from '../src/demo/certificate-authority.ts';
import { hashedRekordV2 } from '../src/demo/entries.ts';
import type { Ended } from './support/program.ts';
import { releaseAt } from './support/actors.ts';
import { setStage, WIDGET, type Stage } from './support/stage.ts';

const DAY = 86_400_000;

let stage: Stage;
let config: string;
/** The release workflow signed so many days ago. */
let release: (days: number) => void;

beforeAll(async () => {
  stage = await setStage();
  const authority = createDemoAuthority({ name: 'test-ca', now: daysAgo(100) });
  stage.bench.write('ca.pem', authority.chainPem());
  const audited = { ...WIDGET, name: 'tried', mode: 'audit', cadence: '20d' };
  config = stage.configure({ watches: [{ ...WIDGET, cadence: '30d' }, audited] });
  release = (days) => {
    const signer = authority.issue({ ...releaseAt('refs/tags/v1'), notBefore: daysAgo(days) });
    stage.log.append([hashedRekordV2({ ...signer, artifact: Buffer.from(`widget ${days}`) })]);
  };
  release(45);
});

afterAll(() => stage.close());

function daysAgo(days: number): Date {
  return new Date(Date.now() - days * DAY);
}

const run = (...args: readonly string[]): Promise<Ended> => stage.bench.run([...args, '--config', config]);
const json = (...args: readonly string[]): Promise<readonly unknown[]> =>
  stage.bench.runJson([...args, '--json', '--config', config]);
const missing = async () => {
  const alerts = (await json('alerts', 'list')) as readonly { readonly kind: string }[];
  return alerts.filter(({ kind }) => kind === 'missing');
};

describe('a watch that saw no expected signature for longer than its cadence', () => {
  it('is found by `run --once`, told through every channel, and shown by `status`', async () => {
    expect(await run('run', '--once')).toMatchObject({ status: 1 });
    expect(await missing()).toMatchObject([
      {
        class: 'identity',
        severity: 'critical',
        state: 'open',
        watch: 'widget-release',
        title: 'widget-release: no expected signature for 45 days',
        log: null,
        index: null,
        signer: null,
        dedupe_key: 'identity/widget-release/missing',
      },
    ]);
    const posts = stage.slack.texts().join('\n');
    expect(posts).toContain('widget-release: no expected signature for 45 days');
    expect(posts).not.toContain('tried');
    const { stdout } = await run('status');
    expect(stdout).toContain(
      '\nMissing widget-release: an expected signature is overdue for 15 d; the last one was made ',
    );
    expect(stdout).toContain('\nAudit tried: would have alerted 1 time in 7 days (missing 1)\n');
    expect(await json('status')).toMatchObject([
      {
        cadences: [
          { watch: 'tried', state: 'missing' },
          { watch: 'widget-release', state: 'missing', cadence_seconds: 2_592_000, last_expected: { index: 0 } },
        ],
        audit: [{ watch: 'tried', days: 7, alerts: 1, kinds: { missing: 1 } }],
      },
    ]);
  });

  it('is found once, and over when one is seen', async () => {
    expect(await run('run', '--once')).toMatchObject({ status: 0 });
    release(1);
    expect(await run('run', '--once')).toMatchObject({ status: 0 });
    expect(await missing()).toMatchObject([{ state: 'closed', occurrences: 1 }]);
    expect((await run('status')).stdout).toContain(
      '\nCadence widget-release: the next expected signature is due in 28 d\n',
    );
  });
});
