import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertJson } from '../src/alert/alert-json.ts';
import { keyToPem } from '../src/evidence/log-key.ts';
import type { LogStatus } from '../src/store/status.ts';
import { startFakeLog, type RunningFakeLog } from './fakes/fake-log.ts';
import { fillers } from './support/actors.ts';
import { siteV2, type LogSite } from './support/log-sites.ts';
import { EVERY } from './support/misbehaviour-phases.ts';
import { ProgramBench, type Ended } from './support/program.ts';
import { WIDGET } from './support/stage.ts';

/** The built program, as an operator starts it: a log of each kind that forks, one of each that is served wrongly, and an honest one. */
interface Program {
  readonly bench: ProgramBench;
  readonly sites: ReadonlyMap<string, LogSite>;
  readonly honest: RunningFakeLog;
  run(...words: readonly string[]): Promise<Ended>;
}

let program: Program;
let exits: readonly (number | null)[];
let logs: readonly LogStatus[];
let alerts: readonly AlertJson[];

const NAMES = EVERY.flatMap(([kind]) => [`${kind}-forked`, `${kind}-misread`]);

beforeAll(async () => {
  program = await setProgram();
  const { sites, honest } = program;
  const once = async (): Promise<number | null> => (await program.run('run', '--once')).status;
  const honestly = await once();
  for (const [name, site] of sites) {
    if (name.endsWith('-forked')) {
      site.fork(5);
    } else {
      site.badSignature();
    }
    site.append(fillers(9, 100));
  }
  honest.append(fillers(9, 100));
  const found = await once();
  [{ logs }] = (await lines('status', '--json')) as [{ logs: LogStatus[] }];
  alerts = ((await lines('alerts', '--json')) as AlertJson[]).filter(({ kind }) => kind !== 'started');
  exits = [honestly, found, await once()];
});

afterAll(async () => {
  await program.bench.close();
  await Promise.all([...program.sites.values(), program.honest].map((log) => log.close()));
});

describe('the program, with logs of each kind that misbehave', () => {
  it('ends with 0 while all are honest, with 1 when it finds them out, and with 1 as long as one misbehaves', () => {
    expect(exits).toEqual([0, 1, 1]);
  });

  it('holds each where it was, and goes on with the honest one', () => {
    expect(logs.map(({ name, state, verified_size: size }) => `${name} ${state} ${size ?? '-'}`)).toEqual(
      ['honest verified 22', ...NAMES.map((name) => `${name} misbehaving 13`)].sort(),
    );
  });

  it('raises one alert for each', () => {
    expect(alerts.map(({ log, class: ofClass, kind }) => `${log ?? '-'} ${ofClass} ${kind}`).sort()).toEqual(
      [...program.sites]
        .map(([name, { origin }]) => `${origin} log ${name.endsWith('-forked') ? 'fork' : 'bad-signature'}`)
        .sort(),
    );
  });

  it.each(EVERY)(
    'writes evidence that proves a fork of %s to whoever has its key, and nothing when it is altered',
    async (kind) => {
      const file = await evidenceOf(`${kind}-forked`);
      const proven = await verify(file, `${kind}-forked`);
      expect([proven.status, proven.stderr]).toEqual([0, '']);
      expect(proven.stdout).toContain('contradicts itself: ');
      expect((await verify(file, `${kind}-misread`)).status).toBe(1);
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
      expect((await verify(program.bench.write('altered.json', bytes), `${kind}-forked`)).status).toBe(1);
    },
  );

  it.each(EVERY)('writes evidence of a bad signature of %s that proves nothing, and says so', async (kind) => {
    const file = await evidenceOf(`${kind}-misread`);
    const { status, stdout } = await verify(file, `${kind}-misread`);
    expect([status, stdout.trimEnd().split('\n').at(-1)]).toEqual([1, 'not proven']);
  });
});

async function setProgram(): Promise<Program> {
  const bench = new ProgramBench();
  const honest = await startFakeLog('honest.test');
  honest.append(fillers(13));
  const sites = new Map<string, LogSite>();
  for (const [kind, start] of EVERY) {
    for (const name of [`${kind}-forked`, `${kind}-misread`]) {
      const site = await start(`${name}.test`);
      site.timeIs(new Date());
      site.append(fillers(13));
      sites.set(name, site);
    }
  }
  const custom = [...sites, ['honest', siteV2(honest)] as const].map(([name, { type, url, keys }]) => {
    bench.write(`${name}.pub`, keyToPem(keys[0].spki));
    return { name, type, url, origin: keys[0].name, public_key: `./${name}.pub`, start: 'genesis' };
  });
  const config = bench.write(
    'sigwatch.yaml',
    JSON.stringify({ version: 1, trust: { source: 'none' }, logs: { discover: false, custom }, watches: [WIDGET] }),
  );
  return { bench, sites, honest, run: (...words) => bench.run([...words, '--config', config]) };
}

async function lines(...words: readonly string[]): Promise<readonly unknown[]> {
  const { stdout } = await program.run(...words);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line));
}

async function evidenceOf(name: string): Promise<string> {
  const alert = alerts.find(({ log }) => log === program.sites.get(name)?.origin);
  const { stdout } = await program.run('evidence', alert?.id ?? '');
  return stdout.trimEnd();
}

/** Elsewhere, with nothing but the file and a key. */
function verify(file: string, name: string): Promise<Ended> {
  return program.bench.run(['evidence', 'verify', '--key', program.bench.path(`${name}.pub`), file], { cwd: '/' });
}
