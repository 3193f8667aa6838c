import { createPublicKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalLog, startLocalLog, type RunningLocalLog } from '../../src/demo/local-log.ts';
import { openCheckpoint } from '../../src/tlog/checkpoint.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import { EMPTY_ROOT, leafHash } from '../../src/tlog/hash.ts';
import { noteKey } from '../../src/tlog/note.ts';

const leaves = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => Buffer.from(`leaf ${from + i}`));

describe('LocalLog', () => {
  it('signs checkpoints that its public key opens', () => {
    const log = new LocalLog('a.test');
    const spki = createPublicKey(log.publicKeyPem).export({ type: 'spki', format: 'der' });
    const expected = { origin: 'a.test', keys: [noteKey('a.test', spki)] } as const;
    const frontier = Frontier.empty();
    leaves(0, 3).forEach((leaf) => {
      frontier.append(leafHash(leaf));
    });
    expect(openCheckpoint(log.checkpoint, expected)).toMatchObject({ size: 0, root: EMPTY_ROOT });
    expect(openCheckpoint(log.append(leaves(0, 3)), expected)).toMatchObject({ size: 3, root: frontier.root() });
    expect(log.checkpointAt(0)).not.toBe(log.checkpoint);
  });

  it('serves partial files only of published sizes, and not once they are full', () => {
    const log = new LocalLog('a.test');
    const status = (...paths: string[]) => paths.map((path) => log.answer(path).status);
    log.append(leaves(0, 10));
    log.append(leaves(10, 200));
    const growing = ['tile/0/000.p/10', 'tile/0/000.p/200', 'tile/entries/000.p/10', 'tile/entries/000.p/200'];
    expect(status(...growing)).toEqual([200, 200, 200, 200]);
    expect(status('tile/0/000.p/11', 'tile/entries/000.p/11', 'tile/0/000', 'tile/entries/000')).toEqual([
      404, 404, 404, 404,
    ]);
    log.append(leaves(200, 300));
    expect(status(...growing)).toEqual([404, 404, 404, 404]);
    expect(status('tile/0/000', 'tile/entries/000', 'tile/0/001.p/44', 'tile/1/000.p/1')).toEqual([200, 200, 200, 200]);
  });

  it.each([
    '',
    'index.html',
    'tile/0/0',
    'tile/64/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/../../checkpoint',
  ])('has no file "%s"', (path) => {
    const log = new LocalLog('a.test');
    log.append(leaves(0, 256));
    expect(log.answer(path).status).toBe(404);
  });

  it('forks into another history of the same size that it signs as well', () => {
    const log = new LocalLog('a.test');
    const expected = { origin: 'a.test', keys: [log.key] } as const;
    const before = openCheckpoint(log.append(leaves(0, 10)), expected);
    const after = openCheckpoint(log.fork(4), expected);
    expect(after.size).toBe(10);
    expect(after.root).not.toEqual(before.root);
    expect(log.leaf(3).toString()).toBe('leaf 3');
    expect(log.leaf(4).toString()).toBe('leaf 5');
  });

  it('refuses what it cannot hold or find', () => {
    const log = new LocalLog('a.test');
    expect(() => log.append([Buffer.alloc(65_536)])).toThrow(RangeError);
    expect(() => log.checkpointAt(1)).toThrow(RangeError);
    expect(() => log.fork(0)).toThrow(RangeError);
    expect(log.size).toBe(0);
  });
});

describe('startLocalLog()', () => {
  let log: RunningLocalLog;

  beforeEach(async () => {
    log = await startLocalLog({ origin: 'a.test' });
  });
  afterEach(() => log.close());

  it('serves its files below /api/v2', async () => {
    const note = log.append(leaves(0, 2));
    const read = async (path: string) => {
      const response = await fetch(log.url + path);
      return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
    };
    expect(await read('/api/v2/checkpoint')).toEqual({ status: 200, type: 'text/plain; charset=utf-8', body: note });
    expect(await read('/api/v2/tile/entries/000.p/2')).toEqual({
      status: 200,
      type: 'application/octet-stream',
      body: '\u0000\u0006leaf 0\u0000\u0006leaf 1',
    });
    expect(await read('/checkpoint')).toMatchObject({ status: 404 });
  });

  it('rejects when the port is taken', async () => {
    await expect(startLocalLog({ origin: 'b.test', port: Number(new URL(log.url).port) })).rejects.toThrow(
      'EADDRINUSE',
    );
  });
});
