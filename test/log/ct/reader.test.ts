import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import { createCtSource } from '../../../src/log/ct/reader.ts';
import { LogMisbehaved, LogUnavailable, type EntryBatch, type Leaf, type LogReader } from '../../../src/log/log.ts';
import type { SignedCheckpoint } from '../../../src/tlog/checkpoint.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import { leafHash, sha256, type Hash } from '../../../src/tlog/hash.ts';
import { rootFromPrefix } from '../../../src/tlog/prefix.ts';
import { verifyInclusion } from '../../../src/tlog/proof.ts';
import { treeHeadKey, treeHeadTime } from '../../../src/tlog/tree-head.ts';
import { certificateEntry, extraData } from '../../fakes/ct-entry.ts';
import { FakeCt } from '../../fakes/fake-ct.ts';
import { authority, releaseAt } from '../../support/actors.ts';
import { CT_SITES, type CtSite } from '../../support/ct-sites.ts';

const NEVER = new AbortController().signal;
const ANOTHER_ROOT = sha256(Buffer.from('another history'));

const [[, startStatic], [, startRfc6962]] = CT_SITES;

const UNSIGNED_HEAD = JSON.stringify({
  tree_size: 1,
  timestamp: 1,
  sha256_root_hash: ANOTHER_ROOT.toString('base64'),
  tree_head_signature: 'AAAA',
});

let http: HttpClient;
let site: CtSite;

beforeEach(() => {
  http = createHttpClient();
});

afterEach(async () => {
  await http.close();
  await site.close();
});

const grow = (count: number) => {
  site.append(Array.from({ length: count }, () => Buffer.alloc(0)));
};

async function open(): Promise<{ readonly reader: LogReader; readonly tree: SignedCheckpoint }> {
  const [reader] = await site.source(http).discover(NEVER);
  if (reader === undefined) {
    throw new Error('Found no log');
  }
  return { reader, tree: await reader.fetchCheckpoint(NEVER) };
}

async function read(reader: LogReader, tree: SignedCheckpoint, from = 0, to?: number): Promise<EntryBatch[]> {
  const batches: EntryBatch[] = [];
  for await (const batch of reader.entries(tree, from, NEVER, to)) {
    batches.push(batch);
  }
  return batches;
}

const leavesOf = (batches: readonly EntryBatch[]): Leaf[] => batches.flatMap(({ leaves }) => leaves);
const frontierAt = (size: number) => Frontier.from(size, site.log.tree.frontier(size));

async function failure(promise: Promise<unknown>): Promise<Error> {
  const [outcome] = await Promise.allSettled([promise]);
  return outcome.status === 'rejected' ? (outcome.reason as Error) : new Error('it did not fail');
}

describe.each(CT_SITES)('the reader of a %s log', (kind, start) => {
  beforeEach(async () => {
    site = await start();
  });

  it('is found by what the log serves, and stays', async () => {
    const source = site.source(http);
    const [first] = await source.discover(NEVER);
    const asked = site.log.requests.length;
    expect(await source.discover(NEVER)).toEqual([first]);
    expect(site.log.requests).toHaveLength(asked);
    expect(first).toMatchObject({ type: 'ct', origin: 'ct.test/2026', inactive: false });
    expect(source).toMatchObject({ type: 'ct', name: 'ct.test/2026', origin: 'ct.test/2026', url: site.url });
  });

  it('gives a checkpoint with the time of the tree head', async () => {
    grow(5);
    const { tree } = await open();
    expect(tree).toMatchObject({ origin: site.origin, size: 5, root: site.root, extensions: [] });
    expect(treeHeadTime(tree)).toEqual(new Date(site.log.headTime));
  });

  it('takes an empty log for one', async () => {
    const { reader, tree } = await open();
    expect(tree.size).toBe(0);
    expect(await read(reader, tree)).toEqual([]);
    expect((await reader.fetchFrontier(tree, 0, NEVER)).frontier.size).toBe(0);
  });

  it.each([1, 2, 7, 255, 256, 257, 600])(
    'gives all of %i leaves, each batch with the frontier after it',
    async (size) => {
      grow(size);
      const { reader, tree } = await open();
      const batches = await read(reader, tree);
      const leaves = leavesOf(batches);
      expect(leaves.map(({ index }) => index)).toEqual(Array.from({ length: size }, (_, index) => index));
      const frontier = Frontier.empty();
      for (const batch of batches) {
        for (const leaf of batch.leaves) {
          frontier.append(leafHash(site.log.entry(leaf.index).leaf));
        }
        expect(frontier.equals(batch.after.frontier)).toBe(true);
        expect(batch.after.provenBy).toBe(tree);
        expect(batch.served?.().url).toContain(site.url);
      }
      expect(frontier.root()).toEqual(tree.root);
      expect(leaves.every(({ index, data }) => data.equals(site.log.entry(index).leaf))).toBe(true);
    },
  );

  it.each([1, 100, 255, 256, 299])('begins in the middle, at %i', async (from) => {
    grow(300);
    const { reader, tree } = await open();
    const batches = await read(reader, tree, from);
    expect(leavesOf(batches).map(({ index }) => index)).toEqual(
      Array.from({ length: 300 - from }, (_, place) => from + place),
    );
    expect(batches.at(-1)?.after.frontier.root()).toEqual(tree.root);
  });

  it('reads no more than it is asked for', async () => {
    grow(700);
    const { reader, tree } = await open();
    const leaves = leavesOf(await read(reader, tree, 10, 200));
    expect(leaves[0]?.index).toBe(10);
    expect(leaves.at(-1)?.index).toBeGreaterThanOrEqual(199);
    expect(leaves.length).toBeLessThanOrEqual(256);
    expect(leavesOf(await read(reader, tree, 300, 300))).toEqual([]);
  });

  it('says when a leaf was logged, in whole seconds, and what came with it', async () => {
    const issued = authority.issueLogged(releaseAt('refs/tags/v1'));
    site.append([site.announce(issued), site.certified(issued)]);
    const { reader, tree } = await open();
    const [announced, certified] = leavesOf(await read(reader, tree));
    expect(announced?.integratedTime).toBe(Math.floor(Number(announced?.data.readBigUInt64BE(2)) / 1000));
    expect(announced).toMatchObject({ globalIndex: null, uuid: null });
    expect(announced?.extra?.indexOf(issued.precertificate)).toBe(3);
    expect(certified?.extra?.readUIntBE(0, 3)).toBe(0);
    const chain = extraData(site.log.entry(1));
    const fingerprints = Buffer.concat(authority.chain.map(sha256));
    expect(certified?.extra?.includes(kind === 'rfc6962' ? chain : fingerprints)).toBe(true);
  });

  it.each([0, 1, 2, 3, 4, 7, 8, 100, 255, 256, 257, 299, 300])('proves its frontier at %i', async (size) => {
    grow(300);
    const { reader, tree } = await open();
    const { frontier, provenBy, nodes } = await reader.fetchFrontier(tree, size, NEVER);
    expect(frontier.equals(frontierAt(size))).toBe(true);
    expect(provenBy).toBe(tree);
    expect(size === 0 ? tree.root : rootFromPrefix(frontier, tree.size, nodes)).toEqual(tree.root);
  });

  it('shows that a smaller tree is a prefix, and not that another is', async () => {
    grow(300);
    const { reader, tree } = await open();
    const at = (size: number, root: Hash): SignedCheckpoint => ({ ...tree, size, root });
    for (const size of [0, 1, 2, 255, 256, 299, 300]) {
      expect(await reader.proveConsistency(at(size, site.log.tree.root(size)), tree, NEVER)).toBe(true);
    }
    for (const size of [1, 2, 255, 256, 299, 300]) {
      expect(await reader.proveConsistency(at(size, ANOTHER_ROOT), tree, NEVER)).toBe(false);
    }
  });

  it.each([0, 1, 255, 256, 299])('proves that entry %i is in the log', async (index) => {
    grow(300);
    const { reader, tree } = await open();
    const evidence = await reader.proveInclusion(tree, index, NEVER);
    const { leaf, proof } = evidence;
    expect(evidence).toEqual({
      kind: 'inclusion',
      log: site.origin,
      type: 'ct',
      leaf,
      timestamp: null,
      logId: null,
      proof: { size: 300, root: tree.root, hashes: site.log.tree.inclusion(index, 300) },
      checkpoint: tree.note,
    });
    expect(leaf).toMatchObject({ index, data: site.log.entry(index).leaf });
    expect(verifyInclusion({ index, size: 300, leaf: leaf.hash, proof: proof.hashes, root: tree.root })).toBe(true);
  });

  it('proves no entry that is served instead of another', async () => {
    grow(300);
    const { reader, tree } = await open();
    site.tamperLeaf(7);
    const error = await failure(reader.proveInclusion(tree, 7, NEVER));
    expect(error).toBeInstanceOf(LogMisbehaved);
    expect(error).toMatchObject({
      evidence: { kind: 'entry-mismatch', log: site.origin, signed: false, notes: [tree.note] },
    });
  });

  it.each([
    ['before all', -3600, 0],
    ['at the first', 1, 0],
    ['within the second of one', 2.999, 1],
    ['in the middle', 100, 99],
    ['at the last', 300, 299],
    ['after all', 301, 300],
  ])('finds the first leaf from a time on: %s', async (_, seconds, index) => {
    // Its leaves are a second apart, and begin one second after this.
    const begin = 1_700_000_000_000;
    grow(300);
    const { reader, tree } = await open();
    expect(await reader.indexAt(tree, new Date(begin + seconds * 1000), NEVER)).toBe(index);
  });

  it('asks caches to stand aside when it is to look afresh', async () => {
    grow(3);
    const { reader, tree } = await open();
    const asked: (string | undefined)[] = [];
    site.log.before((__, { headers }) => {
      asked.push(headers['cache-control']);
      return null;
    });
    reader.fresh = true;
    await reader.fetchCheckpoint(NEVER);
    await read(reader, tree);
    await reader.fetchFrontier(tree, 2, NEVER);
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect(new Set(asked)).toEqual(new Set(['no-cache']));
  });

  it('refuses a tree head that the log did not sign, with what was served', async () => {
    grow(5);
    const { reader } = await open();
    site.badSignature();
    const error = await failure(reader.fetchCheckpoint(NEVER));
    expect(error).toBeInstanceOf(LogMisbehaved);
    expect(error).toMatchObject({
      evidence: {
        kind: 'bad-signature',
        signed: false,
        notes: [],
        served: { excerpt: expect.stringContaining(site.root.toString('base64')) as string },
      },
    });
  });

  it('takes any of its keys', async () => {
    grow(5);
    const other = new FakeCt('static-ct', { origin: site.origin });
    const { url, origin } = site;
    const source = createCtSource({ name: 'ct', url, origin, keys: [other.key, ...site.keys], start: 'head' }, http);
    const [reader] = await source.discover(NEVER);
    expect(await reader?.fetchCheckpoint(NEVER)).toMatchObject({ size: 5 });
  });

  it('yields what lies before an entry that is not served, and then says so', async () => {
    grow(300);
    const { reader, tree } = await open();
    const withheld = kind === 'rfc6962' ? 270 : 256;
    withhold(withheld);
    const batches: EntryBatch[] = [];
    const reading = (async () => {
      for await (const batch of reader.entries(tree, 0, NEVER)) {
        batches.push(batch);
      }
    })();
    expect(await failure(reading)).toBeInstanceOf(LogUnavailable);
    expect(leavesOf(batches)).toHaveLength(withheld);
    expect(batches.at(-1)?.after.frontier.equals(frontierAt(withheld))).toBe(true);
  });

  it('steps over what is not served', async () => {
    grow(600);
    const { reader, tree } = await open();
    const end = kind === 'rfc6962' ? 271 : 512;
    withhold(270);
    const proven = await reader.stepOver(tree, 270, NEVER);
    expect(proven?.frontier.equals(frontierAt(end))).toBe(true);
    expect(proven?.provenBy).toBe(tree);
  });

  it('does not say that a log has ended', async () => {
    grow(3);
    const { reader, tree } = await open();
    expect(await reader.confirmEnd(tree, NEVER)).toBe(false);
  });

  it.each([
    ['HTML', { status: 200, body: '<!doctype html>\n<title>Sign in</title>' }],
    ['nothing', { status: 200, body: '' }],
    ['null', { status: 200, body: 'null' }],
    ['too much', { status: 200, body: Buffer.alloc(33 * 1024 * 1024) }],
    ['an error', { status: 500, body: 'broken' }],
    ['a list', { status: 200, body: '{"entries":[],"leaf_input":5}' }],
  ])('takes %s in place of entries for a log that cannot be read', async (_, answer) => {
    grow(5);
    const { reader, tree } = await open();
    site.answer('entries', answer);
    expect(await failure(read(reader, tree))).toBeInstanceOf(LogUnavailable);
    expect(await failure(reader.proveInclusion(tree, 3, NEVER))).toBeInstanceOf(LogUnavailable);
    site.answer('checkpoint', answer);
    expect(await failure(reader.fetchCheckpoint(NEVER))).toBeInstanceOf(LogUnavailable);
  });
});

/** Serves neither the entry nor what is served together with it. */
function withhold(index: number): void {
  const tile = `tile/data/00${Math.floor(index / 256)}`;
  site.log.before((path) => {
    const url = new URL(path, 'http://localhost/');
    const number = (name: string) => Number(url.searchParams.get(name) ?? NaN);
    const isInside = number('start') <= index && index <= number('end');
    return path.startsWith(tile) || isInside || number('leaf_index') === index ? { status: 404, body: 'gone' } : null;
  });
}

describe('the source of a CT log', () => {
  it.each([
    ['nothing is there', 404, 'status 404'],
    ['a page stands for everything', 200, 'no signed note'],
  ])('says so where %s', async (_, status, found) => {
    site = await startStatic();
    site.log.before(() => ({ status, body: '<!doctype html>' }));
    const error = await failure(site.source(http).discover(NEVER));
    expect(error).toBeInstanceOf(LogUnavailable);
    expect(error.message).toContain(`Cannot find a CT log at "${site.url}": "${site.url}/checkpoint" gives ${found}; `);
    site.heal();
    expect(await site.source(http).discover(NEVER)).toHaveLength(1);
  });

  it('keeps what others signed, and nothing that somebody adds under the name of the log', async () => {
    site = await startStatic();
    grow(3);
    const stranger = new FakeCt('static-ct', { origin: site.origin });
    stranger.headTime = site.log.headTime + 1;
    const [, foreign = ''] = stranger.head({ size: 3, root: site.root }).split(/(?<=\n\n)/);
    const [text = '', own = ''] = site.log.head().split(/(?<=\n\n)/);
    const witness = '— witness.test AAAAAAAA\n';
    site.log.serveHead(() => text + foreign + witness + own);
    const { tree } = await open();
    expect(tree.note).toBe(text + witness + own);
    expect(treeHeadTime(tree)).toEqual(new Date(site.log.headTime));
  });

  it('finds the interface of RFC 6962 behind a server that has a page for every path', async () => {
    site = await startRfc6962();
    site.log.before((path) => (path === 'checkpoint' ? { status: 200, body: '<!doctype html>' } : null));
    grow(3);
    const { tree } = await open();
    expect(tree.size).toBe(3);
  });

  it.each([
    ['a note that the log did not sign', startRfc6962, 'checkpoint', 'x\n1\nAAAA\n\n— x AAAAAAAA\n', Infinity],
    ['a tree head that the log did not sign', startStatic, 'ct/v1/get-sth', UNSIGNED_HEAD, Infinity],
    ['a tree head once, and then nothing', startStatic, 'ct/v1/get-sth', UNSIGNED_HEAD, 1],
  ])('finds the interface again where it was shown %s', async (_, start, where, body, times) => {
    site = await start();
    grow(3);
    const source = site.source(http);
    let left = times;
    site.log.before((path) => {
      left -= path === where ? 1 : 0;
      return path === where && left >= 0 ? { status: 200, body } : { status: 404, body: '' };
    });
    const [reader] = await source.discover(NEVER);
    const look = () => reader?.fetchCheckpoint(NEVER) ?? Promise.resolve(undefined);
    expect(await failure(look())).toBeInstanceOf(times === 1 ? LogUnavailable : LogMisbehaved);
    site.heal();
    expect(await source.discover(NEVER)).toEqual([reader]);
    expect(await look()).toMatchObject({ size: 3 });
    // From now on it is known.
    site.log.before(() => ({ status: 404, body: '' }));
    expect(await failure(look())).toBeInstanceOf(LogUnavailable);
    site.heal();
    const before = site.log.requests.length;
    await look();
    expect(site.log.requests).toHaveLength(before + 1);
  });

  it('looks again when it could not be reached', async () => {
    site = await startRfc6962();
    const source = site.source(http);
    site.log.before(() => ({ status: 500, body: '' }));
    expect(await failure(source.discover(NEVER))).toBeInstanceOf(LogUnavailable);
    site.heal();
    expect(await source.discover(NEVER)).toHaveLength(1);
  });
});

describe('the reader of a rfc6962 log', () => {
  it.each([1, 3, 100, 256])('goes on where a log gives only %i entries at once', async (maxEntries) => {
    site = await startRfc6962(undefined, { maxEntries });
    grow(300);
    const { reader, tree } = await open();
    const batches = await read(reader, tree);
    expect(leavesOf(batches)).toHaveLength(300);
    expect(batches.at(-1)?.after.frontier.root()).toEqual(tree.root);
  });

  it('reads a log without get-entry-and-proof', async () => {
    site = await startRfc6962(undefined, { without: ['get-entry-and-proof'] });
    grow(300);
    const { reader, tree } = await open();
    expect((await read(reader, tree)).at(-1)?.after.frontier.root()).toEqual(tree.root);
    expect((await reader.proveInclusion(tree, 7, NEVER)).leaf.data).toEqual(site.log.entry(7).leaf);
  });

  it('cannot read a log that proves nothing', async () => {
    site = await startRfc6962(undefined, { without: ['get-entry-and-proof', 'get-proof-by-hash'] });
    grow(5);
    const { reader, tree } = await open();
    expect((await failure(read(reader, tree))).message).toBe(
      `Cannot prove entry 4 of "${site.origin}": it gives no proof`,
    );
  });

  it('compares trees without get-sth-consistency', async () => {
    site = await startRfc6962(undefined, { without: ['get-sth-consistency'] });
    grow(9);
    const { reader, tree } = await open();
    const small = { ...tree, size: 5, root: site.log.tree.root(5) };
    expect(await reader.proveConsistency(small, tree, NEVER)).toBe(true);
    expect(await reader.proveConsistency({ ...small, root: ANOTHER_ROOT }, tree, NEVER)).toBe(false);
  });

  it('steps over several entries that are not served, but not over the end', async () => {
    site = await startRfc6962();
    grow(100);
    const { reader, tree } = await open();
    [50, 51, 52, 99].forEach(withhold);
    expect((await reader.stepOver(tree, 50, NEVER))?.frontier.size).toBe(53);
    expect(await reader.stepOver(tree, 99, NEVER)).toBeNull();
  });

  it.each([17, 18, 33, 100, 179])('steps over %i entries that are not served', async (count) => {
    site = await startRfc6962();
    grow(200);
    const { reader, tree } = await open();
    const isHidden = (index: number) => index >= 20 && index < 20 + count;
    site.log.before((path) => {
      const [, index = ''] = /(?:leaf_index|start)=(\d+)/.exec(path) ?? [];
      return index !== '' && isHidden(Number(index)) ? { status: 404, body: 'gone' } : null;
    });
    const before = site.log.requests.length;
    expect((await reader.stepOver(tree, 20, NEVER))?.frontier.equals(frontierAt(20 + count))).toBe(true);
    expect(site.log.requests.length - before).toBeLessThan(60);
    expect(await reader.stepOver(tree, 199, NEVER)).toBeNull();
  });

  it('keeps what is before and after an entry that makes the server fail', async () => {
    site = await startRfc6962();
    grow(300);
    const { reader, tree } = await open();
    site.log.before((path) => {
      const [, start = '', end = ''] = /get-entries\?start=(\d+)&end=(\d+)/.exec(path) ?? [];
      return Number(start) <= 20 && Number(end) >= 20 && start !== '' ? { status: 500, body: 'broken row' } : null;
    });
    const batches: EntryBatch[] = [];
    const reading = (async () => {
      for await (const batch of reader.entries(tree, 0, NEVER)) {
        batches.push(batch);
      }
    })();
    expect((await failure(reading)).message).toBe(
      `Cannot fetch entry 20 from "${site.url}/ct/v1/get-entries": status 500: "broken row"`,
    );
    expect(leavesOf(batches)).toHaveLength(20);
    expect(leavesOf(await read(reader, tree, 21))).toHaveLength(279);
  });

  it('names what was served, not the note that it makes of it', async () => {
    site = await startRfc6962();
    grow(5);
    const { reader } = await open();
    site.badSignature();
    expect(await failure(reader.fetchCheckpoint(NEVER))).toMatchObject({
      evidence: {
        served: {
          url: `${site.url}/ct/v1/get-sth`,
          excerpt: expect.stringMatching(/^\{"tree_size":5,"timestamp":/) as string,
        },
      },
    });
  });

  it.each([
    ['that are large together in several batches', [4, 4, 1], [2, 1]],
    ['of which one is larger than it was expected to be', [1, 12, 1], [1, 2]],
  ])('reads entries %s', async (_, sizes, lengths) => {
    site = await startRfc6962(undefined, { maxEntries: 1 });
    const large = (megabytes: number) => Buffer.alloc(megabytes * 1_000_000, megabytes);
    site.log.append(sizes.map((size, time) => certificateEntry(large(size), time)));
    const { reader, tree } = await open();
    const batches = await read(reader, tree);
    expect(batches.map(({ leaves }) => leaves.length)).toEqual(lengths);
    expect(leavesOf(batches).map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(batches.at(-1)?.after.frontier.root()).toEqual(tree.root);
    // More than the log gives together with a proof.
    const { leaf } = await reader.proveInclusion(tree, 1, NEVER);
    expect(leaf.data.equals(site.log.entry(1).leaf)).toBe(true);
  });

  it('cannot read an entry that is larger than any answer may be', async () => {
    site = await startRfc6962();
    grow(3);
    const { reader, tree } = await open();
    const huge = Buffer.alloc(33 * 1024 * 1024);
    site.log.before((path) => (/get-entries\?start=[01]&end=[12]/.test(path) ? { status: 200, body: huge } : null));
    const batches: EntryBatch[] = [];
    const reading = (async () => {
      for await (const batch of reader.entries(tree, 0, NEVER)) {
        batches.push(batch);
      }
    })();
    expect((await failure(reading)).message).toContain('Cannot fetch entry 1 from ');
    expect(leavesOf(batches)).toHaveLength(1);
  });

  it('follows a log with an RSA key', async () => {
    site = await startRfc6962(undefined, { keyType: 'rsa' });
    grow(5);
    const { tree } = await open();
    expect(tree.size).toBe(5);
    expect(treeHeadKey(site.origin, site.log.spki).id).toEqual(site.log.key.id);
  });
});
