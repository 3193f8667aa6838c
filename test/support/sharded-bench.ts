import { readFileSync } from 'node:fs';
import type { OnceOutcome } from '../../src/daemon.ts';
import { MonitorBench, type Known } from './monitor-bench.ts';
import { realdata } from './realdata.ts';
import { serveRecordedRekorV1, type RecordedRekorV1 } from './recorded-rekor-v1.ts';

const FOLDER = realdata('servers/rekor-v1');
const HOST = 'rekor.peers.test';

export const TREE_A = '7954628769174606703';
export const TREE_B = '5304492423938354902';
/** Origins: 55 entries, and after the rollover 9. */
export const SHARD_A = `${HOST} - ${TREE_A}`;
export const SHARD_B = `${HOST} - ${TREE_B}`;

/** The program, configured for the recorded Rekor v1 server of two shards with a key each. */
export interface ShardedBench {
  readonly bench: MonitorBench;
  readonly server: RecordedRekorV1;
  /** One run under a recorded answer of `/api/v1/log`, or under one in a file of its own. */
  runAt(head: string): Promise<OnceOutcome>;
  close(): Promise<void>;
}

export async function openShardedBench(): Promise<ShardedBench> {
  const bench = new MonitorBench();
  const server = await serveRecordedRekorV1(FOLDER, 'log/log-000.json');
  server.shardNames = { [TREE_B]: 'rollover-B' };
  const chain = ['int', 'root'].map((name) => readFileSync(`${FOLDER}/test-keys/ca-${name}.crt.pem`));
  bench.write('ca.pem', chain.join(''));
  bench.configure(configuration(server.url));
  return {
    bench,
    server,
    runAt: (head) => {
      server.head = head;
      server.folders = head.includes('rollover') ? ['entries-rollover', 'entries'] : ['entries'];
      return bench.run();
    },
    close: async () => {
      await server.close();
      bench.close();
    },
  };
}

/** A recorded JSON file. */
export function readRecorded(name: string): Readonly<Record<string, unknown>> {
  // Every recorded answer is an object.
  return JSON.parse(readFileSync(`${FOLDER}/${name}`, 'utf8')) as Record<string, unknown>;
}

/** Each log's state and verified size, by origin. */
export function stateOf({ logs }: Pick<Known, 'logs'>): Readonly<Record<string, string>> {
  return Object.fromEntries(logs.map(({ origin, state, verified_size: size }) => [origin, `${state} ${size ?? ''}`]));
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
