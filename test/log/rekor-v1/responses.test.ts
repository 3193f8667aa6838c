import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConsistencyProof, parseEntries, parseLogInfo } from '../../../src/log/rekor-v1/responses.ts';
import { leafHash } from '../../../src/tlog/hash.ts';
import { FakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';
import { hasRealdata, realdata } from '../../support/realdata.ts';

const rekor = new FakeRekorV1();
rekor.append(['first', 'second', 'third']);
const { uuid, ...honest } = rekor.active.entryAt(1);
const { inclusionProof } = honest.verification;
const head = rekor.active.head();

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const problemOf = (parse: (answer: Buffer) => unknown, answer: Buffer): string => {
  try {
    return `parsed ${JSON.stringify(parse(answer))}`;
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return (error as SyntaxError).message;
  }
};

describe('parseLogInfo()', () => {
  it('lists the shards, the active one last', () => {
    const other = { ...head, treeID: '18446744073709551615', treeSize: 2 ** 53 - 1 };
    expect(parseLogInfo(json({ ...head, inactiveShards: [other] }))).toEqual([
      {
        treeId: '18446744073709551615',
        unsignedSize: 2 ** 53 - 1,
        signedTreeHead: head.signedTreeHead,
        inactive: true,
      },
      { treeId: head.treeID, unsignedSize: 3, signedTreeHead: head.signedTreeHead, inactive: false },
    ]);
  });

  it.each([null, undefined, []])('takes inactiveShards %j for none', (inactiveShards) => {
    expect(parseLogInfo(json({ ...head, inactiveShards })).map(({ inactive }) => inactive)).toEqual([false]);
  });

  it.each([
    ['<!doctype html><title>502</title>', 'it is not JSON'],
    ['', 'it is not JSON'],
    [JSON.stringify(head).slice(0, 100), 'it is not JSON'],
    ['null', 'Invalid input: expected object, received null'],
    ['[]', 'Invalid input: expected object, received array'],
    [{}, 'treeID: Invalid input: expected string, received undefined'],
    [{ ...head, treeID: 7 }, 'treeID: Invalid input: expected string, received number'],
    [{ ...head, treeID: '' }, 'treeID: expected the decimal digits of a tree ID as a string'],
    [{ ...head, treeID: '01' }, 'treeID: expected the decimal digits of a tree ID as a string'],
    [{ ...head, treeID: '-1' }, 'treeID: expected the decimal digits of a tree ID as a string'],
    [{ ...head, treeID: '1e3' }, 'treeID: expected the decimal digits of a tree ID as a string'],
    [{ ...head, treeID: '18446744073709551616' }, 'treeID: expected the decimal digits of a tree ID as a string'],
    [{ ...head, treeID: '123456789012345678901' }, 'treeID: expected the decimal digits of a tree ID as a string'],
    [{ ...head, treeSize: -1 }, 'treeSize: Too small: expected number to be >=0'],
    [{ ...head, treeSize: 1.5 }, 'treeSize: Invalid input: expected int, received number'],
    [{ ...head, treeSize: '3' }, 'treeSize: Invalid input: expected number, received string'],
    [{ ...head, signedTreeHead: null }, 'signedTreeHead: Invalid input: expected string, received null'],
    [
      { ...head, signedTreeHead: 'x'.repeat(70_000) },
      'signedTreeHead: Too big: expected string to have <=65536 characters',
    ],
    [{ ...head, inactiveShards: {} }, 'inactiveShards: Invalid input: expected array, received object'],
    [{ ...head, inactiveShards: [{}] }, 'inactiveShards.0.treeID: Invalid input: expected string, received undefined'],
    [{ ...head, inactiveShards: [head] }, `tree ID "${head.treeID}" is listed twice, expected each shard once`],
    [
      { ...head, inactiveShards: Array.from({ length: 256 }, (_, n) => ({ ...head, treeID: String(n) })) },
      'inactiveShards: Too big: expected array to have <=255 items',
    ],
  ])('refuses %j', (answer, problem) => {
    const bytes = typeof answer === 'string' ? Buffer.from(answer) : json(answer);
    expect(problemOf(parseLogInfo, bytes)).toBe(problem);
  });

  it('refuses a list with more wrong shards than fit the stack', () => {
    const inactiveShards = Array.from({ length: 400_000 }, () => 0);
    expect(problemOf(parseLogInfo, json({ ...head, inactiveShards }))).toBe(
      'inactiveShards: Too big: expected array to have <=255 items',
    );
  });
});

describe('parseEntries()', () => {
  it('takes an entry as it stands and hashes its body', () => {
    expect(parseEntries(json([{ [uuid]: honest }]))).toEqual([
      {
        uuid,
        encodedBody: Buffer.from('second').toString('base64'),
        body: Buffer.from('second'),
        hash: leafHash(Buffer.from('second')),
        integratedTime: honest.integratedTime,
        logId: honest.logID,
        globalIndex: 1,
        timestamp: Buffer.from(honest.verification.signedEntryTimestamp, 'base64'),
        proof: {
          index: 1,
          size: 3,
          root: rekor.active.tree.root(3),
          hashes: rekor.active.tree.inclusion(1, 3),
          checkpoint: inclusionProof.checkpoint,
        },
      },
    ]);
  });

  it('takes no entries', () => {
    expect(parseEntries(Buffer.from('[]'))).toEqual([]);
  });

  it.each([
    ['<html>', 'it is not JSON'],
    [{}, 'Invalid input: expected array, received object'],
    [[{ [uuid]: { ...honest, body: {} } }], `0.${uuid}.body: Invalid input: expected string, received object`],
    [[{ [uuid]: { ...honest, body: 'AA' } }], `body of "${uuid}" is not base64`],
    [[{ [uuid]: { ...honest, body: '<b>' } }], `body of "${uuid}" is not base64`],
    [[{ [uuid.slice(16)]: honest }], `entry ID "${uuid.slice(16)}" is not 80 hex digits`],
    [[{ [uuid.toUpperCase()]: honest }], `entry ID "${uuid.toUpperCase()}" is not 80 hex digits`],
    [[{ [uuid]: { ...honest, logID: 'x' } }], `0.${uuid}.logID: expected 64 hex digits`],
    [[{ [uuid]: { ...honest, logIndex: 2 ** 53 } }], /logIndex: /],
    [[{ [uuid]: { ...honest, logIndex: -1 } }], /logIndex: Too small/],
    [[{ [uuid]: { ...honest, integratedTime: 0.5 } }], /integratedTime: Invalid input: expected int/],
    [[{ [uuid]: { ...honest, verification: undefined } }], /verification: Invalid input: expected object/],
    [[withProof({ logIndex: undefined })], /inclusionProof.logIndex: Invalid input: expected number/],
    [[withProof({ treeSize: '3' })], /inclusionProof.treeSize: Invalid input: expected number/],
    [[withProof({ rootHash: 'ab' })], 'Cannot parse hash "ab": expected 32 bytes in hex'],
    [[withProof({ hashes: ['xy'] })], 'Cannot parse hash "xy": expected 32 bytes in hex'],
    [[withProof({ hashes: Array.from({ length: 65 }, () => '') })], /hashes: Too big/],
    [[withProof({ checkpoint: 7 })], /checkpoint: Invalid input: expected string/],
    [[{ [uuid]: { ...honest, verification: { inclusionProof } } }], /signedEntryTimestamp: Invalid input/],
    [
      [{ [uuid]: { ...honest, verification: { inclusionProof, signedEntryTimestamp: '?' } } }],
      `signedEntryTimestamp of "${uuid}" is not base64`,
    ],
    [Array.from({ length: 101 }, () => ({})), 'Too big: expected array to have <=100 items'],
  ])('refuses %j', (answer, problem) => {
    const bytes = typeof answer === 'string' ? Buffer.from(answer) : json(answer);
    expect(problemOf(parseEntries, bytes)).toMatch(problem);
  });

  it.each([
    ['keys', [Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`k${n}`, 0]))]],
    ['items', Array.from({ length: 200_000 }, () => 0)],
    ['hashes', [withProof({ hashes: Array.from({ length: 200_000 }, () => 0) })]],
  ])('refuses an answer with more wrong %s than fit the stack', (_, answer) => {
    expect(problemOf(parseEntries, json(answer))).toMatch(/expected/);
  });

  it('throws nothing but SyntaxError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.uint8Array(), (text, bytes) => {
        for (const parse of [parseLogInfo, parseEntries, parseConsistencyProof]) {
          problemOf(parse, Buffer.from(text));
          problemOf(parse, Buffer.from(bytes));
        }
      }),
    );
  });
});

describe('parseConsistencyProof()', () => {
  it('takes the hashes', () => {
    const hashes = rekor.active.tree.consistency(1, 3);
    const answer = { rootHash: 'of another size', hashes: hashes.map((hash) => hash.toString('hex')) };
    expect(parseConsistencyProof(json(answer))).toEqual(hashes);
  });

  it.each([
    [{ hashes: null }, 'hashes: Invalid input: expected array, received null'],
    [{ hashes: ['00'] }, 'Cannot parse hash "00": expected 32 bytes in hex'],
    [{ hashes: Array.from({ length: 65 }, () => '') }, 'hashes: Too big: expected array to have <=64 items'],
  ])('refuses %j', (answer, problem) => {
    expect(problemOf(parseConsistencyProof, json(answer))).toBe(problem);
  });
});

describe.runIf(hasRealdata)('recorded answers', () => {
  it('are parsed', () => {
    const read = (path: string) => readFileSync(realdata(`servers/rekor-v1/${path}`));
    expect(parseLogInfo(read('log/log-rollover-9.json')).map(({ treeId }) => treeId)).toEqual([
      '7954628769174606703',
      '5304492423938354902',
    ]);
    expect(parseEntries(read('retrieve/rollover-boundary-53-56.json')).map(({ globalIndex }) => globalIndex)).toEqual([
      53, 54, 55, 56,
    ]);
    expect(parseConsistencyProof(read('proofs/proof-016-028.json')).length).toBeGreaterThan(0);
  });
});

function withProof(changed: object): object {
  const verification = { ...honest.verification, inclusionProof: { ...inclusionProof, ...changed } };
  return { [uuid]: { ...honest, verification } };
}
