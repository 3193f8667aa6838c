import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenOnLoopback, type Listening } from '../../../src/demo/listen.ts';
import { decodeCtLeaf } from '../../../src/entry/ct-leaf.ts';
import { createHttpClient } from '../../../src/log/http.ts';
import { createCtSource } from '../../../src/log/ct/reader.ts';
import type { Leaf } from '../../../src/log/log.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import { parseTile, tileRoot } from '../../../src/tlog/tile.ts';
import { FakeCt } from '../../fakes/fake-ct.ts';
import { hasRealdata, realdata } from '../../support/realdata.ts';

const NEVER = new AbortController().signal;
const FOLDER = 'tiles/FiloSottile__sunlight/testdata/navigli2025h2';
const TILES = ['000', '001', '002', '003'];

/** Recorded tiles of a real log, under a tree head of ours: of its own there is none. */
describe.runIf(hasRealdata)('the reader of a static-ct log, on recorded tiles', () => {
  const http = createHttpClient();
  const signer = new FakeCt('static-ct', { origin: 'navigli.test' });
  let server: Listening;

  beforeAll(async () => {
    const roots = TILES.map((tile) => tileRoot(parseTile(readFileSync(realdata(`${FOLDER}/tile/0/${tile}`)), 256)));
    const frontier = Frontier.empty();
    roots.forEach((root) => {
      frontier.appendSubtree(8, root);
    });
    const made = new Map<string, string | Buffer>([
      ['/checkpoint', signer.head({ size: 1024, root: frontier.root() })],
      ['/tile/1/000.p/4', Buffer.concat(roots)],
    ]);
    server = await listenOnLoopback(
      createServer(({ url = '' }, response) => {
        response.end(made.get(url) ?? readFileSync(realdata(FOLDER + url)));
      }),
    );
  });

  afterAll(async () => {
    await http.close();
    await server.close();
  });

  it('reads and proves every entry, and each can be decoded', async () => {
    const { url } = server;
    const source = createCtSource({ name: 'ct', url, origin: 'navigli.test', keys: [signer.key], start: 0 }, http);
    const [reader] = await source.discover(NEVER);
    const tree = await reader?.fetchCheckpoint(NEVER);
    const leaves: Leaf[] = [];
    const frontier = Frontier.empty();
    for await (const batch of tree === undefined || reader === undefined ? [] : reader.entries(tree, 0, NEVER)) {
      leaves.push(...batch.leaves);
      batch.leaves.forEach(({ hash }) => {
        frontier.append(hash);
      });
      expect(frontier.equals(batch.after.frontier)).toBe(true);
    }
    expect(leaves).toHaveLength(1024);
    expect(frontier.root()).toEqual(tree?.root);
    const decoded = leaves.map(({ data, extra }) => decodeCtLeaf(data, extra));
    expect(decoded.filter(({ ok }) => !ok)).toEqual([]);
    const times = leaves.map(({ integratedTime }) => new Date((integratedTime ?? 0) * 1000).getUTCFullYear());
    expect(new Set(times)).toEqual(new Set([2025]));
  });
});
