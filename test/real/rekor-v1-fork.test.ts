import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listDecisions, saveDecision } from '../../src/store/decisions.ts';
import { Store } from '../../src/store/store.ts';
import type { Known } from '../support/monitor-bench.ts';
import { hasRealdata } from '../support/realdata.ts';
import {
  openShardedBench,
  readRecorded,
  SHARD_A,
  SHARD_B,
  stateOf,
  type ShardedBench,
} from '../support/sharded-bench.ts';

const HONEST_50 = 'log/log-050.json';
const HONEST_55 = 'log/log-055.json';
/** Signed with the real key of shard A: another tree of the same size, and a larger one that nobody has entries of. */
const FORK_55 = 'fork/log-055-other-root.json';
const FORK_60 = 'fork/log-060-other-root.json';

describe.runIf(hasRealdata)('the program on a fork of the recorded Rekor v1 log', () => {
  let sharded: ShardedBench;

  beforeEach(async () => {
    sharded = await openShardedBench();
  });

  afterEach(() => sharded.close());

  it('tells of another tree of the same size, stops that shard, and follows the other', async () => {
    await sharded.runAt(HONEST_55);
    expect(await sharded.runAt(forkBeside(FORK_55, 'rollover-1'))).toEqual({ found: true, failed: false });

    const { logs, alerts, history } = sharded.bench.read();
    expect(stateOf({ logs })).toEqual({ [SHARD_A]: 'misbehaving 55', [SHARD_B]: 'verified 1' });
    expect(errorsOf({ logs })).toEqual([`Log "${SHARD_A}" signed two different trees of size 55`]);
    const forks = alerts.filter((alert) => alert.class === 'log');
    expect(forks.map(({ kind, log, state, occurrences }) => ({ kind, log, state, occurrences }))).toEqual([
      { kind: 'fork', log: SHARD_A, state: 'open', occurrences: 1 },
    ]);
    expect(history.filter(({ log }) => log === SHARD_B)).toHaveLength(1);

    // The honest answer again does not make it forgotten; the other shard goes on.
    await sharded.runAt('log/log-rollover-9.json');
    expect(stateOf(sharded.bench.read())).toEqual({ [SHARD_A]: 'misbehaving 55', [SHARD_B]: 'verified 9' });
    expect(sharded.bench.read().history.filter(({ log }) => log === SHARD_B).length).toBeGreaterThan(1);
  });

  it('goes on with it when an operator decides, and stops again when the other tree comes back', async () => {
    await sharded.runAt(HONEST_55);
    await sharded.runAt(forkBeside(FORK_55, 'rollover-1'));
    decide();
    expect(await sharded.runAt('log/log-rollover-9.json')).toEqual({ found: false, failed: false });
    expect(stateOf(sharded.bench.read())).toEqual({ [SHARD_A]: 'frozen 55', [SHARD_B]: 'verified 9' });
    expect(outcomes()).toEqual(['it goes on from 55: what it shows now extends the tree that was proven']);
    expect(forksOf(sharded.bench.read())).toEqual(['fork closed 1']);

    expect(await sharded.runAt(forkBeside(FORK_55, 'rollover-9'))).toEqual({ found: true, failed: false });
    expect(stateOf(sharded.bench.read())).toEqual({ [SHARD_A]: 'misbehaving 55', [SHARD_B]: 'verified 9' });
    expect(forksOf(sharded.bench.read())).toEqual(['fork open 2']);
  });

  it('keeps a decision for another tree while the log shows no entries of that', async () => {
    await sharded.runAt(HONEST_55);
    await sharded.runAt(forkBeside(FORK_55, 'rollover-1'));
    decide();
    const outcome = await sharded.runAt(forkBeside(FORK_55, 'rollover-1'));
    expect(outcome).toEqual({ found: true, failed: false });
    expect(stateOf(sharded.bench.read())).toEqual({ [SHARD_A]: 'misbehaving 55', [SHARD_B]: 'verified 1' });
    // What it proves its entries by is the first tree still.
    expect(outcomes()).toEqual([expect.stringContaining('the log contradicts itself anew: ')]);
  });

  it.each([
    [[HONEST_50], 'misbehaving 50'],
    [[], 'misbehaving '],
  ])('tells of it by what the log proves its entries by, after %j', async (heads, state) => {
    await Promise.all(heads.map((head) => sharded.runAt(head)));
    expect(await sharded.runAt(FORK_55)).toEqual({ found: true, failed: false });
    expect(sharded.bench.read().alerts.flatMap(({ class: c, kind }) => (c === 'log' ? [kind] : []))).toEqual(['fork']);
    expect(stateOf(sharded.bench.read())).toEqual({ [SHARD_A]: state });
  });

  it('does not follow a larger tree of which the log shows no entries, keeps its note, and goes on with the honest one', async () => {
    await sharded.runAt(HONEST_50);
    expect(await sharded.runAt(FORK_60)).toEqual({ found: false, failed: true });
    // Nothing proves it a fork while nobody sees what it holds.
    expect(stateOf(sharded.bench.read())).toEqual({ [SHARD_A]: 'unreachable 50' });
    expect(errorsOf(sharded.bench.read())).toEqual([
      `Cannot read entry 59 of "${SHARD_A}": the log left out global index 59`,
    ]);
    expect(sharded.bench.read().alerts.filter((alert) => alert.class === 'log')).toEqual([]);
    // The honest entries were recorded with proofs in a tree of 55.
    expect(sharded.bench.read().checkpoints.map(({ size }) => size)).toEqual([50, 55, 60]);

    await sharded.runAt(HONEST_55);
    expect(stateOf(sharded.bench.read())).toEqual({ [SHARD_A]: 'verified 55' });
  });

  it('tells of a larger tree whose place is taken by the entries of the next shard', async () => {
    await sharded.runAt(HONEST_55);
    expect(await sharded.runAt(forkBeside(FORK_60, 'rollover-9'))).toEqual({ found: true, failed: false });
    expect(stateOf(sharded.bench.read())).toEqual({ [SHARD_A]: 'misbehaving 55', [SHARD_B]: 'verified 9' });
    const [alert, ...others] = sharded.bench.read().alerts.filter(({ class: c }) => c === 'log');
    expect([alert?.kind, alert?.log, others]).toEqual(['entry-mismatch', SHARD_A, []]);
  });

  it('keeps both signed notes as evidence', async () => {
    await sharded.runAt(HONEST_55);
    await sharded.runAt(forkBeside(FORK_55, 'rollover-1'));
    expect(
      sharded.bench.evidence('fork').map((evidence) => ({ ...evidence, notes: evidence?.notes.map(rootOf) })),
    ).toEqual([
      {
        ...{ kind: 'fork', log: SHARD_A, signed: true },
        notes: [rootOf(headOf(HONEST_55)), rootOf(headOf(FORK_55))],
      },
    ]);
  });

  /** An operator says that shard A shall go on. */
  function decide(): void {
    withStore((store) => {
      saveDecision(store, { log: SHARD_A, by: 'alice', note: 'asked', alert: null }, new Date());
    });
  }

  function outcomes(): readonly (string | null)[] {
    return withStore((store) => listDecisions(store, SHARD_A).map(({ outcome }) => outcome));
  }

  function withStore<T>(use: (store: Store) => T): T {
    const store = Store.open(join(sharded.bench.folder, 'data/sigwatch.db'));
    try {
      return use(store);
    } finally {
      store.close();
    }
  }

  /** The answer of `/api/v1/log` as recorded after the rollover, with another head of shard A in it. */
  function forkBeside(fork: string, rollover: string): string {
    const info = { ...readRecorded(`log/log-${rollover}.json`), inactiveShards: [readRecorded(fork)] };
    return sharded.bench.write('rollover-forked.json', JSON.stringify(info));
  }
});

function forksOf({ alerts }: Pick<Known, 'alerts'>): readonly string[] {
  return alerts
    .filter(({ kind }) => kind === 'fork')
    .map(({ kind, state, occurrences }) => `${kind} ${state} ${occurrences}`);
}

function headOf(name: string): string {
  return String(readRecorded(name)['signedTreeHead']);
}

function rootOf(note: string): string {
  return note.split('\n')[2] ?? '';
}

function errorsOf({ logs }: Pick<Known, 'logs'>): readonly string[] {
  return logs.flatMap(({ last_error: error }) => error ?? []);
}
