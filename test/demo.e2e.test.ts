import { mkdirSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCheckpoint } from '../src/tlog/checkpoint.ts';
import { parseNote } from '../src/tlog/note.ts';
import { ProgramBench, stop, type Ended } from './support/program.ts';
import { until } from './support/until.ts';

let bench: ProgramBench;
/** Where the demo may leave something. */
let temp: string;

beforeAll(() => {
  bench = new ProgramBench();
  temp = bench.path('tmp');
  mkdirSync(temp);
});
afterAll(() => bench.close());

describe('sigwatch demo', () => {
  let ended: Ended;
  let took: number;

  beforeAll(async () => {
    const start = performance.now();
    // With nothing but PATH, in a folder that has no configuration.
    ended = await bench.run(['demo', '--pace', '0']);
    took = performance.now() - start;
  });

  it('ends by itself with 0 within a minute', () => {
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(took).toBeLessThan(60_000);
  });

  it('prints the Slack message and the mail that were sent about the branch', () => {
    const slack = section(ended.stdout, '3. An attacker');
    const mail = section(ended.stdout, 'The mail that was sent');
    const headline =
      '    [critical] widget-release: unexpected source_ref refs/heads/hotfix-7f3a (and builder) signed by acme/widget release.yml\n';
    expect(slack).toContain(headline);
    expect(mail).toContain(headline);
    expect(slack).toContain('source_ref: expected refs/tags/v*, found refs/heads/hotfix-7f3a.');
    // Both tell of one alert.
    expect(/Alert (\w{10})\n/.exec(slack)?.[1]).toBe(/Alert +(\w{10})\n/.exec(mail)?.[1]);
  });

  it('prints two signed notes of one size with different roots', () => {
    const notes = ended.stdout.match(/^ {4}demo\.log\n(?: {4}\S.*\n)+\n {4}— .*\n/gm) ?? [];
    const [a, b] = notes.map((note) => parseCheckpoint(parseNote(note.replace(/^ {4}/gm, '')).text));
    expect(notes).toHaveLength(2);
    expect([a?.origin, a?.size]).toEqual([b?.origin, b?.size]);
    expect(a?.root).not.toEqual(b?.root);
  });

  it('says that the release was expected and told to nobody, and what to do next', () => {
    expect(section(ended.stdout, '2. The real workflow')).toContain('→ expected.\nNobody was told: 0 new messages.');
    expect(section(ended.stdout, 'Now yours')).toContain('sigwatch init --github-org');
  });

  it('shows no escape sequence and no line of the log it hides', () => {
    // Newline aside, no control character.
    expect(ended.stdout.match(/(?!\n)\p{Cc}/gu)).toBeNull();
    expect(ended.stdout).not.toContain('"level"');
  });
});

describe('sigwatch demo --keep', () => {
  it('can be looked at until SIGTERM, then ends with 0 and leaves neither process nor folder', async () => {
    const env = { TMPDIR: temp };
    const demo = bench.start(['demo', '--pace', '0', '--keep'], { env });
    const config = await until('the demo is over', () => /sigwatch status --config (\S+)/.exec(demo.stdout())?.[1]);
    const [status] = await bench.runJson(['status', '--json', '--config', config]);
    expect(status).toMatchObject({ logs: [{ name: 'demo', state: 'misbehaving', verified_size: 42 }] });
    expect(readdirSync(temp)).toHaveLength(1);

    const { pid } = (status as { readonly daemon: { readonly pid: number } }).daemon;
    expect(process.kill(pid, 0)).toBe(true);
    expect(await stop(demo)).toMatchObject({ status: 0, stderr: '' });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(readdirSync(temp)).toEqual([]);
  });
});

describe('sigwatch demo, cut short', () => {
  it('ends quietly with 0 when it is asked to in the middle', async () => {
    const demo = bench.start(['demo', '--pace', '60'], { env: { TMPDIR: temp } });
    await until('the first scene', () => demo.stdout().includes('1. A log, and a monitor'));
    expect(await stop(demo, 'SIGINT')).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(temp)).toEqual([]);
  });

  it('clears away when its reader goes', async () => {
    const demo = bench.start(['demo', '--pace', '0'], { env: { TMPDIR: temp } });
    await until('the first scene', () => demo.stdout().includes('1. A log, and a monitor'));
    demo.stopReading('stdout');
    expect(await demo.ended).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(temp)).toEqual([]);
  });

  it.each(['-1', '61', 'fast'])('refuses --pace %s', async (pace) => {
    const { status, stderr } = await bench.run(['demo', '--pace', pace]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('Expected a number of seconds from 0 to 60.') as string,
    });
  });
});

/** What the demo printed below the heading that begins with `title`. */
function section(stdout: string, title: string): string {
  return stdout.split(/^── +/m).find((text) => text.startsWith(title)) ?? '';
}
