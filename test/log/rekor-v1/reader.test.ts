import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import type { LogReader } from '../../../src/log/log.ts';
import { createRekorV1Source } from '../../../src/log/rekor-v1/reader.ts';
import { LOG_INFO, startFakeRekorV1, type RunningFakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';
import { activeReaderOf, bodies, NEVER, sourceOf } from './tail.ts';
import { hastyClock } from '../../support/hasty-clock.ts';

let http: HttpClient;
let rekor: RunningFakeRekorV1;

beforeEach(async () => {
  http = createHttpClient({ timeoutMs: 10_000, clock: hastyClock });
  rekor = await startFakeRekorV1();
});

afterEach(async () => {
  await http.close();
  await rekor.close();
});

const source = () => sourceOf(rekor, http);
const activeReader = () => activeReaderOf(rekor, http);

describe('createRekorV1Source()', () => {
  it('says what it is', () => {
    expect(source()).toMatchObject({
      name: 'fake',
      type: 'rekor-v1',
      url: rekor.url,
      origin: 'rekor.test',
      start: 'genesis',
    });
  });

  it('discovers one reader for each shard, oldest first, and the same ones each time', async () => {
    const fake = source();
    const [first, ...none] = await fake.discover(NEVER);
    expect([first?.origin, first?.type, none]).toEqual([rekor.origin, 'rekor-v1', []]);

    rekor.rollOver();
    rekor.rollOver();
    const readers = await fake.discover(NEVER);
    expect(readers[0]).toBe(first);
    expect(readers.map(({ origin }) => origin)).toEqual(rekor.shards.map(({ origin }) => origin));
    expect(await fake.discover(NEVER)).toEqual(readers);
  });

  it('asks once for all readers that poll together', async () => {
    rekor.rollOver();
    rekor.rollOver();
    const readers = await source().discover(NEVER);
    await Promise.all(readers.map((reader) => reader.fetchCheckpoint(NEVER)));
    expect(rekor.countRequests(LOG_INFO)).toBe(2);
    await Promise.all(readers.map((reader) => reader.fetchCheckpoint(NEVER)));
    expect(rekor.countRequests(LOG_INFO)).toBe(3);
  });

  it('follows at most eight of the shards that are listed without end and signed by nobody, and every signed one', async () => {
    const fake = source();
    let next = 1;
    rekor.changeLogInfo((info) => ({
      ...info,
      inactiveShards: Array.from({ length: 200 }, () => ({ ...info, treeID: String(next++) })),
    }));
    const origins = async () => (await fake.discover(NEVER)).map(({ origin }) => origin);
    const bogus = Array.from({ length: 8 }, (_, index) => `rekor.test - ${index + 1}`);
    const first = rekor.origin;
    expect(await origins()).toEqual([...bogus, first]);
    expect([fake.leftOut?.[0], fake.leftOut?.length]).toEqual(['rekor.test - 9', 64]);
    rekor.rollOver({ sameKey: true });
    expect(await origins()).toEqual([rekor.origin]);
    expect(fake.leftOut).toEqual([]);
    rekor.heal();
    expect(await origins()).toEqual([first, rekor.origin]);
  });

  it('names each shard that it leaves out once', async () => {
    const fake = source();
    rekor.changeLogInfo((info) => ({
      ...info,
      inactiveShards: Array.from({ length: 10 }, (_, index) => ({ ...info, treeID: String(index + 1) })),
    }));
    await fake.discover(NEVER);
    expect(fake.leftOut).toEqual(['rekor.test - 9', 'rekor.test - 10']);
    await fake.discover(NEVER);
    expect(fake.leftOut).toEqual([]);
  });

  it.each([
    [
      'HTML',
      () => {
        rekor.serveHtml(LOG_INFO);
      },
      'it is not JSON; the answer begins "<!doctype html> <title>',
    ],
    [
      'half of its JSON',
      () => {
        rekor.serveText('{"treeID":"79', LOG_INFO);
      },
      'it is not JSON; the answer begins "{"treeID":"79"',
    ],
    [
      'no tree ID',
      () => {
        rekor.changeLogInfo((info) => ({ ...info, treeID: undefined }));
      },
      'treeID: Invalid input',
    ],
    [
      'a shard twice',
      () => {
        rekor.changeLogInfo((info) => ({ ...info, inactiveShards: [info] }));
      },
      'is listed twice',
    ],
    [
      'more than 1 MiB',
      () => {
        rekor.serveText(' '.repeat(1024 * 1024 + 1), LOG_INFO);
      },
      'larger than 1048576 bytes',
    ],
    [
      'a redirect',
      () => {
        rekor.failWith(302, { location: 'http://elsewhere.test/' }, LOG_INFO);
      },
      'redirects are not followed',
    ],
  ])('waits when the list of shards is %s', async (_, misbehave, problem) => {
    misbehave();
    const error: unknown = await source()
      .discover(NEVER)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'LogUnavailable' });
    expect(String(error)).toContain(problem);
    rekor.heal();
    expect((await source().discover(NEVER)).length).toBe(1);
  });

  it('passes on how long the server wants us to wait', async () => {
    rekor.failWith(429, { 'retry-after': '7' });
    await expect(source().discover(NEVER)).rejects.toMatchObject({ name: 'LogUnavailable', retryAfterMs: 7000 });
  });
});

describe('fetchCheckpoint()', () => {
  it('opens the signed head of its own shard, and says which shards still grow', async () => {
    rekor.append(bodies(3));
    rekor.rollOver();
    rekor.append(bodies(2));
    const [first, second] = (await source().discover(NEVER)) as [LogReader, LogReader];
    const heads = [await first.fetchCheckpoint(NEVER), await second.fetchCheckpoint(NEVER)];
    expect(heads.map(({ origin, size, root }) => ({ origin, size, root }))).toEqual(
      rekor.shards.map(({ origin, size, tree }) => ({ origin, size, root: tree.root(size) })),
    );
    expect([first.inactive, second.inactive]).toEqual([true, false]);
  });

  it('takes any key of the log for any shard', async () => {
    rekor.rollOver();
    const { host, url, keys } = rekor;
    const [a, b] = keys.toReversed() as [(typeof keys)[0], (typeof keys)[0]];
    const fake = createRekorV1Source({ name: 'fake', url, origin: host, keys: [a, b], start: 'head' }, http);
    const readers = await fake.discover(NEVER);
    const sizes = await Promise.all(readers.map(async (reader) => (await reader.fetchCheckpoint(NEVER)).size));
    expect(sizes).toEqual([0, 0]);
  });

  it('reports a head that no known key signed, and lets the other shards go on', async () => {
    rekor.append(bodies(3));
    const { host, url, keys } = rekor;
    rekor.rollOver();
    const fake = createRekorV1Source({ name: 'fake', url, origin: host, keys, start: 'head' }, http);
    const [first, second] = (await fake.discover(NEVER)) as [LogReader, LogReader];
    expect((await first.fetchCheckpoint(NEVER)).size).toBe(3);
    await expect(second.fetchCheckpoint(NEVER)).rejects.toMatchObject({
      name: 'LogMisbehaved',
      evidence: {
        kind: 'bad-signature',
        log: rekor.origin,
        signed: false,
        notes: [],
        served: { url: `${url}/api/v1/log` },
      },
    });
  });

  it('reports a head with a changed root', async () => {
    const reader = await activeReader();
    rekor.changeLogInfo((info) => ({ ...info, signedTreeHead: info.signedTreeHead.replace('\n0\n', '\n1\n') }));
    await expect(reader.fetchCheckpoint(NEVER)).rejects.toMatchObject({ evidence: { kind: 'bad-signature' } });
  });

  it('reports the head of another shard of the same key', async () => {
    rekor.append(bodies(3));
    rekor.rollOver({ sameKey: true });
    const reader = await activeReader();
    const [first] = rekor.shards;
    const note = first.checkpoint();
    rekor.changeLogInfo((info) => ({ ...info, signedTreeHead: note }));
    await expect(reader.fetchCheckpoint(NEVER)).rejects.toMatchObject({
      name: 'LogMisbehaved',
      evidence: { kind: 'wrong-origin', log: rekor.origin, signed: false, notes: [note] },
    });
  });

  it('waits when its head is no signed note', async () => {
    const reader = await activeReader();
    rekor.changeLogInfo((info) => ({ ...info, signedTreeHead: 'none yet' }));
    await expect(reader.fetchCheckpoint(NEVER)).rejects.toMatchObject({ name: 'LogUnavailable' });
  });

  it('waits when its shard is no longer listed', async () => {
    const reader = await activeReader();
    rekor.changeLogInfo((info) => ({ ...info, treeID: '7' }));
    await expect(reader.fetchCheckpoint(NEVER)).rejects.toMatchObject({
      name: 'LogUnavailable',
      message: `Cannot read checkpoint of "${rekor.origin}": the log no longer lists this shard`,
    });
  });

  it('finds a shard that another reader has not been told of', async () => {
    const fake = source();
    const [first] = (await fake.discover(NEVER)) as [LogReader];
    await first.fetchCheckpoint(NEVER);
    rekor.rollOver({ sameKey: true });
    rekor.append(bodies(3));
    const [, second] = (await fake.discover(NEVER)) as [LogReader, LogReader];
    expect((await second.fetchCheckpoint(NEVER)).size).toBe(3);
  });

  it('asks past every cache when told to', async () => {
    const reader = await activeReader();
    await reader.fetchCheckpoint(NEVER);
    expect(rekor.cacheControls).toEqual([]);
    reader.fresh = true;
    await reader.fetchCheckpoint(NEVER);
    expect(rekor.cacheControls).toEqual(['no-cache']);
  });
});
