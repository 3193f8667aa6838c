import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { initCommand } from '../../src/cli/init.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { judge } from '../../src/policy/judge.ts';
import type { JudgeContext, SignedTime } from '../../src/policy/standing.ts';
import { createConfigFolder, type ConfigFolder } from '../config/config-folder.ts';
import { certified, contextOf, entryOf, NOW, RELEASE } from '../policy/signers.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
});

afterAll(() => {
  folder.remove();
});

function collect(): { io: { stdout: (text: string) => void; stderr: (text: string) => void }; printed: string[] } {
  const printed: string[] = [];
  const io = { stdout: (text: string) => void printed.push(text), stderr: (text: string) => void printed.push(text) };
  return { io, printed };
}

function init(githubOrg: string, name: string, force = false): string {
  const file = join(folder.path, name);
  expect(initCommand({ githubOrg, file, force }, collect().io)).toBe(0);
  return file;
}

describe('initCommand()', () => {
  it.each(['acme', 'Acme-Corp', '123', '1-2', 'null', 'octocat_acme', 'a'.repeat(39)])(
    'writes a file for %s that passes check without a warning',
    async (org) => {
      const file = init(org, `${org}.yaml`);
      const { io, printed } = collect();
      const signal = new AbortController().signal;
      const status = await checkCommand(file, {}, { ...io, signal }, { json: false, online: false });
      expect([status, printed]).toEqual([0, [`${file} is good\n`]]);
    },
  );

  it('judges what the organisation signs, and who signs in its name', () => {
    const { watches } = loadConfig(init('Acme', 'judged.yaml'), {});
    const found = [
      RELEASE,
      { ...RELEASE, runner: ['self-hosted'] },
      { issuer: RELEASE['issuer'] ?? [], subject: RELEASE['subject'] ?? [] },
      { ...RELEASE, source_owner: ['https://github.com/acme-evil'], subject: ['https://github.com/acme-evil/x'] },
    ].map((claims) =>
      judge(entryOf(certified(claims)), watches, contextOf()).map(({ watch, verdict, violations }) => [
        watch,
        verdict,
        violations.map(({ claim }) => claim),
      ]),
    );
    expect(found).toEqual([
      [['Acme', 'expected', []]],
      [['Acme', 'unexpected', ['runner']]],
      [['Acme', 'unexpected', ['runner', 'source_owner']]],
      [],
    ]);
  });

  it('expects what a log of Rekor v1 or v2 can show, and nothing less', () => {
    const { watches } = loadConfig(init('Acme', 'computed.yaml'), {});
    const entry = entryOf(certified(RELEASE));
    const judged = (context: Partial<JudgeContext>, signedTime?: SignedTime): unknown =>
      judge(entry, watches, contextOf(context), signedTime).map(({ violations }) =>
        violations.map(({ claim }) => claim),
      );
    const seconds = NOW.getTime() / 1000;
    expect([
      judged({}, () => seconds),
      judged({ signatureOf: () => 'not-checkable' }, () => null),
      judged({}, () => seconds + 3600),
      judged({ sctOf: () => 'absent' }),
      judged({ sctOf: () => 'unknown-log' }),
    ]).toEqual([[[]], [[]], [['signing_time']], [['sct']], [['sct']]]);
  });

  it('keeps the commented lines true: without their marks they load as well', () => {
    const file = init('acme', 'commented.yaml');
    const uncommented = readFileSync(file, 'utf8')
      .replace(/^# (notify:| {2})/gm, '$1')
      .replace(/^( +)# (source_owner_id|builder|source_ref|trigger):/gm, '$1$2:')
      .replace('/run/secrets/smtp', folder.write('smtp', 'hunter2'));
    const config = loadConfig(folder.write('uncommented.yaml', uncommented), { SLACK_WEBHOOK_URL: 'https://h.test/x' });
    expect([config.notify?.channels.size, config.notify?.routes.length, config.watches[0]?.expect?.length]).toEqual([
      2, 2, 10,
    ]);
  });

  it('overwrites no file, unless it is told to', () => {
    const file = folder.write('there.yaml', 'mine');
    const { io, printed } = collect();
    expect(() => initCommand({ githubOrg: 'acme', file }, io)).toThrow(
      new ConfigError([
        {
          file,
          line: null,
          column: null,
          path: '',
          message:
            'Cannot write the configuration: the file exists already; name another one with --config, or replace it with --force',
        },
      ]),
    );
    expect([readFileSync(file, 'utf8'), printed]).toEqual(['mine', []]);
    init('acme', 'there.yaml', true);
    expect(readFileSync(file, 'utf8')).toContain('https://github.com/acme/**');
  });

  it.each(['', 'a b', '-acme', 'acme-', 'a--b', 'acme/widget', '../x', 'a\nb', 'a'.repeat(40), 'acmé', '*'])(
    'refuses the name %j and writes nothing',
    (githubOrg) => {
      const file = join(folder.path, 'refused.yaml');
      expect(() => initCommand({ githubOrg, file }, collect().io)).toThrow(ConfigError);
      expect(existsSync(file)).toBe(false);
    },
  );

  it('refuses a folder that is not there', () => {
    const file = join(folder.path, 'nowhere', 'sigwatch.yaml');
    expect(() => initCommand({ githubOrg: 'acme', file }, collect().io)).toThrow(ConfigError);
  });
});
