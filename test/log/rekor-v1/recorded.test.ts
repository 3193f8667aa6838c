import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import type { LogReader } from '../../../src/log/log.ts';
import { verifyEntryTimestamp } from '../../../src/log/rekor-v1/entry-timestamp.ts';
import { createRekorV1Source } from '../../../src/log/rekor-v1/reader.ts';
import { parseEntries } from '../../../src/log/rekor-v1/responses.ts';
import type { NonEmpty } from '../../../src/lib/non-empty.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import { noteKey, type NoteKey } from '../../../src/tlog/note.ts';
import { rootFromPrefix } from '../../../src/tlog/prefix.ts';
import { hasRealdata, realdata } from '../../support/realdata.ts';
import { serveRecordedRekorV1, type RecordedRekorV1 } from '../../support/recorded-rekor-v1.ts';
import { NEVER, tail } from './tail.ts';

const HOST = 'rekor.peers.test';
const SHARD_A = '7954628769174606703';
const SHARD_B = '5304492423938354902';

let http: HttpClient;
let server: RecordedRekorV1;

beforeEach(() => {
  http = createHttpClient();
});

afterEach(async () => {
  await http.close();
  await server.close();
});

describe.runIf(hasRealdata)('a recorded Rekor v1 server of two shards', () => {
  const root = realdata('servers/rekor-v1');

  it('is read from its genesis through all checkpoints and a rollover, with every entry', async () => {
    server = await serveRecordedRekorV1(root, 'log/log-000.json');
    const source = twoShards();
    const [a] = await source.discover(NEVER);
    const frontierA = Frontier.empty();
    const sizes: number[] = [];
    const bodies: Buffer[] = [];
    for (const size of [0, 1, 2, 3, 16, 28, 33, 39, 49, 50, 55]) {
      server.head = `log/log-${pad(size)}.json`;
      const { checkpoint, leaves } = await tail(a as LogReader, frontierA);
      sizes.push(checkpoint.size);
      bodies.push(...leaves.map(({ data }) => data));
    }
    expect(a?.inactive).toBe(false);

    server.folders = ['entries-rollover', 'entries'];
    server.head = 'log/log-rollover-0.json';
    const [again, b, ...others] = await source.discover(NEVER);
    expect([again === a, b?.origin, others]).toEqual([true, `${HOST} - ${SHARD_B}`, []]);
    const frontierB = Frontier.empty();
    for (const size of [0, 1, 2, 5, 9]) {
      server.head = `log/log-rollover-${size}.json`;
      const { checkpoint, leaves } = await tail(b as LogReader, frontierB);
      sizes.push(checkpoint.size);
      bodies.push(...leaves.map(({ data }) => data));
    }
    const last = await tail(a as LogReader, frontierA);

    expect(sizes).toEqual([0, 1, 2, 3, 16, 28, 33, 39, 49, 50, 55, 0, 1, 2, 5, 9]);
    expect([last.checkpoint.size, last.leaves]).toEqual([55, []]);
    expect([a?.inactive, b?.inactive]).toEqual([true, false]);
    expect(bodies).toEqual(Array.from({ length: 64 }, (_, n) => readFileSync(`${root}/bodies/${pad(n)}.json`)));
  });

  it('is read from its genesis in one go after the rollover', async () => {
    server = await serveRecordedRekorV1(root, 'log/log-rollover-9.json', ['entries-rollover', 'entries']);
    const readers = await twoShards().discover(NEVER);
    const tails = await Promise.all(readers.map((reader) => tail(reader, Frontier.empty())));
    const leaves = tails.flatMap(({ leaves }) => leaves);

    expect(readers.map(({ origin }) => origin)).toEqual([`${HOST} - ${SHARD_A}`, `${HOST} - ${SHARD_B}`]);
    expect(tails.map(({ leaves }) => leaves.length)).toEqual([55, 9]);
    expect(leaves.map(({ globalIndex }) => globalIndex)).toEqual(Array.from({ length: 64 }, (_, n) => n));
    // The same body in both shards: one leaf hash, two IDs.
    expect(leaves[62]?.hash).toEqual(leaves[41]?.hash);
    expect(leaves[62]?.uuid?.slice(0, 16)).not.toBe(leaves[41]?.uuid?.slice(0, 16));
  });

  it('gives every frontier of both shards, with the nodes that lead to a signed root', async () => {
    server = await serveRecordedRekorV1(root, 'log/log-rollover-9.json', ['entries-rollover', 'entries']);
    for (const reader of await twoShards().discover(NEVER)) {
      const { checkpoint, leaves } = await tail(reader, Frontier.empty());
      const expected = Frontier.empty();
      for (const leaf of leaves) {
        expected.append(leaf.hash);
        const { frontier, provenBy, nodes } = await reader.fetchFrontier(checkpoint, expected.size, NEVER);
        expect(frontier.equals(expected)).toBe(true);
        expect(rootFromPrefix(frontier, provenBy.size, nodes).equals(provenBy.root)).toBe(true);
      }
    }
  });

  it('shows its checkpoints to be consistent, with and without a consistency proof for them', async () => {
    server = await serveRecordedRekorV1(root, 'log/log-000.json');
    const [reader] = (await twoShards().discover(NEVER)) as [LogReader];
    const checkpoints = [];
    for (const size of [0, 1, 2, 3, 16, 28, 33, 39, 49, 50, 55]) {
      server.head = `log/log-${pad(size)}.json`;
      checkpoints.push(await reader.fetchCheckpoint(NEVER));
    }
    for (const small of checkpoints) {
      for (const large of checkpoints.filter(({ size }) => size >= small.size)) {
        expect(await reader.proveConsistency(small, large, NEVER)).toBe(true);
      }
    }
  });

  it('does not show a forked checkpoint to be consistent, and proves the contrary', async () => {
    server = await serveRecordedRekorV1(root, 'log/log-055.json');
    const [reader] = (await twoShards().discover(NEVER)) as [LogReader];
    const honest = await reader.fetchCheckpoint(NEVER);
    server.head = 'fork/log-055-other-root.json';
    const fork = await reader.fetchCheckpoint(NEVER);

    expect(fork.size).toBe(55);
    expect(await reader.proveConsistency(honest, fork, NEVER)).toBe(false);
    const { frontier, provenBy } = await reader.fetchFrontier(fork, 55, NEVER);
    expect([frontier.size, provenBy.size, provenBy.root]).toEqual([55, 55, honest.root]);
    expect(frontier.root().equals(fork.root)).toBe(false);
  });

  it('does not show a larger fork to hold what was there before', async () => {
    server = await serveRecordedRekorV1(root, 'log/log-050.json');
    const [reader] = (await twoShards().discover(NEVER)) as [LogReader];
    const honest = await reader.fetchCheckpoint(NEVER);
    server.head = 'fork/log-060-other-root.json';
    const fork = await reader.fetchCheckpoint(NEVER);

    expect(fork.size).toBe(60);
    await expect(reader.proveConsistency(honest, fork, NEVER)).rejects.toMatchObject({
      name: 'LogUnavailable',
      message: `Cannot read entry 59 of "${reader.origin}": the log left out global index 59`,
    });
  });

  it('finds times', async () => {
    server = await serveRecordedRekorV1(root, 'log/log-055.json');
    const [reader] = (await twoShards().discover(NEVER)) as [LogReader];
    const checkpoint = await reader.fetchCheckpoint(NEVER);
    const { leaves } = await tail(reader, Frontier.empty());
    for (const time of leaves.flatMap(({ integratedTime }) => integratedTime ?? [])) {
      const expected = leaves.findIndex(({ integratedTime }) => (integratedTime ?? 0) >= time);
      expect(await reader.indexAt(checkpoint, new Date(time * 1000), NEVER)).toBe(expected);
    }
    expect(await reader.indexAt(checkpoint, new Date(0), NEVER)).toBe(0);
    expect(await reader.indexAt(checkpoint, new Date('2100-01-01'), NEVER)).toBe(55);
  });

  it('signed the timestamp of every entry with the key of its shard', () => {
    const [a, b] = [keyOf(`${root}/publicKey-shardA.pem`), keyOf(`${root}/publicKey-shardB.pem`)];
    const verdicts = [...numbered(55, 'entries'), ...numbered(14, 'entries-rollover', 50)].map((file) => {
      const [entry] = parseEntries(Buffer.from(`[${readFileSync(`${root}/${file}`, 'utf8')}]`)) as [never];
      return [verifyEntryTimestamp(entry, [a]), verifyEntryTimestamp(entry, [b]), verifyEntryTimestamp(entry, [a, b])];
    });
    const ofA = Array.from({ length: 60 }, () => [true, false, true]);
    expect(verdicts).toEqual([...ofA, ...Array.from({ length: 9 }, () => [false, true, true])]);
  });

  function twoShards() {
    return sourceOf(HOST, [keyOf(`${root}/publicKey-shardA.pem`), keyOf(`${root}/publicKey-shardB.pem`)]);
  }
});

describe.runIf(hasRealdata).each([
  ['aks', [0, 1, 5, 19]],
  ['argo-cd', [0, 1, 5, 19]],
  ['flux', [0, 1, 5, 18]],
  ['tekton', [0, 1, 5, 22]],
])('the recorded Rekor v1 log of %s', (system, sizes) => {
  it('is read from its genesis through all checkpoints', async () => {
    const root = realdata(`systems/${system}/recorded/v1`);
    server = await serveRecordedRekorV1(root, 'log/log-000.json');
    const [reader] = (await sourceOf(HOST, [keyOf(`${root}/publicKey.pem`)]).discover(NEVER)) as [LogReader];
    const frontier = Frontier.empty();
    const bodies: Buffer[] = [];
    for (const size of sizes) {
      server.head = `log/log-${pad(size)}.json`;
      const { checkpoint, leaves } = await tail(reader, frontier);
      expect(checkpoint.size).toBe(size);
      bodies.push(...leaves.map(({ data }) => data));
    }
    expect(bodies).toEqual(bodies.map((_, n) => readFileSync(`${root}/bodies/${pad(n)}.json`)));
    expect(bodies.length).toBe(sizes.at(-1));
  });
});

function sourceOf(origin: string, keys: NonEmpty<NoteKey>) {
  return createRekorV1Source({ name: 'recorded', url: `${server.url}/`, origin, keys, start: 'genesis' }, http);
}

function keyOf(file: string): NoteKey {
  const pem = readFileSync(file, 'utf8');
  return noteKey(HOST, Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
}

function numbered(count: number, folder: string, first = 0): string[] {
  return Array.from({ length: count }, (_, n) => `${folder}/${pad(first + n)}.json`);
}

function pad(value: number): string {
  return String(value).padStart(3, '0');
}
