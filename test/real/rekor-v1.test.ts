import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OnceOutcome } from '../../src/daemon.ts';
import type { HistoryLine } from '../../src/store/history.ts';
import { countEach } from '../support/count-each.ts';
import { MonitorBench, type Known } from '../support/monitor-bench.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { serveRecordedRekorV1, type RecordedRekorV1 } from '../support/recorded-rekor-v1.ts';

const FOLDER = realdata('servers/rekor-v1');
const HOST = 'rekor.peers.test';
const [TREE_A, TREE_B] = ['7954628769174606703', '5304492423938354902'];
const [SHARD_A, SHARD_B] = [`${HOST} - ${TREE_A}`, `${HOST} - ${TREE_B}`];
const AFTER_ROLLOVER = ['entries-rollover', 'entries'];

/** Sizes of shard A under each recorded answer, and of shard B where there is one. */
const STEPS: readonly (readonly [head: string, a: number, b?: number])[] = [
  ...[0, 1, 2, 3, 16, 28, 33, 39, 49, 50, 55].map((size) => [`log-${pad(size)}`, size] as const),
  ...[0, 1, 2, 5, 9].map((size) => [`log-rollover-${size}`, 55, size] as const),
];

let bench: MonitorBench;
let server: RecordedRekorV1;

async function start(): Promise<void> {
  bench = new MonitorBench();
  server = await serveRecordedRekorV1(FOLDER, 'log/log-000.json');
  server.shardNames = { [TREE_B]: 'rollover-B' };
  bench.write('ca.pem', ['int', 'root'].map((name) => readFileSync(`${FOLDER}/test-keys/ca-${name}.crt.pem`)).join(''));
  bench.configure(configuration(server.url));
}

async function end(): Promise<void> {
  await server.close();
  bench.close();
}

/** One run under a recorded answer of `/api/v1/log`. */
async function runAt(head: string): Promise<OnceOutcome> {
  server.head = `log/${head}.json`;
  server.folders = head.includes('rollover') ? AFTER_ROLLOVER : ['entries'];
  return bench.run();
}

describe.runIf(hasRealdata)('the program on the recorded answers of a real Rekor v1 server', () => {
  const known: Known[] = [];
  const outcomes: OnceOutcome[] = [];

  beforeAll(async () => {
    await start();
    for (const [head] of STEPS) {
      outcomes.push(await runAt(head));
      known.push(bench.read());
    }
  });

  afterAll(end);

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
    expect(server.proofs).toEqual([
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

  it('reads the signers of hashedrekord and dsse, as the table of the recording lists them', () => {
    const signers = linesOf('everything').map(({ global_index: index, verdict, signer }) =>
      [index, verdict, signer['subject'] ?? 'key', signer['issuer'] ?? '-'].join(' '),
    );
    const keys = [0, 1, 2, 3, 4, 5, 29, 30, 31, 49, 55].map((index) => `${index} observed key -`);
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
      '28 observed dsse@example.com https://accounts.example.com',
      '30 observed dsse2@example.com https://accounts.example.com',
      `32 observed ${WORKFLOW} https://token.actions.githubusercontent.com`,
      '32 observed dsse3@example.com https://accounts.example.com',
      '54 observed erin@example.com https://accounts.example.com',
      '56 observed alice@example.com https://accounts.example.com',
      `57 observed ${WORKFLOW} https://token.actions.githubusercontent.com`,
      '58 observed dsse@example.com https://accounts.example.com',
      '63 observed bob@example.com https://accounts.example.com',
    ]);
  });

  it('gives entries the index in their shard, the one over all shards, and the ID that the server gave', () => {
    const found = linesOf('everything').filter(({ global_index: index }) => index === 54 || index === 55);
    expect(found.map(({ log, index, global_index: globalIndex, uuid }) => ({ log, index, globalIndex, uuid }))).toEqual(
      [
        { log: SHARD_A, index: 54, globalIndex: 54, uuid: uuidOf('entries/054') },
        { log: SHARD_B, index: 0, globalIndex: 55, uuid: uuidOf('entries-rollover/055') },
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
    const before = bench.read();
    expect(await runAt('log-rollover-5')).toEqual({ found: false, failed: false });
    expect(bench.read()).toEqual(before);
  });

  function last(): Known {
    return bench.read();
  }

  function linesOf(watch: string): readonly HistoryLine[] {
    const lines = last().history.filter((line) => line.watch === watch);
    return [...lines].sort((a, b) => (a.global_index ?? 0) - (b.global_index ?? 0));
  }
});

describe.runIf(hasRealdata)('the program on a fork of the recorded Rekor v1 log', () => {
  beforeEach(start);
  afterEach(end);

  it('tells of another tree of the same size, stops that shard, and follows the other', async () => {
    await runAt('log-055');
    serveForked('log-055-other-root', 'log-rollover-1');
    expect(await bench.run()).toEqual({ found: true, failed: false });

    const { logs, alerts, history } = bench.read();
    expect(logs.map(summarize).sort(byOrigin)).toEqual(
      [
        {
          ...{ origin: SHARD_A, state: 'misbehaving', size: 55, examined: 55, lag: 0 },
          error: `Log "${SHARD_A}" signed two different trees of size 55`,
        },
        { ...VERIFIED, origin: SHARD_B, size: 1, examined: 1 },
      ].sort(byOrigin),
    );
    const forks = alerts.filter((alert) => alert.class === 'log');
    expect(forks.map(({ kind, log, state, occurrences }) => ({ kind, log, state, occurrences }))).toEqual([
      { kind: 'fork', log: SHARD_A, state: 'open', occurrences: 1 },
    ]);
    expect(bench.read().checkpoints.map(({ log, size }) => [log, size])).toContainEqual([SHARD_A, 55]);
    expect(history.filter(({ log }) => log === SHARD_B)).toHaveLength(1);

    // The honest answer again does not make it forgotten; the other shard goes on.
    await runAt('log-rollover-9');
    expect(stateOf(bench.read())).toEqual({ [SHARD_A]: 'misbehaving 55', [SHARD_B]: 'verified 9' });
    expect(bench.read().history.filter(({ log }) => log === SHARD_B).length).toBeGreaterThan(1);
  });

  it.each([
    [['log-050'], 'misbehaving 50'],
    [[], 'misbehaving '],
  ])('tells of it by what the log proves its entries by, after %j', async (heads, state) => {
    await Promise.all(heads.map(runAt));
    server.head = 'fork/log-055-other-root.json';
    expect(await bench.run()).toEqual({ found: true, failed: false });
    expect(bench.read().alerts.flatMap(({ class: c, kind }) => (c === 'log' ? [kind] : []))).toEqual(['fork']);
    expect(stateOf(bench.read())).toEqual({ [SHARD_A]: state });
  });

  it('does not follow a larger tree of which the log shows no entries, keeps its note, and goes on with the honest one', async () => {
    await runAt('log-050');
    server.head = 'fork/log-060-other-root.json';
    expect(await bench.run()).toEqual({ found: false, failed: true });
    // Nothing proves it a fork while nobody sees what it holds.
    expect(bench.read().logs.map(summarize)).toEqual([
      {
        ...{ origin: SHARD_A, state: 'unreachable', size: 50, examined: 50, lag: 10 },
        error: `Cannot read entry 59 of "${SHARD_A}": the log left out global index 59`,
      },
    ]);
    expect(bench.read().alerts.filter((alert) => alert.class === 'log')).toEqual([]);
    expect(bench.read().checkpoints.map(({ size }) => size)).toEqual([50, 60]);

    await runAt('log-055');
    expect(stateOf(bench.read())).toEqual({ [SHARD_A]: 'verified 55' });
  });

  it('tells of a larger tree whose place is taken by the entries of the next shard', async () => {
    await runAt('log-055');
    serveForked('log-060-other-root', 'log-rollover-9');
    expect(await bench.run()).toEqual({ found: true, failed: false });
    expect(stateOf(bench.read())).toEqual({ [SHARD_A]: 'misbehaving 55', [SHARD_B]: 'verified 9' });
    const [alert, ...others] = bench.read().alerts.filter(({ class: c }) => c === 'log');
    expect([alert?.kind, alert?.log, others]).toEqual(['entry-mismatch', SHARD_A, []]);
  });

  it('keeps both signed notes as evidence', async () => {
    await runAt('log-055');
    serveForked('log-055-other-root', 'log-rollover-1');
    await bench.run();
    expect(bench.evidence('fork').map((evidence) => ({ ...evidence, notes: evidence?.notes.map(rootOf) }))).toEqual([
      {
        ...{ kind: 'fork', log: SHARD_A, signed: true },
        notes: [rootOf(headOf('log/log-055')), rootOf(headOf('fork/log-055-other-root'))],
      },
    ]);
  });
});

const WORKFLOW = 'https://github.com/acme/widgets/.github/workflows/release.yml@refs/heads/main';
const VERIFIED = { state: 'verified', lag: 0, error: null };

/** Serves `/api/v1/log` as recorded after the rollover, with the forked head of shard A in it. */
function serveForked(fork: string, rollover: string): void {
  const info = readJson(`log/${rollover}`) as LogInfo;
  const forked = readJson(`fork/${fork}`) as LogInfo;
  server.head = bench.write('forked.json', JSON.stringify({ ...info, inactiveShards: [forked] }));
  server.folders = AFTER_ROLLOVER;
}

interface LogInfo {
  readonly signedTreeHead: string;
}

function headOf(name: string): string {
  return (readJson(name) as LogInfo).signedTreeHead;
}

function rootOf(note: string): string {
  return note.split('\n')[2] ?? '';
}

/** ID of a recorded entry. */
function uuidOf(name: string): string | undefined {
  return Object.keys(readJson(name) as Record<string, unknown>)[0];
}

/** The recorded files are what the casts around this say they are. */
function readJson(name: string): unknown {
  return JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8'));
}

function summarize(log: Known['logs'][number]) {
  const { origin, state, verified_size: size, examined_size: examined, lag, last_error: error } = log;
  return { origin, state, size, examined, lag, error };
}

function stateOf({ logs }: Known): Readonly<Record<string, string>> {
  return Object.fromEntries(logs.map(({ origin, state, verified_size: size }) => [origin, `${state} ${size ?? ''}`]));
}

function byOrigin(a: { readonly origin: string }, b: { readonly origin: string }): number {
  return a.origin.localeCompare(b.origin);
}

function pad(size: number): string {
  return String(size).padStart(3, '0');
}

function configuration(url: string): string {
  return `
version: 1
trust:
  source: none
  certificate_authorities:
    - { name: test-ca, chain: ./ca.pem }
logs:
  discover: false
  custom:
    - name: recorded
      type: rekor-v1
      url: "${url}"
      origin: ${HOST}
      public_key: ["${FOLDER}/publicKey-shardA.pem", "${FOLDER}/publicKey-shardB.pem"]
      start: genesis
watches:
  - name: everything
    select:
      - kind: "*"
  - name: alice
    select:
      - subject: alice@example.com
    expect:
      issuer: https://accounts.example.com
`;
}
