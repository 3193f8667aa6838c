import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setStage, WIDGET, type Stage } from './support/stage.ts';
import { workflowEntry } from './support/workflow-entries.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await setStage();
});

afterEach(() => stage.close());

const ours = () => workflowEntry(stage.authority, { repository: 'acme/widget', ref: 'refs/tags/v1' }, 'widget');
const theirs = (repository: string) => workflowEntry(stage.authority, { repository, ref: 'refs/heads/main' }, 'widget');

const history = async (): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const { stdout } = await stage.bench.run(['history', '--json']);
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>).reverse();
};

// Row 12 of what must be caught: somebody else signs the digest of our artifact; distributions do, once they are listed.
describe('an artifact that others sign again', () => {
  it('is told, shows in the history, and is proven to others', async () => {
    stage.configure({
      watches: [{ ...WIDGET, artifacts: { follow: true, allow: [{ subject: 'https://github.com/downstream/**' }] } }],
    });
    stage.log.append([ours(), theirs('downstream/packages')]);
    expect((await stage.bench.run(['run', '--once'])).status).toBe(0);
    stage.log.append([theirs('globex/mirror'), theirs('acrne/widget'), theirs('globex/mirror')]);
    expect((await stage.bench.run(['run', '--once'])).status).toBe(1);

    const alerts = stage.query(`SELECT * FROM v_alerts WHERE kind = 'artifact-resigned' ORDER BY "index"`);
    expect(alerts).toMatchObject([
      { severity: 'low', index: 2, occurrences: 2, watch: 'widget-release' },
      { severity: 'high', index: 3, occurrences: 1 },
    ]);
    expect(await history()).toMatchObject([
      { index: 0, verdict: 'expected', alert: null },
      { index: 2, verdict: 'observed', alert: alerts[0]?.['id'] },
      { index: 3, verdict: 'observed', alert: alerts[1]?.['id'] },
      { index: 4, verdict: 'observed', alert: alerts[0]?.['id'] },
    ]);
    expect(stage.slack.texts().some((text) => text.includes('look-alike acrne/widget release.yml'))).toBe(true);

    const id = String(alerts[1]?.['id']);
    const written = await stage.bench.run(['evidence', id]);
    expect(written.status).toBe(0);
    const file = written.stdout.trim();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      entry: { transparency_log_entry: { logIndex: '3' } },
      reported: { verdict: 'observed', alert: { kind: 'artifact-resigned', severity: 'high' } },
    });
    const verified = await stage.bench.run(['evidence', 'verify', '--key', stage.bench.path('log.test.pub'), file]);
    expect([verified.status, verified.stderr]).toEqual([0, '']);
  });

  it('is looked for in what was found before it was asked for', async () => {
    stage.configure();
    stage.log.append([ours()]);
    expect((await stage.bench.run(['run', '--once'])).status).toBe(0);
    stage.configure({ watches: [{ ...WIDGET, artifacts: { follow: true } }] });
    stage.log.append([theirs('globex/mirror')]);
    expect((await stage.bench.run(['run', '--once'])).status).toBe(1);
    expect(stage.query('SELECT kind, "index" FROM v_alerts WHERE class = \'identity\'')).toEqual([
      { kind: 'artifact-resigned', index: 1 },
    ]);
  });
});
