import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isNonEmpty } from '../../src/lib/non-empty.ts';
import { openCheckpoint, parseSize } from '../../src/tlog/checkpoint.ts';
import { leafHash, parseHash } from '../../src/tlog/hash.ts';
import { frontierFromInclusion, verifyInclusion } from '../../src/tlog/proof.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { realKeys } from './real-keys.ts';

/** What these tests read of a recorded entry; those without a checkpoint have a signed entry timestamp only. */
interface RecordedEntry {
  readonly inst: string;
  readonly verdict: string;
  readonly file: string;
  readonly canonicalizedBody: string;
  readonly treeLogIndex?: string;
  readonly origin?: string;
  readonly treeSize?: string;
  readonly hashes?: readonly string[];
  readonly checkpoint?: string;
}

describe.runIf(hasRealdata)('recorded entries', () => {
  it('are proven by their inclusion proof and checkpoint wherever others found them so', () => {
    const entries = readEntries().filter(({ verdict }) => verdict === 'VERIFIED');
    const outcomes = entries.map((entry) => `${entry.inst}: ${prove(entry)}`);
    expect(countEach(outcomes)).toEqual({
      'prod-v1: proven': 210,
      'prod-v2: proven': 9,
      'staging-v1: proven': 10,
      'staging-v2: proven': 15,
      'other: proven': 15,
    });
    expect(entries).toHaveLength(259);
  });

  it('are refused when their body was changed or nobody knows the key', () => {
    const entries = readEntries().filter(({ verdict }) => verdict === 'FAILED' || verdict === 'UNKNOWN-KEY');
    expect(countEach(entries.map((entry) => `${entry.verdict}: ${prove(entry)}`))).toEqual({
      'FAILED: no checkpoint': 4,
      'FAILED: not in the tree': 2,
      'UNKNOWN-KEY: CheckpointRefused': 4,
    });
  });

  it('give the frontier before the last leaf of their tree', () => {
    const entries = readEntries().filter(isLastLeaf);
    const wrong = entries.filter((entry) => {
      const { index, size, proof, leaf, root } = claimOf(entry);
      const frontier = frontierFromInclusion(index, size, proof);
      frontier.append(leaf);
      return !frontier.root().equals(root);
    });
    expect(wrong).toEqual([]);
    expect(entries).toHaveLength(131);
  });

  it('are not proven for another body, index or root', () => {
    const entries = readEntries().filter(({ verdict }) => verdict === 'VERIFIED');
    const accepted = entries
      .map(claimOf)
      .filter(
        (claim) =>
          verifyInclusion({ ...claim, leaf: leafHash(Buffer.from('{}')) }) ||
          verifyInclusion({ ...claim, index: claim.index + 1 }) ||
          verifyInclusion({ ...claim, index: claim.index - 1 }) ||
          verifyInclusion({ ...claim, root: claim.leaf, size: claim.size + 1 }) ||
          verifyInclusion({ ...claim, proof: [...claim.proof, claim.leaf] }) ||
          verifyInclusion({ ...claim, proof: [claim.leaf, ...claim.proof] }),
      );
    expect(accepted).toEqual([]);
  });
});

function readEntries(): RecordedEntry[] {
  const lines = readFileSync(realdata('derived/entries.jsonl'), 'utf8').trim().split('\n');
  // The recorded file is what its name says it is.
  return lines.map((line) => JSON.parse(line) as RecordedEntry);
}

function prove(entry: RecordedEntry): string {
  const keys = realKeys();
  if (entry.checkpoint === undefined || !isNonEmpty(keys)) {
    return 'no checkpoint';
  }
  try {
    const { size, root } = openCheckpoint(entry.checkpoint, { origin: entry.origin ?? '', keys });
    const claim = claimOf(entry);
    return claim.size === size && verifyInclusion({ ...claim, root }) ? 'proven' : 'not in the tree';
  } catch (error) {
    return error instanceof Error ? error.name : 'not an error';
  }
}

function claimOf({ treeLogIndex = '', treeSize = '', hashes = [], canonicalizedBody, checkpoint = '' }: RecordedEntry) {
  return {
    index: parseSize(treeLogIndex),
    size: parseSize(treeSize),
    leaf: leafHash(Buffer.from(canonicalizedBody, 'base64')),
    proof: hashes.map((hash) => parseHash(hash, 'hex')),
    root: parseHash(checkpoint.split('\n')[2] ?? '', 'base64'),
  };
}

function isLastLeaf({ verdict, treeLogIndex, treeSize }: RecordedEntry): boolean {
  return verdict === 'VERIFIED' && Number(treeLogIndex) + 1 === Number(treeSize);
}
