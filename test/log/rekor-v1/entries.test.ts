import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import type { LogReader } from '../../../src/log/log.ts';
import { createRekorV1Source } from '../../../src/log/rekor-v1/reader.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import { RETRIEVE, startFakeRekorV1, type RunningFakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';
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

describe('entries()', () => {
  it('reads every entry of every shard, ten at a time', async () => {
    rekor.append(bodies(25, 'a'), 1_700_000_000);
    rekor.rollOver();
    rekor.append(bodies(12, 'b'), 1_700_001_000);
    const readers = await source().discover(NEVER);
    const [first, second] = [
      await tail(readers[0] as LogReader, Frontier.empty()),
      await tail(readers[1] as LogReader, Frontier.empty()),
    ];
    expect(first.leaves.map(({ data }) => data.toString())).toEqual(bodies(25, 'a'));
    expect(second.leaves.map(({ data }) => data.toString())).toEqual(bodies(12, 'b'));
    expect(second.leaves[11]).toEqual({
      index: 11,
      data: Buffer.from('b 11'),
      hash: rekor.active.tree.leaf(11),
      integratedTime: 1_700_001_011,
      globalIndex: 36,
      uuid: rekor.active.entryAt(36).uuid,
      isTimeSigned: expect.any(Function) as unknown,
    });
    const asked = rekor.retrievals.filter((indexes) => indexes.length > 1);
    expect(asked.map((indexes) => [indexes[0], indexes.length])).toEqual([
      [0, 10],
      [10, 10],
      [20, 5],
      [25, 10],
      [35, 2],
    ]);
  });

  it('looks once for where the shard begins', async () => {
    rekor.append(bodies(95));
    await read(await activeReader());
    expect(rekor.retrievals.map((indexes) => indexes.length).sort()).toEqual(
      [1, ...Array.from({ length: 9 }, () => 10), 5].sort(),
    );
  });

  it('does not mind an entry of another shard that was not asked for', async () => {
    rekor.append(bodies(3));
    const extra = rekor.active.entryAt(0);
    rekor.rollOver();
    rekor.append(bodies(2, 'new'));
    rekor.changeEntries((entries) => [extra, ...entries]);
    expect((await tail(await activeReader(), Frontier.empty())).leaves.length).toBe(2);
  });

  it('goes on from where one is, while the log grows', async () => {
    const reader = await activeReader();
    const frontier = Frontier.empty();
    const read: number[] = [];
    for (const count of [1, 2, 12, 30]) {
      rekor.append(bodies(count, String(count)));
      read.push((await tail(reader, frontier)).leaves.length);
    }
    expect(read).toEqual([1, 2, 12, 30]);
  });

  it('stops at the size that was asked for', async () => {
    rekor.append(bodies(3));
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    rekor.append(bodies(30, 'later'));
    const batches = await collect(reader.entries(tree, 1, NEVER));
    expect(batches.flatMap(({ leaves }) => leaves.map(({ index }) => index))).toEqual([1, 2]);
    expect(batches[0]?.after.provenBy.size).toBe(33);
  });

  it('has nothing to read, and asks nothing, where the tree ends', async () => {
    const reader = await activeReader();
    expect(await read(reader)).toEqual([]);
    rekor.append(bodies(2));
    expect(await read(reader, 2)).toEqual([]);
    expect(rekor.countRequests(RETRIEVE)).toBe(0);
  });

  it('takes proofs of different sizes in one answer', async () => {
    rekor.append(bodies(30));
    rekor.active.proofSize = (index) => index + 1 + ((index * 7) % (30 - index));
    expect((await tail(await activeReader(), Frontier.empty())).leaves.length).toBe(30);
  });

  it('does not mind entries in another order, repeated, or not asked for', async () => {
    rekor.append(bodies(23));
    rekor.reorder();
    rekor.duplicate();
    const { leaves } = await tail(await activeReader(), Frontier.empty());
    expect(leaves.map(({ data }) => data.toString())).toEqual(bodies(23));
  });

  it('waits when an entry is left out, wherever it stands', async () => {
    rekor.append(bodies(12));
    for (const missing of [0, 1, 9, 10, 11]) {
      rekor.omit(missing);
      await expect(read(await activeReader())).rejects.toMatchObject({ name: 'LogUnavailable' });
      rekor.heal();
    }
    const reader = await activeReader();
    rekor.omit(11);
    await expect(read(reader)).rejects.toMatchObject({
      message: `Cannot read entry 11 of "${rekor.origin}": the log left out global index 11`,
    });
  });

  it('gives all that lies before the entry that is missing', async () => {
    rekor.append(bodies(35));
    rekor.omit(25);
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    const sizes: number[] = [];
    const reading = (async () => {
      for await (const { after } of reader.entries(tree, 0, NEVER)) {
        sizes.push(after.frontier.size);
      }
    })();
    await expect(reading).rejects.toMatchObject({ name: 'LogUnavailable' });
    expect(sizes).toEqual([10, 20, 25]);
  });

  it.each([
    [
      'HTML',
      () => {
        rekor.serveHtml(RETRIEVE);
      },
      'it is not JSON; the answer begins "<!doctype html> <title>',
    ],
    [
      'half of its JSON',
      () => {
        rekor.serveText('[{"1', RETRIEVE);
      },
      'it is not JSON; the answer begins "[{"1"',
    ],
    [
      'null',
      () => {
        rekor.serveText('null', RETRIEVE);
      },
      'expected array, received null',
    ],
    [
      'no entry at all',
      () => {
        rekor.serveText('[]', RETRIEVE);
      },
      'no entry at 0',
    ],
    [
      'an error',
      () => {
        rekor.failWith(500, {}, RETRIEVE);
      },
      'status 500: "{"code":500,"message":"failed on purpose"}"',
    ],
    [
      'entries without proofs',
      () => {
        rekor.changeEntries((entries) => entries.map((entry) => ({ ...entry, verification: {} as never })));
      },
      'verification.inclusionProof: Invalid input',
    ],
  ])('waits when the answer is %s', async (_, misbehave, problem) => {
    rekor.append(bodies(12));
    misbehave();
    const error: unknown = await activeReader()
      .then(read)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'LogUnavailable' });
    expect(String(error)).toContain(problem);
  });

  it('waits no longer than the client does', async () => {
    rekor.append(bodies(12));
    rekor.hang(RETRIEVE);
    const impatient = createHttpClient({ timeoutMs: 50 });
    const { host, keys, url } = rekor;
    const fake = createRekorV1Source({ name: 'fake', url, origin: host, keys, start: 'head' }, impatient);
    const [reader] = (await fake.discover(NEVER)) as [LogReader];
    await expect(read(reader)).rejects.toMatchObject({ name: 'LogUnavailable' });
    await impatient.close();
  });

  it('ends with its signal', async () => {
    rekor.append(bodies(12));
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    rekor.hang(RETRIEVE);
    const stop = new AbortController();
    const reading = collect(reader.entries(tree, 0, stop.signal));
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  it('takes entries of several megabytes', async () => {
    const large = Buffer.alloc(3 * 1024 * 1024, 'large');
    rekor.append([large, 'small', large, large]);
    const { leaves } = await tail(await activeReader(), Frontier.empty());
    expect(leaves.map(({ data }) => data.length)).toEqual([large.length, 5, large.length, large.length]);
  });

  it('asks for fewer entries at once when they are too large together', async () => {
    const large = Buffer.alloc(5 * 1024 * 1024, 'large');
    rekor.append(['first', large, large, large, large, large, large, 'last']);
    const { leaves } = await tail(await activeReader(), Frontier.empty());
    expect(leaves.map(({ data }) => data.length)).toEqual([5, ...Array.from({ length: 6 }, () => large.length), 4]);
    const all = [0, 1, 2, 3, 4, 5, 6, 7];
    // First with as much as answers have as a rule, then with all that one may have, then one by one.
    expect(rekor.retrievals).toEqual([[0], all, all, ...all.map((index) => [index])]);
  });

  it('waits when a single entry is larger than an answer may be', async () => {
    rekor.append(['first', Buffer.alloc(26 * 1024 * 1024), 'last']);
    await expect(read(await activeReader())).rejects.toMatchObject({ name: 'LogUnavailable', tooLarge: true });
  });
});
