import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OnceOutcome } from '../../src/daemon.ts';
import type { HistoryLine } from '../../src/store/history.ts';
import { countEach } from '../support/count-each.ts';
import type { Known } from '../support/monitor-bench.ts';
import { hasRealdata } from '../support/realdata.ts';
import {
  openShardedBench,
  readRecorded,
  SHARD_A,
  SHARD_B,
  TREE_A,
  TREE_B,
  type ShardedBench,
} from '../support/sharded-bench.ts';

/** Sizes of shard A under each recorded answer, and of shard B where there is one. */
const STEPS: readonly (readonly [head: string, a: number, b?: number])[] = [
  ...[0, 1, 2, 3, 16, 28, 33, 39, 49, 50, 55].map((size) => [`log/log-${pad(size)}.json`, size] as const),
  ...[0, 1, 2, 5, 9].map((size) => [`log/log-rollover-${size}.json`, 55, size] as const),
];

describe.runIf(hasRealdata)('the program on the recorded answers of a real Rekor v1 server', () => {
  const known: Known[] = [];
  const outcomes: OnceOutcome[] = [];
  let sharded: ShardedBench;

  beforeAll(async () => {
    sharded = await openShardedBench();
    for (const [head] of STEPS) {
      outcomes.push(await sharded.runAt(head));
      known.push(sharded.bench.read());
    }
  });

  afterAll(() => sharded.close());

  it('verifies every checkpoint of both shards in turn, on one database, over the rollover', () => {
    expect(known.map(({ logs }) => logs.map(summarize).sort(byOrigin))).toEqual(
      STEPS.map(([, a, b]) =>
        [
          {
            origin: SHARD_A,
            state: b === undefined ? 'verified' : 'frozen',
            size: a,
            examined: a,
            lag: 0,
            error: null,
          },
          ...[b ?? []].flat().map((size) => ({ ...VERIFIED, origin: SHARD_B, size, examined: size })),
        ].sort(byOrigin),
      ),
    );
    expect(outcomes.filter(({ failed }) => failed)).toEqual([]);
  });

  it('asks for a consistency proof at each growth, and gets it', () => {
    const growths = (treeId: string, sizes: readonly number[]): readonly string[] =>
      sizes.slice(1).map((size, step) => `200 ?firstSize=${sizes[step] ?? ''}&lastSize=${size}&treeID=${treeId}`);
    expect(sharded.server.proofs).toEqual([
      ...growths(TREE_A, [1, 2, 3, 16, 28, 33, 39, 49, 50, 55]),
      ...growths(TREE_B, [1, 2, 5, 9]),
    ]);
  });

  it('counts all 64 entries by kind, of both shards', () => {
    expect(Object.fromEntries(last().logs.map(({ origin, kinds }) => [origin, kinds]))).toEqual({
      [SHARD_A]: {
        alpine: 1,
        cose: 2,
        dsse: 5,
        hashedrekord: 18,
        helm: 2,
        intoto: 6,
        jar: 2,
        rekord: 12,
        rfc3161: 2,
        rpm: 2,
        tuf: 3,
      },
      [SHARD_B]: { cose: 1, dsse: 1, hashedrekord: 4, intoto: 1, rekord: 1, rpm: 1 },
    });
    expect(last().unparsable).toEqual([]);
  });

  it('reads every signer of all kinds, as the table of the recording lists them', () => {
    const signers = linesOf('everything').map(({ global_index: index, verdict, signer }) =>
      [index, verdict, textOf(signer['subject'] ?? 'key'), textOf(signer['issuer'] ?? '-')].join(' '),
    );
    // Bare keys, keys of PGP, SSH, minisign and TUF (of the last, two that signed 52), and time-stamps (39, 40), which name nobody.
    const keys = [0, 1, 2, 3, 4, 5, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 29, 30, 31, 34, 35, 37, 38, 39, 40]
      .concat([41, 42, 45, 46, 47, 49, 50, 51, 52, 52, 53, 55, 60, 61, 62])
      .map((index) => `${index} observed key -`);
    expect(signers.filter((line) => line.endsWith(' key -'))).toEqual(keys);
    expect(signers.filter((line) => !line.endsWith(' key -'))).toEqual([
      '6 observed alice@example.com https://accounts.example.com',
      '7 observed bob@example.com https://accounts.example.com',
      '8 observed carol@example.com https://accounts.example.com',
      `9 observed ${WORKFLOW} https://token.actions.githubusercontent.com`,
      '10 observed user!example.com https://user.example.com',
      '11 observed builder.example.com https://dns.example.com',
      '12 observed noissuer@example.com -',
      '13 observed chain@example.com https://accounts.example.com',
      // A certificate that is not for code signing, and one of another CA.
      '14 forged noeku@example.com https://accounts.example.com',
      '15 forged alice@example.com https://accounts.example.com',
      '27 observed rekord@example.com https://accounts.example.com',
      '28 observed dsse@example.com https://accounts.example.com',
      '30 observed dsse2@example.com https://accounts.example.com',
      `32 observed ${WORKFLOW} https://token.actions.githubusercontent.com`,
      '32 observed dsse3@example.com https://accounts.example.com',
      '33 observed intoto1@example.com https://accounts.example.com',
      '36 observed intoto2@example.com https://accounts.example.com',
      '37 observed intoto2b@example.com https://accounts.example.com',
      // Jars are signed with certificates of other CAs.
      '43 forged bcallawa@redhat.com -',
      '44 forged jar@peers.test -',
      '48 observed cose@example.com https://accounts.example.com',
      '54 observed erin@example.com https://accounts.example.com',
      '56 observed alice@example.com https://accounts.example.com',
      `57 observed ${WORKFLOW} https://token.actions.githubusercontent.com`,
      '58 observed dsse@example.com https://accounts.example.com',
      '59 observed intoto2@example.com https://accounts.example.com',
      '63 observed bob@example.com https://accounts.example.com',
    ]);
  });

  it('gives entries the index in their shard, the one over all shards, and the ID that the server gave', () => {
    const found = linesOf('everything').filter(({ global_index: index }) => index === 54 || index === 55);
    expect(found.map(({ log, index, global_index: globalIndex, uuid }) => ({ log, index, globalIndex, uuid }))).toEqual(
      [
        { log: SHARD_A, index: 54, globalIndex: 54, uuid: uuidOf('entries/054.json') },
        { log: SHARD_B, index: 0, globalIndex: 55, uuid: uuidOf('entries-rollover/055.json') },
      ],
    );
  });

  it('reaches the verdicts of alice in both shards', () => {
    const found = linesOf('alice').map(({ global_index: index, verdict }) => [index, verdict]);
    expect(found).toEqual([
      [6, 'expected'],
      [15, 'forged'],
      [56, 'expected'],
    ]);
    expect(countEach(last().alerts.map(({ kind, watch }) => `${kind} ${watch ?? ''}`))).toEqual({
      'forged alice': 1,
      'forged everything': 1,
      'started ': 2,
    });
  });

  it('takes an older answer for what it is, and changes nothing', async () => {
    const before = sharded.bench.read();
    expect(await sharded.runAt('log/log-rollover-5.json')).toEqual({ found: false, failed: false });
    expect(sharded.bench.read()).toEqual(before);
  });

  function last(): Known {
    return sharded.bench.read();
  }

  function linesOf(watch: string): readonly HistoryLine[] {
    const lines = last().history.filter((line) => line.watch === watch);
    return [...lines].sort((a, b) => (a.global_index ?? 0) - (b.global_index ?? 0));
  }
});

const WORKFLOW = 'https://github.com/acme/widgets/.github/workflows/release.yml@refs/heads/main';
const VERIFIED = { state: 'verified', lag: 0, error: null };

/** ID of a recorded entry. */
function uuidOf(name: string): string | undefined {
  return Object.keys(readRecorded(name))[0];
}

function summarize(log: Known['logs'][number]) {
  const { origin, state, verified_size: size, examined_size: examined, lag, last_error: error } = log;
  return { origin, state, size, examined, lag, error };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value).replace(/^\["|"\]$/g, '');
}

function byOrigin(a: { readonly origin: string }, b: { readonly origin: string }): number {
  return a.origin.localeCompare(b.origin);
}

function pad(size: number): string {
  return String(size).padStart(3, '0');
}
