import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stop, type Running } from './support/program.ts';
import { setStage, WIDGET, type Stage } from './support/stage.ts';
import { until } from './support/until.ts';
import { strangerEntries, workflowEntry } from './support/workflow-entries.ts';

const REPOSITORY = 'acme/widget';

let stage: Stage;
let config: string;
let daemon: Running;

beforeAll(async () => {
  stage = await setStage();
  const { authority, log } = stage;
  config = stage.configure();
  log.append([
    ...strangerEntries(authority, 2),
    workflowEntry(authority, { repository: REPOSITORY, ref: 'refs/tags/v1' }),
    workflowEntry(authority, { repository: REPOSITORY, ref: 'refs/heads/evil' }),
  ]);
  daemon = stage.bench.start(['run', '--config', config]);
  await until('it is told', () => stage.status()?.alerts.open === 1);
});

afterAll(async () => {
  await stage.close();
});

/** Writes another configuration beside the one that is in force. */
function another(watch: unknown): string {
  const inForce = readFileSync(config);
  const path = stage.bench.path('other.yaml');
  stage.configure({ watches: [watch] });
  copyFileSync(config, path);
  stage.bench.write('sigwatch.yaml', inForce);
  return path;
}

describe('sigwatch replay, beside a daemon', () => {
  it('prints what another configuration would change', async () => {
    const path = another({ ...WIDGET, expect: { source_ref: 'refs/heads/**' } });
    expect(await stage.bench.runJson(['replay', '--since', '1h', '--json', '--config', path])).toEqual([
      {
        ...{ log: 'log.test', index: 2, watch: 'widget-release', before: 'expected', after: 'unexpected' },
        violations: [{ claim: 'source_ref', expected: 'refs/heads/**', found: 'refs/tags/v1' }],
        signer: 0,
      },
      {
        ...{ log: 'log.test', index: 3, watch: 'widget-release', before: 'unexpected', after: 'expected' },
        violations: [],
        signer: 0,
      },
    ]);
    const { status, stdout } = await stage.bench.run(['replay', '--config', path]);
    expect(status).toBe(0);
    expect(stdout).toContain('of 2 judgements 2 change');
    expect(stdout).toContain('Would alert once in 30 days.');
  });

  it('changes nothing, also where no daemon runs', async () => {
    expect((await stop(daemon)).status).toBe(0);
    const hash = () => createHash('sha256').update(readFileSync(stage.database)).digest('hex');
    const before = hash();
    const { status, stdout } = await stage.bench.run(['replay', '--since', '1h', '--config', config]);
    expect({ status, hash: hash() }).toEqual({ status: 0, hash: before });
    expect(stdout).toContain('of 2 judgements none changes');
    expect(stdout).toContain('Would alert once in 1 hour.');
  });

  it('ends with 2 for a configuration that is no good, and with 3 without a database', async () => {
    const bad = another({ ...WIDGET, expekt: {} });
    expect((await stage.bench.run(['replay', '--config', bad])).status).toBe(2);
    const none = ['replay', '--config', config, '--database', stage.bench.path('none.db')];
    expect(await stage.bench.run(none)).toMatchObject({ status: 3, stdout: '' });
  });
});
