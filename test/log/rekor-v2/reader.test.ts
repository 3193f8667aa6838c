import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { READ_PATH } from '../../../src/demo/local-log.ts';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import { LogMisbehaved, LogUnavailable, type LogReader } from '../../../src/log/log.ts';
import { createRekorV2Source } from '../../../src/log/rekor-v2/reader.ts';
import { rootFromPrefix } from '../../../src/tlog/prefix.ts';
import { openCheckpoint, type SignedCheckpoint } from '../../../src/tlog/checkpoint.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import { leafHash } from '../../../src/tlog/hash.ts';
import { startFakeLog, type RunningFakeLog } from '../../fakes/fake-log.ts';
import { readAll } from './read-all.ts';
import { hastyClock } from '../../support/hasty-clock.ts';

const never = new AbortController().signal;
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, offset) => Buffer.from(`leaf ${from + offset}`));
const frontierOf = (size: number) => {
  const frontier = Frontier.empty();
  for (const leaf of numbered(0, size)) frontier.append(leafHash(leaf));
  return frontier;
};

let log: RunningFakeLog;
let http: HttpClient;
let reader: LogReader;

beforeEach(async () => {
  log = await startFakeLog('log.test');
  http = createHttpClient({ timeoutMs: 300, clock: hastyClock });
  reader = await readerOf({});
});

afterEach(async () => {
  await http.close();
  await log.close();
});

async function readerOf(options: Partial<Parameters<typeof createRekorV2Source>[0]>): Promise<LogReader> {
  const source = createRekorV2Source(
    { name: 'fake', url: log.url, readPath: READ_PATH, origin: 'log.test', keys: [log.key], start: 'head', ...options },
    http,
  );
  const [only] = await source.discover(never);
  expect(only).toBeDefined();
  return only as LogReader; // Just asserted.
}

function grow(size: number): void {
  log.append(numbered(log.size, size));
}

/** The log's checkpoint of `size`, opened without asking the server. */
function treeAt(size: number): SignedCheckpoint {
  return openCheckpoint(log.checkpointAt(size), { origin: 'log.test', keys: [log.key] });
}

async function unavailable(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LogUnavailable);
  return (error as LogUnavailable).message; // Just asserted.
}

async function misbehaviour(promise: Promise<unknown>): Promise<LogMisbehaved> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LogMisbehaved);
  return error as LogMisbehaved; // Just asserted.
}

const readWhole = (size: number) => readAll(reader, treeAt(size), Frontier.empty());

describe('createRekorV2Source()', () => {
  it('is a source of one reader, the same each time', async () => {
    const options = { name: 'n', url: log.url, readPath: '', origin: 'log.test', keys: [log.key], start: 7 } as const;
    const source = createRekorV2Source(options, http);
    const [first, again] = [await source.discover(never), await source.discover(never)];
    expect(source).toMatchObject({ name: 'n', type: 'rekor-v2', url: log.url, origin: 'log.test', start: 7 });
    expect(first).toHaveLength(1);
    expect(again[0]).toBe(first[0]);
    expect(first[0]).toMatchObject({ origin: 'log.test', type: 'rekor-v2', inactive: false, fresh: false });
  });

  it.each([
    ['/api/v2', ''],
    ['api/v2/', '/'],
    ['/api/v2/', ''],
  ])('reads below read path "%s" of a URL that ends in "%s"', async (readPath, end) => {
    const other = await readerOf({ readPath, url: log.url + end });
    await other.fetchCheckpoint(never);
    expect(log.requests).toEqual(['checkpoint']);
  });

  it('reads at the root when the read path is empty', async () => {
    const other = await readerOf({ readPath: '', url: `${log.url}/api/v2` });
    await other.fetchCheckpoint(never);
    expect(log.requests).toEqual(['checkpoint']);
  });
});

describe('fetchCheckpoint()', () => {
  it('gives the signed checkpoint', async () => {
    grow(3);
    const { note, ...checkpoint } = await reader.fetchCheckpoint(never);
    expect(checkpoint).toEqual({ origin: 'log.test', size: 3, root: frontierOf(3).root(), extensions: [] });
    expect(note).toBe(log.checkpoint);
  });

  it('gives the checkpoint of an empty log', async () => {
    expect(await reader.fetchCheckpoint(never)).toMatchObject({ size: 0, root: Frontier.empty().root() });
  });

  it('says that a frozen log is inactive, as long as it is', async () => {
    grow(3);
    log.freeze();
    await reader.fetchCheckpoint(never);
    const frozen = reader.inactive;
    log.heal();
    await reader.fetchCheckpoint(never);
    expect([frozen, reader.inactive]).toEqual([true, false]);
  });

  it('gives an old or smaller checkpoint as it was signed: whether it fits is not asked here', async () => {
    grow(3);
    grow(9);
    log.serveOldCheckpoint(3);
    expect(await reader.fetchCheckpoint(never)).toEqual(treeAt(3));
    log.rollbackTo(5, frontierOf(4).root());
    expect(await reader.fetchCheckpoint(never)).toMatchObject({ size: 5, root: frontierOf(4).root() });
  });

  it('asks caches to stand aside when fresh', async () => {
    const cacheControl: unknown[] = [];
    log.before((_, request) => {
      cacheControl.push(request.headers['cache-control']);
      return null;
    });
    await reader.fetchCheckpoint(never);
    reader.fresh = true;
    await reader.fetchCheckpoint(never);
    expect(cacheControl).toEqual([undefined, 'no-cache']);
  });

  it.each([404, 501])('names the read path when the address answers %d', async (status) => {
    log.failWith(status);
    expect(await unavailable(reader.fetchCheckpoint(never))).toBe(
      `Cannot fetch "${log.url}/api/v2/checkpoint": status ${status}; is "${log.url}" the address of writers, ` +
        `or does the log serve its tiles below another read_path than "/api/v2"?`,
    );
  });

  it.each<[string, (fake: RunningFakeLog) => void, RegExp]>([
    [
      'a page',
      (fake) => {
        fake.serveHtml();
      },
      /answer begins "<!doctype html> <title>Sign in to the hotel network<\/title>"$/,
    ],
    [
      'half a note',
      (fake) => {
        fake.truncate();
      },
      /Cannot read checkpoint from "http:.*\/checkpoint": /,
    ],
    [
      'JSON',
      (fake) => {
        fake.before(() => ({ status: 200, body: '{"code":5}' }));
      },
      /begins "\{"code":5\}"$/,
    ],
    [
      'nothing',
      (fake) => {
        fake.before(() => ({ status: 200, body: '' }));
      },
      /Cannot read checkpoint from/,
    ],
    [
      'no UTF-8',
      (fake) => {
        fake.before(() => ({ status: 200, body: Buffer.from([0x61, 0xff, 0xfe]) }));
      },
      /it is not UTF-8/,
    ],
    [
      'more than 64 KiB',
      (fake) => {
        fake.before(() => ({ status: 200, body: Buffer.alloc(65_537, 'a') }));
      },
      /larger than 65536 bytes/,
    ],
    [
      'an error',
      (fake) => {
        fake.failWith(503);
      },
      /status 503/,
    ],
    [
      'a redirect',
      (fake) => {
        fake.redirectTo('https://login.example/');
      },
      /redirects to "login\.example"/,
    ],
    [
      'a broken connection',
      (fake) => {
        fake.reset();
      },
      /Cannot fetch "http:.*\/checkpoint": /,
    ],
    [
      'no answer',
      (fake) => {
        fake.hang();
      },
      /no complete answer within 300 ms/,
    ],
  ])('is LogUnavailable when the server gives %s', async (_name, misbehave, message) => {
    grow(3);
    misbehave(log);
    expect(await unavailable(reader.fetchCheckpoint(never))).toMatch(message);
    log.heal();
    expect((await reader.fetchCheckpoint(never)).size).toBe(3);
  });

  it('passes on how long the server asks to wait', async () => {
    log.failWith(429, { 'retry-after': '20' });
    await expect(reader.fetchCheckpoint(never)).rejects.toMatchObject({ name: 'LogUnavailable', retryAfterMs: 20_000 });
  });

  it('is LogMisbehaved with what was served when the signature does not hold', async () => {
    grow(3);
    log.badSignature();
    const served = await (await fetch(`${log.url}/api/v2/checkpoint`)).text();
    const { message, evidence } = await misbehaviour(reader.fetchCheckpoint(never));
    expect(message).toMatch(/^Cannot trust checkpoint of "log\.test" from "http:.*\/checkpoint": /);
    expect(evidence).toEqual({
      kind: 'bad-signature',
      log: 'log.test',
      signed: false,
      notes: [],
      served: {
        url: `${log.url}/api/v2/checkpoint`,
        sha256: createHash('sha256').update(served).digest('hex'),
        excerpt: served,
      },
    });
  });

  it('is LogMisbehaved when a key signed that is not configured', async () => {
    const other = await startFakeLog('log.test');
    const stranger = await readerOf({ keys: [other.key] });
    await other.close();
    expect((await misbehaviour(stranger.fetchCheckpoint(never))).evidence).toMatchObject({
      kind: 'bad-signature',
      signed: false,
    });
  });

  it('accepts the signature of any configured key', async () => {
    const other = await startFakeLog('log.test');
    const rotated = await readerOf({ keys: [other.key, log.key] });
    await other.close();
    expect((await rotated.fetchCheckpoint(never)).size).toBe(0);
  });

  it('is LogMisbehaved with the note when the log signed another origin', async () => {
    grow(3);
    log.wrongOrigin('other.test');
    const note = await (await fetch(`${log.url}/api/v2/checkpoint`)).text();
    expect((await misbehaviour(reader.fetchCheckpoint(never))).evidence).toMatchObject({
      kind: 'wrong-origin',
      log: 'log.test',
      signed: false,
      notes: [note],
    });
  });

  it('rejects with the reason of the caller who aborts', async () => {
    log.hang();
    const reason = new Error('shutting down');
    const controller = new AbortController();
    log.before(() => {
      controller.abort(reason);
      return null;
    });
    await expect(reader.fetchCheckpoint(controller.signal)).rejects.toBe(reason);
  });
});

describe('fetchFrontier()', () => {
  it('proves the frontier of any m ≤ n leaves, with the siblings that lead to the root', async () => {
    const sizes = fc
      .tuple(fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 1500 }))
      .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
    const [honest, frontier]: [Frontier[], Frontier] = [[Frontier.empty()], Frontier.empty()];
    for (const leaf of numbered(0, 1500)) {
      log.append([leaf]);
      frontier.append(leafHash(leaf));
      honest.push(frontier.clone());
    }
    await fc.assert(
      fc.asyncProperty(sizes, async ([m, n]) => {
        const tree = treeAt(n);
        const proven = await reader.fetchFrontier(tree, m, never);
        expect(proven.frontier.hashes).toEqual(honest[m]?.hashes);
        expect(rootFromPrefix(proven.frontier, n, proven.nodes)).toEqual(tree.root);
        expect(proven.provenBy).toEqual(tree);
      }),
      { numRuns: 60 },
    );
  });

  it('fetches a proven tile once for all sizes under one tree', async () => {
    grow(70_000);
    for (const size of [70_000, 69_000, 68_900, 256, 255]) await reader.fetchFrontier(treeAt(70_000), size, never);
    expect(log.requests.toSorted()).toEqual([
      'tile/0/000',
      'tile/0/269',
      'tile/0/273.p/112',
      'tile/1/000',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
  });

  it('is LogMisbehaved with the tile when the tiles do not make the root', async () => {
    grow(300);
    log.tamperTile(0, 1);
    const url = `${log.url}/api/v2/tile/0/001.p/44`;
    const served = Buffer.from(await (await fetch(url)).arrayBuffer());
    const { evidence } = await misbehaviour(reader.fetchFrontier(treeAt(300), 300, never));
    expect(evidence).toEqual({
      kind: 'entry-mismatch',
      log: 'log.test',
      signed: false,
      notes: [log.checkpoint],
      served: {
        url,
        sha256: createHash('sha256').update(served).digest('hex'),
        excerpt: served.toString('hex', 0, 64),
      },
    });
  });

  it('names a full tile that does not fit its parent, and is proven once that heals', async () => {
    grow(700);
    log.tamperTile(0, 1);
    const { evidence } = await misbehaviour(reader.fetchFrontier(treeAt(700), 300, never));
    log.heal();
    const { frontier } = await reader.fetchFrontier(treeAt(700), 300, never);
    expect(evidence.served?.url).toBe(`${log.url}/api/v2/tile/0/001`);
    expect(frontier.hashes).toEqual(frontierOf(300).hashes);
  });

  it('is LogMisbehaved under the old checkpoint after the log was forked', async () => {
    grow(300);
    const before = treeAt(300);
    log.fork(7);
    expect((await misbehaviour(reader.fetchFrontier(before, 300, never))).evidence).toMatchObject({
      kind: 'entry-mismatch',
      notes: [before.note],
    });
  });

  it('takes a full tile where the partial one is gone', async () => {
    grow(200);
    grow(300);
    const { frontier } = await reader.fetchFrontier(treeAt(200), 200, never);
    expect(frontier.hashes).toEqual(frontierOf(200).hashes);
    expect(log.requests).toEqual(['tile/0/000.p/200', 'tile/0/000']);
  });

  it.each<[string, (fake: RunningFakeLog) => void, RegExp]>([
    [
      'neither partial nor full tile',
      (fake) => {
        fake.failWith(404);
      },
      /tile\/0\/000\.p\/200" nor "http:.*\/tile\/0\/000": not found, though the signed checkpoint implies it$/,
    ],
    [
      'a page',
      (fake) => {
        fake.serveHtml();
      },
      /Cannot read "http:.*\/tile\/0\/000\.p\/200": .*begins "<!doctype html>/,
    ],
    [
      'half a tile',
      (fake) => {
        fake.truncate();
      },
      /Cannot read "http:.*\/tile\/0\/000\.p\/200": /,
    ],
    [
      'a tile that is too long',
      (fake) => {
        fake.before(() => ({ status: 200, body: Buffer.alloc(201 * 32) }));
      },
      /Cannot read "http:/,
    ],
    [
      'more than any tile holds',
      (fake) => {
        fake.before(() => ({ status: 200, body: Buffer.alloc(8193) }));
      },
      /larger than 8192 bytes/,
    ],
    [
      'an error',
      (fake) => {
        fake.failWith(500);
      },
      /status 500/,
    ],
  ])('is LogUnavailable when the server gives %s', async (_name, misbehave, message) => {
    grow(200);
    misbehave(log);
    expect(await unavailable(reader.fetchFrontier(treeAt(200), 200, never))).toMatch(message);
  });
});

describe('proveConsistency()', () => {
  it('is true for a prefix', async () => {
    grow(100);
    grow(300);
    expect(await reader.proveConsistency(treeAt(100), treeAt(300), never)).toBe(true);
  });

  it('is false for a tree that was forked before', async () => {
    grow(100);
    const before = treeAt(100);
    log.fork(7);
    grow(300);
    expect(await reader.proveConsistency(before, treeAt(300), never)).toBe(false);
  });
});

describe('entries()', () => {
  it('gives every leaf of trees of 0 to 600 leaves, proven, however they grew', async () => {
    let frontier = Frontier.empty();
    for (const size of Array(601).keys()) {
      grow(size);
      const tree = await reader.fetchCheckpoint(never);
      const { batches, frontier: after, agrees } = await readAll(reader, tree, frontier);
      expect(agrees).toEqual(batches.map(() => true));
      expect(after.root()).toEqual(tree.root);
      frontier = after;
    }
    expect(frontier.hashes).toEqual(frontierOf(600).hashes);
  });

  it('gives every leaf from genesis at sizes around the tile boundaries', async () => {
    for (const size of [1, 2, 255, 256, 257, 511, 512, 513, 600]) {
      grow(size);
      const { batches, frontier, agrees } = await readWhole(size);
      expect(batches).toHaveLength(Math.ceil(size / 256));
      expect(agrees).toEqual(batches.map(() => true));
      expect(frontier.root()).toEqual(treeAt(size).root);
    }
  });

  it('asks for no more bundles than it takes to get the leaves before an index', async () => {
    grow(600);
    const sizes: number[] = [];
    for await (const { after } of reader.entries(treeAt(600), 10, never, 257)) {
      sizes.push(after.frontier.size);
    }
    expect(sizes).toEqual([256, 512]);
    expect(log.countRequests(/^tile\/entries/)).toBe(2);
  });

  it('gives whole leaves in batches of one bundle, the first entered in its middle', async () => {
    grow(600);
    const tree = treeAt(600);
    const { batches } = await readAll(reader, tree, frontierOf(300));
    expect(batches.map(({ leaves }) => [leaves[0]?.index, leaves.length])).toEqual([
      [300, 212],
      [512, 88],
    ]);
    expect(batches[0]?.leaves[0]).toEqual({
      index: 300,
      data: Buffer.from('leaf 300'),
      hash: leafHash(Buffer.from('leaf 300')),
      integratedTime: null,
      globalIndex: null,
      uuid: null,
    });
    expect(batches[0]?.after).toEqual({ frontier: frontierOf(512), provenBy: tree, nodes: [] });
    expect(log.requests.filter((path) => path.startsWith('tile/entries'))).toEqual([
      'tile/entries/001',
      'tile/entries/002.p/88',
    ]);
  });

  it.each([0, 300, 512])('gives nothing from the end of a tree of %d leaves', async (size) => {
    grow(size);
    const { batches } = await readAll(reader, treeAt(size), frontierOf(size));
    expect({ batches, requests: log.requests }).toEqual({ batches: [], requests: [] });
  });

  it('reads an old tree from full bundles', async () => {
    grow(200);
    grow(600);
    const { batches, agrees } = await readWhole(200);
    expect(batches.map(({ leaves }) => leaves.length)).toEqual([200]);
    expect(agrees).toEqual([true]);
  });

  it('gives leaves that do not meet the proven frontier when a bundle was tampered with', async () => {
    grow(700);
    log.tamperLeaf(300);
    const { batches, agrees } = await readWhole(700);
    expect(batches[1]?.leaves[44]?.data.toString()).toBe('tampered');
    expect(agrees).toEqual([true, false, false]);
  });

  it('is LogMisbehaved when the tiles were tampered with', async () => {
    grow(700);
    log.tamperTile(0, 2);
    expect((await misbehaviour(readWhole(700))).evidence).toMatchObject({ kind: 'entry-mismatch', signed: false });
  });

  it.each<[string, (fake: RunningFakeLog) => void, RegExp]>([
    [
      'neither partial nor full bundle',
      (fake) => {
        fake.failWith(404, {}, /entries/);
      },
      /entries\/000\.p\/200" nor "http:.*\/tile\/entries\/000": not found/,
    ],
    [
      'a page',
      (fake) => {
        fake.serveHtml(/entries/);
      },
      /Cannot read "http:.*\/tile\/entries\/000\.p\/200": /,
    ],
    [
      'half a bundle',
      (fake) => {
        fake.truncate(/entries/);
      },
      /record \d+ of 200 is cut off/,
    ],
    [
      'an error',
      (fake) => {
        fake.failWith(503, {}, /entries/);
      },
      /status 503/,
    ],
    [
      'a broken connection',
      (fake) => {
        fake.reset(/entries/);
      },
      /Cannot fetch "http:.*entries/,
    ],
    [
      'no answer',
      (fake) => {
        fake.hang(/entries/);
      },
      /no complete answer within 300 ms/,
    ],
  ])('is LogUnavailable when the server gives %s', async (_name, misbehave, message) => {
    grow(200);
    misbehave(log);
    expect(await unavailable(readWhole(200))).toMatch(message);
  });

  it('gives the bundles before one that fails', async () => {
    grow(1024);
    log.failWith(500, {}, /entries\/002/);
    const sizes: number[] = [];
    const reading = (async () => {
      for await (const { after } of reader.entries(treeAt(1024), 0, never)) sizes.push(after.frontier.size);
    })();
    expect(await unavailable(reading)).toMatch(/entries\/002": status 500/);
    expect(sizes).toEqual([256, 512]);
  });

  it('fetches a few bundles ahead and no more when the consumer stops', async () => {
    grow(256 * 40);
    for await (const { after } of reader.entries(treeAt(256 * 40), 0, never)) {
      expect(after.frontier.size).toBe(256);
      break;
    }
    expect(log.countRequests(/entries/)).toBeLessThanOrEqual(9);
  });

  it('ends with the reason of the caller who aborts', async () => {
    grow(700);
    log.hang(/entries\/001/);
    const controller = new AbortController();
    const reason = new Error('shutting down');
    const reading = (async () => {
      for await (const { after } of reader.entries(treeAt(700), 0, controller.signal)) {
        expect(after.frontier.size).toBe(256);
        controller.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
  });

  it('reads leaves of no byte and of the longest', async () => {
    log.append([Buffer.alloc(0), Buffer.alloc(0xffff, 1)]);
    const { batches, agrees } = await readWhole(2);
    expect(batches[0]?.leaves.map(({ data }) => data.length)).toEqual([0, 0xffff]);
    expect(agrees).toEqual([true]);
  });
});

describe('stepOver()', () => {
  it.each([
    [0, 256],
    [255, 256],
    [256, 512],
    [300, 512],
    [512, 600],
    [599, 600],
  ])('shows from %d on what lies behind its bundle, at %d, by the tiles alone', async (from, to) => {
    grow(600);
    log.withhold(from);
    const { frontier, provenBy } = (await reader.stepOver(treeAt(600), from, never)) ?? {};
    expect(frontier?.hashes).toEqual(frontierOf(to).hashes);
    expect(provenBy).toEqual(treeAt(600));
  });

  it('waits where the tiles are not served either', async () => {
    grow(600);
    log.failWith(404, {}, /^tile/);
    await unavailable(reader.stepOver(treeAt(600), 256, never));
  });

  it('does not believe tiles that do not make the signed root', async () => {
    grow(600);
    log.tamperTile(0, 2);
    expect((await misbehaviour(reader.stepOver(treeAt(600), 512, never))).evidence.kind).toBe('entry-mismatch');
  });
});

describe('indexAt()', () => {
  it('is LogUnavailable because entries carry no time', async () => {
    expect(await unavailable(reader.indexAt(treeAt(0), new Date(), never))).toBe(
      'Cannot find a time in "log.test": entries of a Rekor v2 log carry no time',
    );
  });
});
