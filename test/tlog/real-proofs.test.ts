import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHash, type Hash } from '../../src/tlog/hash.ts';
import { parseNote } from '../../src/tlog/note.ts';
import { parseCheckpoint } from '../../src/tlog/checkpoint.ts';
import { verifyConsistency, verifyInclusion } from '../../src/tlog/proof.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

interface InclusionVector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

interface SubtreeVector extends Omit<InclusionVector, 'treeSize'> {
  readonly start: number;
  readonly end: number;
}

interface ConsistencyVector {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

interface SubtreeConsistencyVector extends Omit<ConsistencyVector, 'size1' | 'size2'> {
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

const VECTORS = 'merkle/transparency-dev__merkle/testdata';
const NOTES = 'checkpoints/lazaret-dev__pratique/tests/data/rekor';

describe.runIf(hasRealdata)('recorded proof vectors', () => {
  it('verifyInclusion() accepts the good and refuses the bad', () => {
    const vectors = readVectors<InclusionVector>('inclusion');
    expect(tally(vectors, includes)).toEqual({ 'good: accepted': 6, 'bad: refused': 66, 'bad: no hashes': 26 });
  });

  it('verifyInclusion() agrees about subtrees that begin a tree', () => {
    const vectors = readVectors<SubtreeVector>('subtreeinclusion').filter(({ start }) => start === 0);
    expect(tally(vectors, (vector) => includes({ ...vector, treeSize: vector.end }))).toEqual({
      'good: accepted': 6,
      'bad: refused': 69,
      'bad: no hashes': 26,
    });
  });

  it('verifyConsistency() accepts the good and refuses the bad', () => {
    const vectors = readVectors<ConsistencyVector>('consistency');
    expect(tally(vectors, extendsTo)).toEqual({
      'good: accepted': 5,
      'good: no hashes': 1,
      'bad: refused': 66,
      'bad: no hashes': 26,
    });
  });

  it('verifyConsistency() agrees about subtrees that begin a tree', () => {
    const vectors = readVectors<SubtreeConsistencyVector>('subtreeconsistency').filter(({ start }) => start === 0);
    expect(tally(vectors, (vector) => extendsTo({ ...vector, size1: vector.end, size2: vector.size }))).toEqual({
      'good: accepted': 6,
      'good: no hashes': 2,
      'bad: refused': 67,
      'bad: no hashes': 27,
    });
  });
});

describe.runIf(hasRealdata)('recorded answers of Rekor v1', () => {
  it('verifyConsistency() accepts a proof of the public log across more than 2^31 entries', () => {
    const [before, after] = ['old', 'new'].map((age) => readText(`${NOTES}/v1_checkpoint_${age}.txt`));
    const lines = readText(`${NOTES}/v1_consistency_proof.txt`).trim().split('\n');
    const claim = claimOf(before, after, lines);
    expect([claim.oldSize, claim.newSize, claim.proof.length]).toEqual([2_953_640_305, 2_976_019_742, 29]);
    expect(verifyConsistency(claim)).toBe(true);
    expect(verifyConsistency({ ...claim, oldSize: claim.oldSize - 1 })).toBe(false);
    expect(verifyConsistency({ ...claim, proof: claim.proof.toReversed() })).toBe(false);
  });

  it('verifyConsistency() accepts every proof between the recorded sizes of a server', () => {
    const folder = 'servers/rekor-v1';
    const proofs = readdirSync(realdata(`${folder}/proofs`)).filter((name) => /^proof-\d{3}-\d{3}\.json$/.test(name));
    const refused = proofs.filter((name) => {
      const [before, after] = (name.match(/\d{3}/g) ?? []).map((size) =>
        readTreeHead(`${folder}/log/log-${size}.json`),
      );
      const { hashes } = readJson(`${folder}/proofs/${name}`) as { hashes: string[] };
      return !verifyConsistency(claimOf(before, after, hashes));
    });
    expect(refused).toEqual([]);
    expect(proofs).toHaveLength(55);
  });
});

function readVectors<T>(kind: string): T[] {
  return readdirSync(realdata(join(VECTORS, kind)), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .map((path) => readJson(join(VECTORS, kind, path)) as T);
}

/** How many vectors there are of each kind, and what became of them. */
function tally<T extends { readonly wantErr: boolean }>(vectors: readonly T[], verify: (vector: T) => boolean) {
  const results = vectors.map((vector) => `${vector.wantErr ? 'bad' : 'good'}: ${accepts(() => verify(vector))}`);
  return countEach(results);
}

/** Some vectors hold short text instead of hashes, so that nothing can be asked about them. */
function accepts(verify: () => boolean): string {
  try {
    return verify() ? 'accepted' : 'refused';
  } catch (error) {
    return error instanceof SyntaxError ? 'no hashes' : 'failed';
  }
}

function includes({ leafIdx, treeSize, root, leafHash, proof }: InclusionVector): boolean {
  const [leaf, expected] = [hashOf(leafHash), hashOf(root)];
  return verifyInclusion({ index: leafIdx, size: treeSize, leaf, proof: (proof ?? []).map(hashOf), root: expected });
}

function extendsTo({ size1, size2, root1, root2, proof }: ConsistencyVector): boolean {
  const [oldRoot, newRoot] = [hashOf(root1), hashOf(root2)];
  return verifyConsistency({ oldSize: size1, newSize: size2, oldRoot, newRoot, proof: (proof ?? []).map(hashOf) });
}

function hashOf(base64: string): Hash {
  return parseHash(base64, 'base64');
}

/** The claim that two signed notes and the hashes between them make. */
function claimOf(before = '', after = '', hashes: readonly string[]) {
  const [old, next] = [parseCheckpoint(parseNote(before).text), parseCheckpoint(parseNote(after).text)];
  const proof = hashes.map((hash) => parseHash(hash, 'hex'));
  return { oldSize: old.size, newSize: next.size, oldRoot: old.root, newRoot: next.root, proof };
}

function readTreeHead(path: string): string {
  return (readJson(path) as { signedTreeHead: string }).signedTreeHead;
}

/** The recorded files are what the casts around this say they are. */
function readJson(path: string): unknown {
  return JSON.parse(readText(path));
}

function readText(path: string): string {
  return readFileSync(realdata(path), 'utf8');
}
