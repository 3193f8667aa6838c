import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseConsistency,
  parseEntries,
  parseEntryAndProof,
  parseProof,
  parseTreeHead,
} from '../../../src/log/ct/responses.ts';
import { EMPTY_ROOT, sha256 } from '../../../src/tlog/hash.ts';
import { certificateEntry, extraData, precertificateEntry } from '../../fakes/ct-entry.ts';

const ROOT = sha256(Buffer.from('root'));
const HASH = ROOT.toString('base64');
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

const treeHead = {
  tree_size: 5,
  timestamp: 1_700_000_000_000,
  sha256_root_hash: HASH,
  tree_head_signature: 'BAMAAA==',
};
const precertificate = precertificateEntry(
  { tbs: Buffer.from('tbs'), precertificate: Buffer.from('announced'), issuerKeyHash: Buffer.alloc(32) },
  1,
  [Buffer.from('issuer')],
);
const certificate = certificateEntry(Buffer.from('certificate'), 1, [Buffer.from('issuer')]);
const wire = [precertificate, certificate].map((entry) => ({
  leaf_input: entry.leaf.toString('base64'),
  extra_data: extraData(entry).toString('base64'),
}));
const chain = Buffer.from('000006697373756572', 'hex');
const none = Buffer.alloc(0);

describe('parseTreeHead()', () => {
  it('reads what get-sth gives', () => {
    expect(parseTreeHead(json({ ...treeHead, more: 1 }))).toEqual({
      size: 5,
      timestamp: 1_700_000_000_000,
      root: ROOT,
      signature: Buffer.from('BAMAAA==', 'base64'),
    });
    const empty = { ...treeHead, tree_size: 0, sha256_root_hash: EMPTY_ROOT.toString('base64') };
    expect(parseTreeHead(json(empty)).size).toBe(0);
  });

  it.each([
    ['no size', { ...treeHead, tree_size: undefined }],
    ['a size as text', { ...treeHead, tree_size: '5' }],
    ['a negative size', { ...treeHead, tree_size: -1 }],
    ['a fraction', { ...treeHead, tree_size: 0.5 }],
    ['a size beyond 2^53', { ...treeHead, tree_size: 2 ** 53 }],
    ['a time as text', { ...treeHead, timestamp: 'now' }],
    ['a root of 31 bytes', { ...treeHead, sha256_root_hash: ROOT.subarray(1).toString('base64') }],
    ['a root in hex', { ...treeHead, sha256_root_hash: ROOT.toString('hex') }],
    ['a signature that is no base64', { ...treeHead, tree_head_signature: '!' }],
    ['a long signature', { ...treeHead, tree_head_signature: 'A'.repeat(8192) }],
    ['a list', [treeHead]],
    ['null', null],
  ])('refuses %s', (_, value) => {
    expect(() => parseTreeHead(json(value))).toThrow(SyntaxError);
  });
});

describe('parseEntries()', () => {
  it('reads leaves, and what came with them', () => {
    expect(parseEntries(json({ entries: wire }), 2)).toEqual([
      { data: precertificate.leaf, unhashed: { precertificate: Buffer.from('announced'), chain, fingerprints: none } },
      { data: certificate.leaf, unhashed: { precertificate: none, chain, fingerprints: none } },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['random bytes', 'AAAA////'],
    ['no base64', '!!!'],
    ['what belongs to the other kind', wire[1]?.extra_data ?? ''],
  ])('takes the leaf all the same where %s came with it', (_, extra_data) => {
    expect(parseEntries(json({ entries: [{ ...wire[0], extra_data }] }), 1)).toEqual([
      { data: precertificate.leaf, unhashed: null },
    ]);
  });

  it('takes a leaf that is none: the tree says what was logged', () => {
    const entry = { leaf_input: 'AAAA', extra_data: '' };
    expect(parseEntries(json({ entries: [entry] }), 1)).toEqual([{ data: Buffer.alloc(3), unhashed: null }]);
  });

  it.each([
    ['none', { entries: [] }],
    ['more than were asked for', { entries: [...wire, ...wire] }],
    ['a million', { entries: Array.from({ length: 1_000_000 }, () => 0) }],
    ['no list', { entries: wire[0] }],
    ['no leaf', { entries: [{ extra_data: '' }] }],
    ['a leaf that is no base64', { entries: [{ ...wire[0], leaf_input: 'A' }] }],
  ])('refuses %s', (_, value) => {
    expect(() => parseEntries(json(value), 2)).toThrow(SyntaxError);
  });
});

describe('proofs', () => {
  it('are read, and null is an empty one', () => {
    expect(parseConsistency(json({ consistency: [HASH] }))).toEqual([ROOT]);
    expect(parseConsistency(json({ consistency: null }))).toEqual([]);
    expect(parseProof(json({ leaf_index: 7, audit_path: [HASH] }))).toEqual({ index: 7, hashes: [ROOT] });
    expect(parseEntryAndProof(json({ ...wire[1], audit_path: null }))).toEqual({
      entry: { data: certificate.leaf, unhashed: { precertificate: none, chain, fingerprints: none } },
      hashes: [],
    });
  });

  it('are refused where they are longer than any, or no hashes', () => {
    const long = Array.from({ length: 100 }, () => HASH);
    expect(() => parseConsistency(json({ consistency: long }))).toThrow(SyntaxError);
    expect(() => parseConsistency(json({ consistency: ['AAAA'] }))).toThrow(SyntaxError);
    expect(() => parseProof(json({ leaf_index: 7 }))).toThrow(SyntaxError);
    expect(() => parseProof(json({ leaf_index: -7, audit_path: [] }))).toThrow(SyntaxError);
    expect(() => parseEntryAndProof(json({ audit_path: [] }))).toThrow(SyntaxError);
  });
});

it('each parser throws nothing but SyntaxError, whatever the JSON', () => {
  const parsers = [
    parseTreeHead,
    (answer: Buffer) => parseEntries(answer, 3),
    parseConsistency,
    parseProof,
    parseEntryAndProof,
  ];
  const bodies = fc.oneof(
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array)),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      const errors = parsers.flatMap((parse) => {
        try {
          parse(body);
          return [];
        } catch (error) {
          return [error];
        }
      });
      expect(errors.filter((error) => !(error instanceof SyntaxError))).toEqual([]);
    }),
  );
});
