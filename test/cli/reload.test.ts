import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { reloadCommand } from '../../src/cli/reload.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { saveHeartbeat } from '../../src/store/heartbeat.ts';
import { settleReloads, waitingReloads } from '../../src/store/reloads.ts';
import type { Store } from '../../src/store/store.ts';
import { NOW } from '../store/samples.ts';
import { openStore, tempFolder } from '../store/temp-store.ts';
import { captureIo } from './captured-io.ts';

const NEVER = new AbortController().signal;

let file: string;
let store: Store;

beforeEach(() => {
  const folder = tempFolder();
  file = join(folder, 'sigwatch.yaml');
  writeFileSync(file, 'version: 1\ndatabase: ./sigwatch.db\nlogs: { discover: false }\nwatches: []\n');
  store = openStore(join(folder, 'sigwatch.db'));
  saveHeartbeat(store, { pid: 12, version: '1', startedAt: NOW }, NOW);
});

/** Runs the command; `daemon` is what happens while it waits for the n-th time. */
async function run(
  daemon: (waits: number) => void,
  options: { readonly json?: boolean; readonly signal?: AbortSignal; readonly now?: Date } = {},
) {
  let waits = 0;
  const clock: Clock = {
    now: () => options.now ?? NOW,
    sleep: async () => {
      daemon((waits += 1));
      return Promise.resolve();
    },
  };
  const io = { ...captureIo(), env: {}, signal: options.signal ?? NEVER };
  const status = await reloadCommand(file, { json: options.json }, io, clock);
  return { status, out: io.out(), err: io.err(), waits };
}

function load(added: readonly string[], of = file): void {
  const watches = { added, changed: [], removed: ['gone'] };
  settleReloads(store, waitingReloads(store), { outcome: 'loaded', file: of, watches }, NOW);
}

describe('reloadCommand()', () => {
  it('waits for what the daemon says', async () => {
    const { status, out, err, waits } = await run((count) => {
      if (count === 7) {
        load(['a\u001b', 'b']);
      }
    });
    expect([status, err, waits]).toEqual([0, '', 7]);
    expect(out).toBe(`The daemon has read "${file}" again\nWatches added: a\\u{001B}, b\nWatches removed: gone\n`);
  });

  it('shows each problem of a refusal, made safe for a terminal', async () => {
    const { status, out, err } = await run(() => {
      settleReloads(store, waitingReloads(store), { outcome: 'refused', file, problem: 'a\u001b\nb' }, NOW);
    });
    expect([status, out]).toEqual([2, '']);
    expect(err).toBe('a\\u{001B}\nb\nThe daemon refused it: the configuration from before stays in force\n');
  });

  it('gives up after 30 seconds, and leaves the request', async () => {
    const { status, err, waits } = await run(() => undefined);
    expect([status, waits]).toEqual([3, 300]);
    expect(err).toBe(
      `Cannot say what became of "${file}": the daemon (pid 12) has not answered, expected an answer within 30 s; ` +
        'it acts on the request once it can, and `sigwatch status` says so\n',
    );
    expect(waitingReloads(store)).toHaveLength(1);
  });

  it('waits no longer when it is asked to end', async () => {
    const end = new AbortController();
    const { status, waits } = await run(
      () => {
        end.abort();
      },
      { signal: end.signal },
    );
    expect([status, waits]).toEqual([3, 1]);
  });

  it('asks nobody where the last daemon gave no sign of life for a minute', async () => {
    const { status, err } = await run(() => undefined, { now: new Date(NOW.getTime() + 61_000) });
    expect(status).toBe(3);
    expect(err).toContain('no daemon runs on database');
    expect(waitingReloads(store)).toEqual([]);
  });

  it('asks nobody about a file that is no good', async () => {
    writeFileSync(file, 'version: 2\n');
    const { status, out, err, waits } = await run(() => undefined);
    expect([status, out, waits]).toEqual([2, '', 0]);
    expect(err).toMatch(
      /sigwatch\.yaml:1:10: version: .*\nThe daemon was not asked: what it has in force stays in force\n$/,
    );
    const json = await run(() => undefined, { json: true });
    expect(JSON.parse(json.out)).toMatchObject({
      ...{ outcome: 'refused', file, watches: null, requested_at: null },
      problem: expect.stringContaining('version') as string,
    });
    expect(waitingReloads(store)).toEqual([]);
  });

  it('says that another database takes a restart', async () => {
    writeFileSync(file, 'version: 1\ndatabase: ./other.db\nlogs: { discover: false }\n');
    await expect(run(() => undefined)).rejects.toThrow(/none yet.*\n.*keeps the database it began with/);
  });

  it('prints JSON, also of a refusal', async () => {
    const loaded = await run(
      () => {
        load([], '/etc/other.yaml');
      },
      { json: true },
    );
    expect([loaded.status, loaded.err]).toEqual([0, `The daemon reads "/etc/other.yaml", not "${file}"\n`]);
    expect(JSON.parse(loaded.out)).toEqual({
      outcome: 'loaded',
      cause: 'command',
      file: '/etc/other.yaml',
      problem: null,
      watches: { added: [], changed: [], removed: ['gone'] },
      requested_at: NOW.toISOString(),
      done_at: NOW.toISOString(),
    });
    const refused = await run(
      () => {
        settleReloads(store, waitingReloads(store), { outcome: 'refused', file, problem: 'why' }, NOW);
      },
      { json: true },
    );
    expect(refused.status).toBe(2);
    expect(JSON.parse(refused.out)).toMatchObject({ outcome: 'refused', problem: 'why', watches: null });
  });
});
