import { createServer } from 'node:http';
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenOnLoopback, type Listening } from '../../../src/demo/listen.ts';
import { createHttpClient } from '../../../src/log/http.ts';
import type { LogReader } from '../../../src/log/log.ts';
import { createRekorV2Source } from '../../../src/log/rekor-v2/reader.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import { noteKey } from '../../../src/tlog/note.ts';
import { hasRealdata, realdata } from '../../support/realdata.ts';
import { readAll } from './read-all.ts';

const SIZES = [10, 200, 713, 1219];
const folder = realdata('servers/rekor-v2');
const never = new AbortController().signal;

describe.runIf(hasRealdata)('a log recorded from a real Rekor v2 server', () => {
  const http = createHttpClient();
  let server: Listening;
  let checkpointFile: string;
  let requests: string[];

  beforeAll(async () => {
    const serve = (path: string): Buffer | null => {
      try {
        return readFileSync(
          path === '/checkpoint' ? `${folder}/checkpoints/${checkpointFile}` : `${folder}/log${path}`,
        );
      } catch {
        return null;
      }
    };
    server = await listenOnLoopback(
      createServer((request, response) => {
        requests.push(request.url ?? '');
        const body = serve(request.url ?? '');
        response.writeHead(body === null ? 404 : 200).end(body ?? '<h1>404</h1>');
      }),
    );
  });

  afterAll(async () => {
    await http.close();
    await server.close();
  });

  async function readerAt(size: string): Promise<LogReader> {
    [checkpointFile, requests] = [size, []];
    const spki = createPublicKey(readFileSync(`${folder}/log-pub.pem`)).export({ type: 'spki', format: 'der' });
    const keys = [noteKey('rekor-local', spki)] as const;
    const options = { name: 'recorded', url: server.url, readPath: '', origin: 'rekor-local', keys, start: 'genesis' };
    const [reader] = await createRekorV2Source({ ...options, start: 'genesis' }, http).discover(never);
    expect(reader).toBeDefined();
    return reader as LogReader; // Just asserted.
  }

  it('has no entries at size 0', async () => {
    const reader = await readerAt('0');
    const tree = await reader.fetchCheckpoint(never);
    const proven = await reader.fetchFrontier(tree, 0, never);
    const { batches, frontier } = await readAll(reader, tree, Frontier.empty());
    expect({ size: tree.size, batches, root: frontier.root(), proven: proven.frontier.root() }).toEqual({
      size: 0,
      batches: [],
      root: tree.root,
      proven: tree.root,
    });
    expect(requests).toEqual(['/checkpoint']);
  });

  it.each(SIZES)('is read from genesis to size %d, each batch proven', async (size) => {
    const reader = await readerAt(String(size));
    const tree = await reader.fetchCheckpoint(never);
    const { batches, frontier, agrees } = await readAll(reader, tree, Frontier.empty());
    expect(tree.size).toBe(size);
    expect(batches.flatMap(({ leaves }) => leaves.map(({ index }) => index))).toEqual([...Array(size).keys()]);
    expect(agrees).toEqual(batches.map(() => true));
    expect(frontier.root()).toEqual(tree.root);
    expect(reader.inactive).toBe(false);
  });

  it('is read on from each checkpoint to the next', async () => {
    let frontier = Frontier.empty();
    for (const size of SIZES) {
      const reader = await readerAt(String(size));
      const tree = await reader.fetchCheckpoint(never);
      const reading = await readAll(reader, tree, frontier);
      expect(reading.agrees).toEqual(reading.batches.map(() => true));
      frontier = reading.frontier;
      expect(frontier.root()).toEqual(tree.root);
    }
    expect(frontier.size).toBe(1219);
  });

  it('proves every earlier checkpoint a prefix of the last', async () => {
    const last = await (await readerAt('1219')).fetchCheckpoint(never);
    for (const size of SIZES) {
      const reader = await readerAt(String(size));
      const tree = await reader.fetchCheckpoint(never);
      expect(await reader.proveConsistency(tree, last, never)).toBe(true);
    }
  });

  it('is the same tree when its checkpoint is published again with a new cosignature', async () => {
    const first = await (await readerAt('1219')).fetchCheckpoint(never);
    const again = await (await readerAt('1219-republished')).fetchCheckpoint(never);
    expect({ ...again, note: '' }).toEqual({ ...first, note: '' });
    expect(again.note).not.toBe(first.note);
  });

  it('is read from full files where the partial ones were deleted', async () => {
    const reader = await readerAt('200');
    const tree = await reader.fetchCheckpoint(never);
    await readAll(reader, tree, Frontier.empty());
    expect(requests.toSorted()).toEqual([
      '/checkpoint',
      '/tile/0/000.p/200',
      '/tile/entries/000',
      '/tile/entries/000.p/200',
    ]);
  });

  it('costs one request a bundle and one for each tile on the right edge', async () => {
    const reader = await readerAt('1219');
    const tree = await reader.fetchCheckpoint(never);
    await readAll(reader, tree, Frontier.empty());
    expect(requests.toSorted()).toEqual([
      '/checkpoint',
      '/tile/0/004.p/195',
      '/tile/1/000.p/4',
      '/tile/entries/000',
      '/tile/entries/001',
      '/tile/entries/002',
      '/tile/entries/003',
      '/tile/entries/004.p/195',
    ]);
  });

  it('holds the entries that its makers listed', async () => {
    const reader = await readerAt('1219');
    const { batches } = await readAll(reader, await reader.fetchCheckpoint(never), Frontier.empty());
    const listed = gunzipSync(readFileSync(`${folder}/entries.jsonl.gz`))
      .toString()
      .trimEnd()
      .split('\n');
    const kindOf = (text: string) => (JSON.parse(text) as { readonly kind: string }).kind;
    expect(batches.flatMap(({ leaves }) => leaves.map(({ data }) => kindOf(data.toString())))).toEqual(
      listed.map(kindOf),
    );
  });
});
