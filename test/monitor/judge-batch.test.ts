import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dsseV1, dsseV2, hashedRekordV1, hashedRekordV2 } from '../../src/demo/entries.ts';
import { checkSignature } from '../../src/entry/signature.ts';
import type { Leaf } from '../../src/log/log.ts';
import { judgeBatch } from '../../src/monitor/judge-batch.ts';
import type { JudgeContext } from '../../src/policy/standing.ts';
import type { Watch } from '../../src/policy/watch.ts';
import { leafHash } from '../../src/tlog/hash.ts';
import { createChainVerifier } from '../../src/trust/chain.ts';
import { authority, certify, fillers, forger, NOW, releaseAt, STRANGER } from '../support/actors.ts';
import { releaseWatch, rule } from '../support/monitor-rig.ts';

const verifyChain = createChainVerifier(
  [{ name: 'test-ca', chain: authority.chain, validFrom: null, validTo: null }],
  null,
);
const CONTEXT: JudgeContext = {
  chainOf: (certificate) => verifyChain(certificate, NOW),
  signatureOf: checkSignature,
  sctOf: () => 'absent',
  now: NOW,
};

const artifact = Buffer.from('widget');
const release = certify(releaseAt('refs/tags/v1'));
const branch = certify(releaseAt('refs/heads/hotfix'));
const stranger = certify(STRANGER);
const liar = certify(releaseAt('refs/tags/v1'), forger);

function leaves(...data: readonly Buffer[]): Leaf[] {
  return data.map((leaf, place) => ({
    index: 100 + place,
    data: leaf,
    hash: leafHash(leaf),
    integratedTime: null,
    globalIndex: null,
    uuid: null,
  }));
}

const judged = (batch: readonly Leaf[], watches = [releaseWatch()]) =>
  judgeBatch('rekor-v2', batch, watches, CONTEXT).judged.map(({ leaf, judgements }) => ({
    index: leaf.index,
    judgements: judgements.map(({ watch, signer, verdict }) => [watch, signer, verdict]),
  }));

/** An entry that cannot be decoded, and in which nothing was found. */
const UNMENTIONED = { unread: false, mentions: [], isSearched: true };

describe('judgeBatch()', () => {
  it('makes nothing of nothing', () => {
    expect(judgeBatch('rekor-v2', [], [releaseWatch()], CONTEXT)).toEqual({
      judged: [],
      unselected: [],
      unparsable: [],
      kinds: new Map(),
    });
  });

  it('keeps the artifacts of what no watch selects, only while a watch follows its own', () => {
    const batch = leaves(
      ...fillers(2),
      hashedRekordV2({ ...stranger, artifact }),
      hashedRekordV2({ ...release, artifact }),
      Buffer.from('{}'),
    );
    const unselected = (watch: Watch) => judgeBatch('rekor-v2', batch, [watch], CONTEXT).unselected;
    expect(unselected(releaseWatch({ artifacts: { follow: true, allow: [] } }))).toEqual([
      { leaf: batch[2], artifacts: [`sha256:${hash('sha256', artifact, 'hex')}`] },
    ]);
    expect(unselected(releaseWatch({ artifacts: { follow: false, allow: [] } }))).toEqual([]);
    expect(unselected(releaseWatch())).toEqual([]);
  });

  it('gives what the watches select, in the order of the log', () => {
    const batch = leaves(
      hashedRekordV2({ ...stranger, artifact }),
      hashedRekordV2({ ...release, artifact }),
      dsseV2({ signers: [branch], payload: artifact }),
      hashedRekordV1({ ...liar, artifact }),
      dsseV1({ signers: [release], payload: artifact }),
    );
    expect(judged(batch)).toEqual([
      { index: 101, judgements: [['widget-release', 0, 'expected']] },
      { index: 102, judgements: [['widget-release', 0, 'unexpected']] },
      { index: 103, judgements: [['widget-release', 0, 'forged']] },
      { index: 104, judgements: [['widget-release', 0, 'expected']] },
    ]);
  });

  it('judges each signer alone, by each watch', () => {
    const google = releaseWatch({
      name: 'google',
      select: [[rule('issuer', 'https://accounts.google.com')]],
      expect: null,
    });
    const all = releaseWatch({ name: 'all', select: [[rule('kind', 'dsse')]], expect: 'none' });
    expect(
      judged(leaves(dsseV2({ signers: [stranger, branch], payload: artifact })), [releaseWatch(), google, all]),
    ).toEqual([
      {
        index: 100,
        judgements: [
          ['google', 0, 'observed'],
          ['all', 0, 'unexpected'],
          ['widget-release', 1, 'unexpected'],
          ['all', 1, 'unexpected'],
        ],
      },
    ]);
  });

  it('gives the leaf with what was read in it', () => {
    const [leaf] = leaves(hashedRekordV2({ ...release, artifact }));
    const { judged: found } = judgeBatch('rekor-v2', leaf === undefined ? [] : [leaf], [releaseWatch()], CONTEXT);
    expect(found[0]?.leaf).toBe(leaf);
    expect(found[0]?.entry).toMatchObject({ kind: 'hashedrekord', apiVersion: '0.0.2' });
    expect(found[0]?.judgements).toEqual([
      {
        watch: 'widget-release',
        signer: 0,
        verdict: 'expected',
        violations: [],
        chain: 'trusted',
        signature: 'verified',
        signingTime: 'unknown',
        sct: 'absent',
      },
    ]);
  });

  it('gives what cannot be decoded, and goes on', () => {
    const broken = Buffer.from('{"apiVersion":"0.0.2","kind":"dsse","spec":{}}');
    const batch = leaves(Buffer.from('no JSON'), broken, hashedRekordV2({ ...release, artifact }));
    const { judged: found, unparsable, kinds } = judgeBatch('rekor-v2', batch, [releaseWatch()], CONTEXT);
    expect(found.map(({ leaf }) => leaf.index)).toEqual([102]);
    expect(unparsable).toEqual([
      { leaf: batch[0], kind: null, apiVersion: null, ...UNMENTIONED, problem: expect.any(String) as string },
      { leaf: batch[1], kind: 'dsse', apiVersion: '0.0.2', ...UNMENTIONED, problem: expect.any(String) as string },
    ]);
    expect(kinds).toEqual(
      new Map([
        ['unparsable', 2],
        ['hashedrekord', 1],
      ]),
    );
  });

  it('counts every leaf by its kind, known or not, watched or not', () => {
    const other = Buffer.from('{"apiVersion":"9.9.9","kind":"hashedrekord","spec":{}}');
    const batch = leaves(
      ...fillers(3),
      other,
      hashedRekordV2({ ...stranger, artifact }),
      dsseV2({ signers: [stranger], payload: artifact }),
    );
    const { unparsable, ...others } = judgeBatch('rekor-v2', batch, [], CONTEXT);
    expect(unparsable.map(({ leaf, kind, unread }) => [leaf.index, kind, unread])).toEqual([
      [100, 'filler', true],
      [101, 'filler', true],
      [102, 'filler', true],
      [103, 'hashedrekord', true],
    ]);
    expect(others).toEqual({
      judged: [],
      unselected: [],
      kinds: new Map([
        ['filler', 3],
        ['hashedrekord', 2],
        ['dsse', 1],
      ]),
    });
  });

  it('looks for what is watched in what cannot be read', () => {
    const batch = leaves(
      Buffer.from('no JSON, but ACME/Widget'),
      Buffer.from('{"apiVersion":"9.9.9","kind":"dsse","spec":{"at":"github.com/acme/widget"}}'),
      Buffer.from('{"apiVersion":"0.0.1","kind":"filler","spec":{"at":"github.com/other/thing"}}'),
    );
    const watches = [releaseWatch(), releaseWatch({ name: 'other', select: [[rule('source_repository', 'x/other')]] })];
    const { unparsable, judged: none } = judgeBatch('rekor-v2', batch, watches, CONTEXT);
    const mention = { watch: watches[0], claim: 'source_repository', written: 'acme/widget' };
    expect(none).toEqual([]);
    expect(unparsable.map(({ unread, mentions, problem }) => ({ unread, mentions, problem }))).toEqual([
      { unread: false, mentions: [mention], problem: 'Cannot read entry: it is not JSON in UTF-8' },
      {
        unread: true,
        mentions: [mention],
        problem: 'Cannot read entry of kind "dsse", version "9.9.9": expected one that is known here',
      },
      { unread: true, mentions: [], problem: expect.stringContaining('"filler"') as string },
    ]);
  });

  it('says so where an entry unfolds to more than is looked at', () => {
    const crowd = Buffer.alloc(256 * 1024, Buffer.from('30820800301306072a8648ce3d0201', 'hex'));
    const watch = releaseWatch({ select: [[rule('key', 'ab'.repeat(32))]] });
    expect(judgeBatch('rekor-v2', leaves(crowd), [watch], CONTEXT).unparsable).toMatchObject([
      { isSearched: false, problem: 'Cannot read entry: it is not JSON in UTF-8; searched in part' },
    ]);
  });

  it('never throws, whatever became of an entry', () => {
    const originals = [
      hashedRekordV1({ ...branch, artifact }),
      hashedRekordV2({ ...branch, artifact }),
      dsseV1({ signers: [branch, stranger], payload: artifact }),
      dsseV2({ signers: [branch, stranger], payload: artifact }),
    ];
    const watches = [releaseWatch(), releaseWatch({ name: 'kinds', select: [[rule('kind', '**')]], expect: null })];
    const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(
        fc.constantFrom(...originals),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (original, changes) => {
          const data = Buffer.from(original);
          for (const { at, to } of changes) {
            data.writeUInt8(to, at % data.length);
          }
          const { kinds } = judgeBatch('rekor-v2', leaves(data), watches, CONTEXT);
          expect([...kinds.values()]).toEqual([1]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('never throws, whatever stands in the DER of a certificate', () => {
    const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
    const watch = releaseWatch({ name: 'kinds', select: [[rule('kind', '**')]], expect: null });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const certificate = Buffer.from(branch.certificate);
        for (const { at, to } of changes) {
          certificate.writeUInt8(to, at % certificate.length);
        }
        const batch = leaves(hashedRekordV2({ certificate, privateKey: branch.privateKey, artifact }));
        const { kinds } = judgeBatch('rekor-v2', batch, [watch], CONTEXT);
        expect([...kinds.values()]).toEqual([1]);
      }),
      { numRuns: 1000 },
    );
  });
});
