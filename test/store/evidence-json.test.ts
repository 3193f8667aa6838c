import { describe, expect, it } from 'vitest';
import type { EntryEvidence } from '../../src/log/log.ts';
import { decodeEvidence, encodeEvidence } from '../../src/store/evidence-json.ts';
import { leafHash, sha256 } from '../../src/tlog/hash.ts';

const data = Buffer.from([0, 255, 128, 10]);
const entry: EntryEvidence = {
  kind: 'inclusion',
  log: 'rekor.test - 4711',
  type: 'rekor-v1',
  leaf: {
    index: 3,
    data,
    hash: leafHash(data),
    integratedTime: 1_700_000_000,
    globalIndex: 103,
    uuid: 'ab'.repeat(40),
  },
  timestamp: Buffer.from([48, 0]),
  logId: 'cd'.repeat(32),
  proof: { size: 5, root: sha256(Buffer.from('root')), hashes: [sha256(Buffer.from('a')), sha256(Buffer.from('b'))] },
  checkpoint: 'rekor.test - 4711\n5\n…\n\n— rekor.test AAAAAAA=\n',
};

describe('encodeEvidence()', () => {
  it('keeps an entry with its proof as it was', () => {
    expect(decodeEvidence(encodeEvidence(entry))).toEqual(entry);
  });

  it('keeps what a CT leaf came with, and says nothing where there is none', () => {
    const leaf = { ...entry.leaf, extra: Buffer.from('chain'), integratedTime: null, globalIndex: null, uuid: null };
    const ct: EntryEvidence = { ...entry, type: 'ct', leaf, timestamp: null, logId: null };
    expect(decodeEvidence(encodeEvidence(ct))).toEqual(ct);
    expect(JSON.parse(encodeEvidence(entry))).not.toHaveProperty('leaf.extra');
  });

  it('writes hashes in hex, other bytes in base64, names in snake case', () => {
    expect(JSON.parse(encodeEvidence(entry))).toMatchObject({
      leaf: {
        data: 'AP+ACg==',
        hash: leafHash(data).toString('hex'),
        integrated_time: 1_700_000_000,
        global_index: 103,
      },
      timestamp: 'MAA=',
      log_id: 'cd'.repeat(32),
      proof: { size: 5, root: sha256(Buffer.from('root')).toString('hex') },
    });
  });
});
