import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { NEVER } from '../support/monitor-rig.ts';
import { createConfigFolder, type ConfigFolder } from '../config/config-folder.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
});

afterAll(() => {
  folder.remove();
});

const GOOD = 'version: 1\nwatches: [{ name: w, select: [{ key: k }] }]\n';
const WARNED = 'version: 1\n';
const BAD = 'version: 1\nhttp: { listen: x }\nlogs: { poll: 1s }\n';

const NO_WATCHES = 'no watches: logs are verified, and nobody is told who signs';
const UNKNOWN =
  'unknown key "poll"; expected one of: discover, ct, poll_interval, start, stale_after, custom, override, witnesses';

async function check(
  yaml: string,
  json: boolean,
  { online = false, strict = false } = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const file = folder.write('sigwatch.yaml', yaml);
  const printed = { stdout: '', stderr: '' };
  const io = {
    stdout: (text: string) => void (printed.stdout += text),
    stderr: (text: string) => void (printed.stderr += text),
    signal: NEVER,
  };
  const status = await checkCommand(file, {}, io, { json, online, strict });
  return {
    status,
    stdout: printed.stdout.replaceAll(folder.path, 'DIR'),
    stderr: printed.stderr.replaceAll(folder.path, 'DIR'),
  };
}

describe('checkCommand()', () => {
  it.each([
    ['says that a file is good', GOOD, 0, 'DIR/sigwatch.yaml is good\n', ''],
    [
      'ends with 0 when there are only warnings',
      WARNED,
      0,
      `DIR/sigwatch.yaml:1:1: watches: warning: ${NO_WATCHES} [no-watches]\nDIR/sigwatch.yaml is good, with 1 warning\n`,
      '',
    ],
    [
      'ends with 2 and a line for each error',
      BAD,
      2,
      `DIR/sigwatch.yaml:2:1: http: "http" is not available in this version\nDIR/sigwatch.yaml:3:9: logs.poll: ${UNKNOWN}\n`,
      'DIR/sigwatch.yaml cannot be used: 2 errors\n',
    ],
  ])('%s', async (_name, yaml, status, stdout, stderr) => {
    expect(await check(yaml, false)).toEqual({ status, stdout, stderr });
  });

  it.each<[name: string, yaml: string, status: number, printed: object]>([
    ['a good file', GOOD, 0, { ok: true, errors: [], warnings: [] }],
    [
      'warnings',
      WARNED,
      0,
      {
        ok: true,
        errors: [],
        warnings: [
          { file: 'DIR/sigwatch.yaml', line: 1, column: 1, path: 'watches', message: NO_WATCHES, rule: 'no-watches' },
        ],
      },
    ],
    [
      'errors',
      BAD,
      2,
      {
        ok: false,
        errors: [
          {
            file: 'DIR/sigwatch.yaml',
            line: 2,
            column: 1,
            path: 'http',
            message: '"http" is not available in this version',
          },
          { file: 'DIR/sigwatch.yaml', line: 3, column: 9, path: 'logs.poll', message: UNKNOWN },
        ],
        warnings: [],
      },
    ],
  ])('prints %s as one line of JSON', async (_name, yaml, status, printed) => {
    expect(await check(yaml, true)).toEqual({ status, stdout: `${JSON.stringify(printed)}\n`, stderr: '' });
  });

  describe('with --strict', () => {
    it('finds a good file good', async () => {
      expect(await check(GOOD, false, { strict: true })).toEqual({
        status: 0,
        stdout: 'DIR/sigwatch.yaml is good\n',
        stderr: '',
      });
    });

    it('ends with 2 when there are warnings, which stay what they are', async () => {
      const warning = `DIR/sigwatch.yaml:1:1: watches: warning: ${NO_WATCHES} [no-watches]`;
      expect(await check(WARNED, false, { strict: true })).toEqual({
        status: 2,
        stdout: `${warning}\n`,
        stderr: 'DIR/sigwatch.yaml is refused by --strict: 1 warning\n',
      });
      const { status, stdout } = await check(WARNED, true, { strict: true });
      const printed: unknown = JSON.parse(stdout);
      expect([status, printed]).toMatchObject([2, { ok: false, errors: [], warnings: [{ rule: 'no-watches' }] }]);
    });

    it('says of errors what it says without', async () => {
      expect(await check(BAD, false, { strict: true })).toEqual(await check(BAD, false));
    });
  });

  it('does not print a secret', async () => {
    const yaml = 'version: 1\nnotify: { channels: { c: { type: slack, webhook_url: "hunter2" } } }';
    const { stdout, stderr } = await check(yaml, false);
    expect(`${stdout}${stderr}`).not.toContain('hunter2');
  });
});
