import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leafHash } from '../src/tlog/hash.ts';
import { ProgramBench, parseLines } from './support/program.ts';
import { setStage, type Stage } from './support/stage.ts';
import { workflowEntry } from './support/workflow-entries.ts';

let stage: Stage;
let good: Buffer;
let bad: Buffer;

beforeAll(async () => {
  stage = await setStage();
  stage.configure({ notify: undefined });
  good = workflowEntry(stage.authority, { repository: 'acme/widget', ref: 'refs/tags/v1' });
  bad = workflowEntry(stage.authority, { repository: 'acme/widget', ref: 'refs/heads/evil' });
  stage.bench.write('good.json', good);
  stage.bench.write('bad.json', bad);
  stage.log.append([good, bad]);
  expect((await stage.bench.run(['run', '--once'])).status).toBe(1);
});

afterAll(() => stage.close());

describe('sigwatch explain', () => {
  it('ends as what it found asks for', async () => {
    expect(await stage.bench.run(['explain', 'good.json'])).toMatchObject({ status: 0, stderr: '' });
    expect(await stage.bench.run(['explain', 'good.json', 'bad.json'])).toMatchObject({ status: 1, stderr: '' });
    expect(await stage.bench.run(['explain', 'bad.json', 'missing.json'])).toMatchObject({ status: 2 });
    for (const words of [
      ['explain'],
      ['explain', '--nonsense', 'good.json'],
      ['explain', 'good.json', '--config', 'no'],
    ]) {
      expect(await stage.bench.run(words)).toMatchObject({ status: 2, stdout: '' });
    }
  });

  it('prints a line of JSON for each entry, in order', async () => {
    const lines = await stage.bench.runJson(['explain', '--json', 'bad.json', 'good.json']);
    expect(lines).toMatchObject([
      { file: 'bad.json', leaf_hash: leafHash(bad).toString('hex'), judgements: [{ verdict: 'unexpected' }] },
      { file: 'good.json', leaf_hash: leafHash(good).toString('hex'), judgements: [{ verdict: 'expected' }] },
    ]);
  });

  it('reads standard input, which may come in pieces', async () => {
    const main = 'dist/main.js';
    const child = spawn(
      process.execPath,
      [main, 'explain', '--json', '--config', stage.bench.path('sigwatch.yaml'), '-'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    child.stdin.write(bad.subarray(0, 100));
    child.stdin.end(bad.subarray(100));
    expect(parseLines(await text(child.stdout))).toMatchObject([
      { file: '-', judgements: [{ verdict: 'unexpected' }] },
    ]);
  });

  it('needs no configuration, and says what it explains by', async () => {
    const bench = new ProgramBench();
    bench.write('answer.json', readFileSync('test/fixtures/explain/workflow.json'));
    const { status, stdout, stderr } = await bench.run(['explain', '--json', 'answer.json']);
    expect(status).toBe(0);
    expect(stderr).toBe(
      'No configuration found: explained by the trust of the public-good instance, and by no watch\n',
    );
    expect(JSON.parse(stdout)).toMatchObject({ judgements: [], signers: [{ signature: 'verified' }] });
    await bench.close();
  });
});

describe('sigwatch entry', () => {
  it('shows an entry by origin or name, and ends with 0 whatever its verdict', async () => {
    for (const log of ['log.test', 'test-log']) {
      const { status, stdout, stderr } = await stage.bench.run(['entry', log, '1']);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain('Entry 1 of log.test\n');
      expect(stdout).toContain('✗ unexpected');
      expect(stdout).toContain('✓ entry 1 is in the tree of size 2');
    }
    expect(await stage.bench.runJson(['entry', '--json', 'log.test', '0'])).toMatchObject([
      { log: 'log.test', index: 0, leaf_hash: leafHash(good).toString('hex'), proof: { size: 2 } },
    ]);
  });

  it('ends with 2 for words that it does not understand', async () => {
    for (const words of [['entry'], ['entry', 'log.test'], ['entry', 'log.test', '2'], ['entry', 'nolog', '0']]) {
      expect(await stage.bench.run(words)).toMatchObject({ status: 2, stdout: '' });
    }
  });

  it.each(['explain', 'entry'])('has an example: %s', async (command) => {
    const { status, stdout } = await stage.bench.run([command, '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain(`Example:\n  sigwatch ${command} `);
  });
});
