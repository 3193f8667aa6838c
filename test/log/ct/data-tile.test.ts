import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDataTile } from '../../../src/log/ct/data-tile.ts';
import { leafHash } from '../../../src/tlog/hash.ts';
import { parseTile } from '../../../src/tlog/tile.ts';
import { certificateEntry, precertificateEntry, tileLeaf, type CtEntry } from '../../fakes/ct-entry.ts';
import { hasRealdata, realdata } from '../../support/realdata.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const time = fc.nat({ max: 2 ** 48 });
const chain = fc.array(bytes(20), { maxLength: 3 });
const entries: fc.Arbitrary<CtEntry> = fc.oneof(
  fc.tuple(bytes(300), time, chain).map(([certificate, at, issuers]) => certificateEntry(certificate, at, issuers)),
  fc
    .tuple(bytes(300), bytes(300), fc.uint8Array({ minLength: 32, maxLength: 32 }), time, chain)
    .map(([tbs, precertificate, keyHash, at, issuers]) =>
      precertificateEntry({ tbs, precertificate, issuerKeyHash: Buffer.from(keyHash) }, at, issuers),
    ),
);
const tileOf = (list: readonly CtEntry[]) => Buffer.concat(list.map(tileLeaf));

describe('parseDataTile()', () => {
  it('gives back each entry, and what came with it', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 8 }), (list) => {
        const parsed = parseDataTile(tileOf(list), list.length, list.length);
        expect(parsed.map(({ data }) => data)).toEqual(list.map(({ leaf }) => leaf));
        expect(parsed.map(({ unhashed }) => unhashed.precertificate)).toEqual(
          list.map(({ precertificate }) => precertificate ?? Buffer.alloc(0)),
        );
        expect(parsed.map(({ unhashed }) => unhashed.fingerprints.length)).toEqual(
          list.map(({ chain: issuers }) => 32 * issuers.length),
        );
      }),
    );
  });

  it('gives the first of a tile that has grown', () => {
    const list = [1, 2, 3].map((at) => certificateEntry(Buffer.from('c'), at));
    expect(parseDataTile(tileOf(list), 3, 2).map(({ data }) => data)).toEqual(list.slice(0, 2).map(({ leaf }) => leaf));
  });

  const whole = tileOf([certificateEntry(Buffer.from('certificate'), 1), certificateEntry(Buffer.from('other'), 2)]);
  const unknownType = Buffer.from(whole);
  unknownType.writeUInt16BE(7, 8);

  it.each([
    ['one byte less', whole.subarray(0, -1)],
    ['one byte more', Buffer.concat([whole, Buffer.alloc(1)])],
    ['one entry less', whole.subarray(0, 26)],
    ['one entry more', Buffer.concat([whole, whole])],
    ['an unknown type', unknownType],
    ['nothing', Buffer.alloc(0)],
  ])('refuses %s', (_, body) => {
    expect(() => parseDataTile(body, 2, 2)).toThrow(SyntaxError);
  });

  it('throws nothing but SyntaxError, whatever the bytes', () => {
    fc.assert(
      fc.property(bytes(200), fc.nat(256), (body, served) => {
        const parse = () => parseDataTile(body, served, served).length;
        let outcome: unknown;
        try {
          outcome = parse();
        } catch (error) {
          outcome = error;
        }
        expect(outcome === served || outcome instanceof SyntaxError).toBe(true);
      }),
    );
  });
});

describe.runIf(hasRealdata)('parseDataTile() on recorded tiles', () => {
  const folder = 'tiles/FiloSottile__sunlight/testdata/navigli2025h2/tile';
  const hashes = (tile: string, width: number) => parseTile(readFileSync(realdata(`${folder}/0/${tile}`)), width);
  const leaves = (tile: string, width: number) =>
    parseDataTile(readFileSync(realdata(`${folder}/data/${tile}`)), width, width).map(({ data }) => leafHash(data));

  it.each([
    ['000', 256],
    ['001', 256],
    ['002', 256],
    ['003', 256],
    ['003.p/10', 10],
  ])('finds the leaves of %s that the hash tile names', (tile, width) => {
    expect(leaves(tile, width)).toEqual(hashes(tile, width));
  });
});
