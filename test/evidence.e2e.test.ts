import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashedRekordV2 } from '../src/demo/entries.ts';
import { setStage, type Stage } from './support/stage.ts';

let stage: Stage;
let id: string;

beforeAll(async () => {
  stage = await setStage();
  stage.configure({ notify: undefined });
  const repository = 'https://github.com/acme/widget';
  const signer = stage.authority.issue({
    subject: `${repository}/.github/workflows/release.yml@refs/heads/hotfix`,
    claims: { issuer: 'https://token.actions.githubusercontent.com', source_repository: repository },
  });
  stage.log.append([hashedRekordV2({ ...signer, artifact: Buffer.from('widget') })]);
  expect((await stage.bench.run(['run', '--once'])).status).toBe(1);
  const [row] = stage.query(`SELECT id FROM alerts WHERE kind = 'unexpected'`);
  id = String(row?.['id']);
});

afterAll(() => stage.close());

describe('sigwatch evidence', () => {
  it('writes one new file after the other into the current folder, and verifies them elsewhere with a key alone', async () => {
    const first = await stage.bench.run(['evidence', id]);
    const second = await stage.bench.run(['evidence', '--json', id]);
    expect([first.status, first.stdout]).toEqual([0, `${stage.bench.path(`sigwatch-evidence-${id}.json`)}\n`]);
    const other = stage.bench.path(`sigwatch-evidence-${id}-2.json`);
    expect([second.status, JSON.parse(second.stdout)]).toEqual([0, { alert: id, file: other }]);
    expect(readFileSync(other, 'utf8')).toBe(readFileSync(first.stdout.trim(), 'utf8'));

    const key = stage.bench.path('log.test.pub');
    const elsewhere = { cwd: '/' };
    const verified = await stage.bench.run(['evidence', 'verify', '--key', key, other], elsewhere);
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    expect(
      verified.stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' ')[0]),
    ).toEqual(['PROVEN', 'PROVEN', 'REPORTED', 'REPORTED', 'proven;']);
    expect((await stage.bench.run(['evidence', 'verify', other])).status).toBe(0);
  });

  it('ends with 2 for words that it does not understand', async () => {
    for (const words of [['evidence'], ['evidence', 'verify'], ['evidence', id, 'more'], ['evidence', 'nosuchalert']]) {
      expect((await stage.bench.run(words)).status).toBe(2);
    }
  });
});
