import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import type { LogReader } from '../../../src/log/log.ts';
import type { SignedCheckpoint } from '../../../src/tlog/checkpoint.ts';
import { rootFromPrefix } from '../../../src/tlog/prefix.ts';
import { RETRIEVE, startFakeRekorV1, type RunningFakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';
import { activeReaderOf, bodies, collect, NEVER } from './tail.ts';

let http: HttpClient;
let rekor: RunningFakeRekorV1;
let reader: LogReader;
let tree: SignedCheckpoint;

beforeEach(async () => {
  http = createHttpClient({ timeoutMs: 300 });
  rekor = await startFakeRekorV1();
  rekor.append(bodies(23));
  reader = await activeReaderOf(rekor, http);
  tree = await reader.fetchCheckpoint(NEVER);
});

afterEach(async () => {
  await http.close();
  await rekor.close();
});

const sizeBehind = async (from: number) => (await reader.stepOver(tree, from, NEVER))?.frontier.size ?? null;

describe('stepOver()', () => {
  it('shows what lies before each next entry, with the siblings that lead to a signed root', async () => {
    for (let from = 0; from < 22; from++) {
      // Something is always served here.
      const { frontier, provenBy, nodes } = (await reader.stepOver(tree, from, NEVER)) ?? fail();
      expect(frontier.hashes).toEqual(rekor.active.tree.frontier(from + 1));
      expect(rootFromPrefix(frontier, provenBy.size, nodes)).toEqual(provenBy.root);
    }
  });

  it('passes others that are not served either', async () => {
    rekor.omit(5, 6, 8);
    expect(await sizeBehind(5)).toBe(7);
    expect(await sizeBehind(7)).toBe(9);
  });

  it('passes one that spoils the answer for others', async () => {
    rekor.spoil(6);
    rekor.spoil(7);
    expect(await sizeBehind(5)).toBe(8);
  });

  it('ends at the end of the tree, and behind it once the log has grown', async () => {
    rekor.omit(21, 22);
    expect(await sizeBehind(21)).toBeNull();
    rekor.append(bodies(1, 'more'));
    expect(await sizeBehind(21)).toBe(23);
  });

  it('does not take a log that does not answer for one that serves nothing', async () => {
    await sizeBehind(5);
    rekor.hang(RETRIEVE);
    await expect(sizeBehind(5)).rejects.toMatchObject({ name: 'LogUnavailable', outOfOrder: true });
  });

  it('does not believe a next entry that is not in the tree', async () => {
    rekor.tamper(6, undefined, { consistent: true });
    await expect(sizeBehind(5)).rejects.toMatchObject({ name: 'LogMisbehaved', evidence: { kind: 'entry-mismatch' } });
  });
});

describe('fetchFrontier()', () => {
  it('takes the proof of the next entry where the last one is not served', async () => {
    rekor.omit(6);
    const { frontier, provenBy, nodes } = await reader.fetchFrontier(tree, 7, NEVER);
    expect(frontier.hashes).toEqual(rekor.active.tree.frontier(7));
    expect(rootFromPrefix(frontier, provenBy.size, nodes)).toEqual(provenBy.root);
  });
});

describe('entries()', () => {
  it('asks for no more than it takes to get those before an index', async () => {
    const batches = await collect(reader.entries(tree, 3, NEVER, 5));
    expect(batches.flatMap(({ leaves }) => leaves.map(({ index }) => index))).toEqual([3, 4]);
    expect(rekor.retrievals.at(-1)).toEqual([3, 4]);
  });
});

function fail(): never {
  throw new Error('Expected a way over');
}
