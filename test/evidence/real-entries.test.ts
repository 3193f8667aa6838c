import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatEvidence, parseEvidence } from '../../src/evidence/evidence-file.ts';
import { formatEntry } from '../../src/evidence/log-entry.ts';
import { signerName, type NamedLog } from '../../src/evidence/log-key.ts';
import { verifyEvidence } from '../../src/evidence/verify-evidence.ts';
import type { EntryEvidence } from '../../src/log/log.ts';
import { parseSize } from '../../src/tlog/checkpoint.ts';
import { leafHash, parseHash } from '../../src/tlog/hash.ts';
import type { NoteKey } from '../../src/tlog/note.ts';
import { countEach } from '../support/count-each.ts';
import { contentOf, type Content } from '../support/evidence-files.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { realKeys } from '../tlog/real-keys.ts';

/** What these tests read of a recorded entry with a proof. */
interface RecordedEntry {
  readonly inst: string;
  readonly verdict: string;
  readonly canonicalizedBody: string;
  readonly logIndex: string | number;
  readonly treeLogIndex: string;
  readonly logId: string;
  readonly integratedTime?: string | number;
  readonly origin: string;
  readonly treeSize: string;
  readonly hashes: readonly string[];
  readonly checkpoint?: string;
  readonly set?: string;
}

describe.runIf(hasRealdata)('recorded entries as evidence', () => {
  it('prove their inclusion after a round through a file', () => {
    const known = realKeys();
    const outcomes = readEntries().map((entry) => `${entry.inst}: ${outcome(contentFor(entry), known)}`);
    expect(countEach(outcomes)).toEqual({
      'prod-v1: proven': 208,
      // Recorded without the log's promise: nothing vouches for their time.
      'prod-v1: not signed': 2,
      'prod-v2: proven': 9,
      'staging-v1: proven': 10,
      'staging-v2: proven': 15,
    });
  });
});

function readEntries(): readonly RecordedEntry[] {
  const lines = readFileSync(realdata('derived/entries.jsonl'), 'utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as RecordedEntry) // The recording's own format.
    .filter(({ verdict, checkpoint, inst }) => verdict === 'VERIFIED' && checkpoint !== undefined && inst !== 'other');
}

function evidenceFor(entry: RecordedEntry): EntryEvidence & NamedLog {
  const type = entry.inst.endsWith('v1') ? 'rekor-v1' : 'rekor-v2';
  const data = Buffer.from(entry.canonicalizedBody, 'base64');
  const { checkpoint = '', set } = entry;
  return {
    kind: 'inclusion',
    log: entry.origin,
    origin: entry.origin,
    type,
    leaf: {
      index: parseSize(entry.treeLogIndex),
      data,
      hash: leafHash(data),
      integratedTime: type === 'rekor-v1' ? Number(entry.integratedTime) : null,
      globalIndex: type === 'rekor-v1' ? Number(entry.logIndex) : null,
      uuid: null,
    },
    timestamp: set === undefined ? null : Buffer.from(set, 'base64'),
    logId: null,
    proof: {
      size: parseSize(entry.treeSize),
      root: parseHash(checkpoint.split('\n')[2] ?? '', 'base64'),
      hashes: entry.hashes.map((hash) => parseHash(hash, 'hex')),
    },
    checkpoint,
  };
}

function contentFor(entry: RecordedEntry): Content {
  const evidence = evidenceFor(entry);
  const { reported } = contentOf({}, 'unexpected');
  return contentOf({
    log: { origin: evidence.origin, type: evidence.type, public_keys: [] },
    entry: formatEntry(evidence, Buffer.from(entry.logId, 'base64'), null),
    reported: { ...reported, alert: { ...reported.alert, class: 'identity' } },
  });
}

function outcome(content: Content, known: readonly NoteKey[]): string {
  const read = parseEvidence(formatEvidence(content));
  const name = read.log === null ? '' : signerName(read.log);
  const keys = known.flatMap((key) => (key.name === name ? [key.spki] : []));
  const { isProven, problems } = verifyEvidence(read, { keys, chainOf: null });
  return isProven
    ? 'proven'
    : problems.join().replace(/^Cannot use the entry's time .* did not sign them$/, 'not signed');
}
