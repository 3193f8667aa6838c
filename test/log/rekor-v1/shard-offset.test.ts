import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import type { LogReader } from '../../../src/log/log.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';
import type { WireLogInfo } from '../../fakes/honest-rekor-v1.ts';
import { activeReaderOf, bodies, collect, NEVER, read, sourceOf, tail } from './tail.ts';

let http: HttpClient;
let rekor: RunningFakeRekorV1;

beforeEach(async () => {
  http = createHttpClient({ timeoutMs: 10_000 });
  rekor = await startFakeRekorV1();
});

afterEach(async () => {
  await http.close();
  await rekor.close();
});

const source = () => sourceOf(rekor, http);
const activeReader = () => activeReaderOf(rekor, http);

describe('where a shard begins', () => {
  beforeEach(() => {
    rekor.append(bodies(13, 'a'));
    rekor.rollOver({ sameKey: true });
    rekor.append(bodies(7, 'b'));
    rekor.rollOver();
    rekor.append(bodies(12, 'c'));
  });

  const lieAboutAll = (size: number): void => {
    rekor.shards.forEach(({ treeId }) => {
      rekor.lieAboutSize(treeId, size);
    });
  };

  it.each([0, 1, 12, 14, 1000, 2 ** 53 - 1])('is not where listed sizes of %d put it', async (size) => {
    lieAboutAll(size);
    const readers = await source().discover(NEVER);
    const tails = await Promise.all(readers.map((reader) => tail(reader, Frontier.empty())));
    expect(tails.map(({ leaves }) => leaves.map(({ data }) => data.toString()))).toEqual([
      bodies(13, 'a'),
      bodies(7, 'b'),
      bodies(12, 'c'),
    ]);
    expect(tails[2]?.leaves[0]?.globalIndex).toBe(20);
  });

  it('is found by the listed sizes where an old signed head hides it', async () => {
    const [first] = rekor.shards;
    const old = first.checkpoint(5);
    rekor.changeLogInfo((info) => changeFirst(info, { signedTreeHead: old }));
    expect((await tail(await activeReader(), Frontier.empty())).leaves[0]?.globalIndex).toBe(20);
  });

  it('is proven by any entry of the shard', async () => {
    const [first] = rekor.shards;
    const fork = first.checkpoint(15, first.tree.root(13));
    rekor.changeLogInfo((info) => changeFirst(info, { signedTreeHead: fork }));
    expect((await tail(await activeReader(), Frontier.empty())).leaves[0]?.globalIndex).toBe(20);
  });

  it('is not known when entries of other shards stand where it should be', async () => {
    const [first] = rekor.shards;
    const old = first.checkpoint(5);
    rekor.changeLogInfo((info) => changeFirst(info, { signedTreeHead: old, treeSize: 4 }));
    await expect(activeReader().then(read)).rejects.toMatchObject({
      name: 'LogUnavailable',
      message:
        `Cannot find where "${rekor.origin}" begins among the entries of "${rekor.url}/api/v1/log": ` +
        'an entry of another shard at 12, an entry of another shard at 11',
    });
  });

  it('is known from its next entries when the first is not served', async () => {
    rekor.omit(20, 21, 22);
    const reader = await activeReader();
    const { frontier } = await reader.fetchFrontier(await reader.fetchCheckpoint(NEVER), 5, NEVER);
    expect(frontier.hashes).toEqual(rekor.active.tree.frontier(5));
  });

  it('is not known when nothing stands where it should be', async () => {
    rekor.omit(...Array.from({ length: 11 }, (_, place) => 20 + place));
    lieAboutAll(1000);
    await expect(activeReader().then(read)).rejects.toMatchObject({
      name: 'LogUnavailable',
      message:
        `Cannot find where "${rekor.origin}" begins among the entries of "${rekor.url}/api/v1/log": ` +
        'no entry at 20, no entry at 2000',
    });
  });

  it('is not known when the shard is no longer listed', async () => {
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    rekor.changeLogInfo((info) => ({ ...info, treeID: '7' }));
    reader.fresh = true;
    await expect(collect(reader.entries(tree, 0, NEVER))).rejects.toMatchObject({
      name: 'LogUnavailable',
      message: `Cannot find where "${rekor.origin}" begins among the entries of "${rekor.url}/api/v1/log": it is not listed`,
    });
  });

  it('does not move with the list once it is proven', async () => {
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    await collect(reader.entries(tree, 0, NEVER));
    lieAboutAll(1);
    expect((await collect(reader.entries(tree, 0, NEVER))).length).toBe(2);
  });

  it('must be what every later entry proves', async () => {
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    const { offset } = rekor.active;
    // The log signs the entry that is leaf 10 of the shard for the global index of leaf 11.
    const moved = { ...rekor.active.entryAt(offset + 10), logIndex: offset + 11 };
    moved.verification.signedEntryTimestamp = rekor.active.signTimestamp(moved);
    rekor.changeEntry(offset + 11, () => moved);
    await expect(collect(reader.entries(tree, 0, NEVER))).rejects.toMatchObject({
      name: 'LogUnavailable',
      message: `Cannot place "${rekor.origin}" among the log's shards: its entry 10 is signed as global index 31, expected 30`,
    });
  });

  it('is not believed below zero', async () => {
    const [first] = rekor.shards;
    const moved = { ...first.entryAt(3), logIndex: 0 };
    moved.verification.signedEntryTimestamp = first.signTimestamp(moved);
    rekor.changeEntry(0, () => moved);
    const [reader] = (await source().discover(NEVER)) as [LogReader];
    await expect(read(reader)).rejects.toMatchObject({
      name: 'LogUnavailable',
      message:
        `Cannot place "${first.origin}" among the log's shards: its entry 3 is signed as global index 0, ` +
        'expected no less',
    });
    rekor.heal();
    expect((await tail(reader, Frontier.empty())).leaves[0]?.globalIndex).toBe(0);
  });
});

describe.each([2 ** 31 - 5, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 100])('global indexes from %d on', (firstIndex) => {
  it('are asked for and proven', async () => {
    await rekor.close();
    rekor = await startFakeRekorV1({ firstIndex });
    rekor.append(bodies(13, 'a'));
    rekor.rollOver();
    rekor.append(bodies(11, 'b'));
    const [sealed, first, second] = (await source().discover(NEVER)) as [LogReader, LogReader, LogReader];
    expect((await sealed.fetchCheckpoint(NEVER)).size).toBe(firstIndex);
    const leaves = [...(await tail(first, Frontier.empty())).leaves, ...(await tail(second, Frontier.empty())).leaves];
    expect(leaves.map(({ globalIndex }) => globalIndex)).toEqual(leaves.map((_, n) => firstIndex + n));
    expect(leaves.map(({ index }) => index)).toEqual([...Array(13).keys(), ...Array(11).keys()]);
  });
});

function changeFirst(info: WireLogInfo, changed: object): unknown {
  const [first, ...others] = info.inactiveShards ?? [];
  return { ...info, inactiveShards: [{ ...first, ...changed }, ...others] };
}
