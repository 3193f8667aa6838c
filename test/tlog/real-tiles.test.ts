import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isNonEmpty } from '../../src/lib/non-empty.ts';
import { openCheckpoint, parseCheckpoint, type Checkpoint } from '../../src/tlog/checkpoint.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import { HASH_SIZE, leafHash, type Hash } from '../../src/tlog/hash.ts';
import { parseNote } from '../../src/tlog/note.ts';
import { rootFromPrefix } from '../../src/tlog/prefix.ts';
import { verifyInclusion } from '../../src/tlog/proof.ts';
import { TileTree } from '../../src/tlog/tile-tree.ts';
import { bundlePath, parseTile, tilePath, widthAt, type Tile } from '../../src/tlog/tile.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { keyOfVkey } from './known-keys.ts';
import { realKeys } from './real-keys.ts';

const TESSERA = 'tiles/transparency-dev__tessera/testdata/log';
const SUNLIGHT = 'tiles/FiloSottile__sunlight/cmd/skylight/testdata';
const MIRROR = `${SUNLIGHT}/witness/mirror/000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706`;
const NAVIGLI = 'tiles/FiloSottile__sunlight/testdata/navigli2025h2';
const SERVER = 'servers/rekor-v2';
const { signal } = new AbortController();

describe.runIf(hasRealdata)('recorded logs in tiles', () => {
  it.each(Array.from({ length: 15 }, (_, size) => size))('prove themselves: tessera, size %d', async (size) => {
    const keys = realKeys();
    const note = readText(`${TESSERA}/checkpoint.${size}`);
    const checkpoint = openCheckpoint(note, {
      origin: 'example.com/log/testdata',
      keys: isNonEmpty(keys) ? keys : [NONE],
    });
    expect(checkpoint.size).toBe(size);
    expect(await faults(TESSERA, checkpoint)).toEqual([]);
  });

  it('prove themselves: tessera, the last size', async () => {
    expect(await faults(TESSERA, readCheckpoint(`${TESSERA}/checkpoint`))).toEqual([]);
  });

  it('prove themselves: a mirrored log of 300 entries', async () => {
    const checkpoint = readCheckpoint(`${MIRROR}/checkpoint`);
    expect(checkpoint.size).toBe(300);
    expect(await faults(MIRROR, checkpoint)).toEqual([]);
  });

  it.each([
    ['0', 0],
    ['10', 10],
    ['200', 200],
    ['713', 713],
    ['1219', 1219],
    ['1219-republished', 1219],
  ])('prove themselves: a Rekor v2 server, checkpoint %s', async (name, size) => {
    const key = keyOfVkey(readText(`${SERVER}/log.vkey`).trim());
    const note = readText(`${SERVER}/checkpoints/${name}`);
    const checkpoint = openCheckpoint(note, { origin: 'rekor-local', keys: [key] });
    expect(checkpoint.size).toBe(size);
    expect(await faults(`${SERVER}/log`, checkpoint)).toEqual([]);
  });

  it('hold in their tiles what their bundles hash to: a Rekor v2 server', () => {
    const frontier = Frontier.empty();
    const bundles = [256, 256, 256, 256, 195].map((width, index) =>
      readBundle(`${SERVER}/log/${bundlePath(index, width)}`),
    );
    bundles.flat().forEach((entry) => {
      frontier.append(leafHash(entry));
    });
    expect(frontier.size).toBe(1219);
    expect(frontier.root()).toEqual(readCheckpoint(`${SERVER}/log/checkpoint`).root);
  });

  it('hold partial tiles that begin the full ones: navigli2025h2', () => {
    const full = readTile(NAVIGLI, { level: 0, index: 3, width: 256 });
    expect(readTile(NAVIGLI, { level: 0, index: 3, width: 10 })).toEqual(full.slice(0, 10));
  });
});

const NONE = keyOfVkey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');

/** Sizes at which the tiles do not give what their own leaf hashes make, under the root of the checkpoint. */
async function faults(folder: string, { size, root }: Checkpoint): Promise<number[]> {
  const tree = new TileTree(size, root, async (tile) => readTile(folder, tile));
  const wrong: number[] = [];
  const grown = Frontier.empty();
  for (const [index, leaf] of readLeaves(folder, size).entries()) {
    grown.append(leaf);
    const frontier = await tree.frontierAt(grown.size, signal);
    const right = await tree.rightSiblings(grown.size, signal);
    const proof = await tree.inclusion(index, signal);
    const isRight =
      frontier.equals(grown) &&
      rootFromPrefix(frontier, size, right).equals(root) &&
      verifyInclusion({ index, size, leaf, proof, root });
    wrong.push(...[grown.size].filter(() => !isRight));
  }
  return grown.root().equals(root) ? wrong : [...wrong, size];
}

function readLeaves(folder: string, size: number): Hash[] {
  const indexes = Array.from({ length: Math.ceil(size / 256) }, (_, index) => index);
  return indexes.flatMap((index) => readTile(folder, { level: 0, index, width: widthAt(0, index, size) }));
}

/** As a client does: the partial tile, or else the beginning of the full one. */
function readTile(folder: string, tile: Tile): Hash[] {
  const partial = realdata(`${folder}/${tilePath(tile)}`);
  const bytes = readFileSync(
    existsSync(partial) ? partial : realdata(`${folder}/${tilePath({ ...tile, width: 256 })}`),
  );
  return parseTile(bytes, bytes.length / HASH_SIZE).slice(0, tile.width);
}

/** The entries of a bundle: each has its length before it, in two bytes. */
function readBundle(path: string): Buffer[] {
  const entries: Buffer[] = [];
  let rest = readFileSync(realdata(path));
  while (rest.length > 0) {
    const end = 2 + rest.readUInt16BE(0);
    entries.push(rest.subarray(2, end));
    rest = rest.subarray(end);
  }
  return entries;
}

function readCheckpoint(path: string): Checkpoint {
  return parseCheckpoint(parseNote(readText(path)).text);
}

function readText(path: string): string {
  return readFileSync(realdata(path), 'utf8');
}
