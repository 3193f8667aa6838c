import { describe, expect, it } from 'vitest';
import { restoreCheckpoint, type SignedCheckpoint } from '../../src/tlog/checkpoint.ts';
import { judgeCosignatures, type WitnessJudgement } from '../../src/tlog/judge-cosignatures.ts';
import { parseWitnessPolicy } from '../../src/tlog/witness-policy.ts';
import { ecdsaSigner, ed25519Signer, formatNote, type NoteSigner } from './signed-note.ts';
import { ed25519Witness, formatVkey, mlDsaWitness, type WitnessSigner } from './witness-signer.ts';

const NOW = new Date('2026-11-21T13:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const ORIGIN = 'log.example';
const text = (origin: string): string => `${origin}\n20\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n`;

const log = ed25519Signer(ORIGIN);
const a = ed25519Witness('a.example');
const b = ed25519Witness('b.example');
const c = mlDsaWitness('c.example');
const WITNESSES = `witness a ${a.vkey}\nwitness b ${b.vkey}\nwitness c ${c.vkey}\n`;

function checkpoint(witnesses: readonly WitnessSigner[], signer = log, origin = ORIGIN, seconds = SECONDS) {
  const lines = witnesses.map((witness) => witness.line(text(origin), seconds));
  return restoreCheckpoint(formatNote(text(origin), signer.line(text(origin)), ...lines));
}

function judge(policy: string, seen: SignedCheckpoint, known: WitnessJudgement['cosigned'] = []): WitnessJudgement {
  return judgeCosignatures(parseWitnessPolicy(policy), seen, NOW, known);
}

/** Without the lines. */
function summary({ satisfied, cosigned, missing, keyNamed }: WitnessJudgement) {
  return { satisfied, cosigned: cosigned.map(({ name }) => name), missing, keyNamed };
}

describe('judgeCosignatures()', () => {
  it.each([
    ['one witness, who did', 'quorum a', [a], true, []],
    ['one witness, who did not', 'quorum b', [a], false, ['b']],
    ['nobody', 'quorum none', [], true, []],
    ['any of two', 'group g any a b\nquorum g', [b], true, ['a']],
    ['any of two, of whom neither did', 'group g any a b\nquorum g', [c], false, ['a', 'b']],
    ['all of two', 'group g all a c\nquorum g', [a, c], true, []],
    ['all of two, of whom one did', 'group g all a c\nquorum g', [c], false, ['a']],
    ['two of three', 'group g 2 a b c\nquorum g', [a, c], true, ['b']],
    ['two of three, of whom one did', 'group g 2 a b c\nquorum g', [b], false, ['a', 'c']],
    ['a group of groups', 'group g any a b\ngroup h all g c\nquorum h', [b, c], true, ['a']],
    ['a group of groups, of which one did not', 'group g any a b\ngroup h all g c\nquorum h', [a, b], false, ['c']],
  ])('asks for %s', (_, rule, cosigners, satisfied, missing) => {
    const found = summary(judge(`${WITNESSES}${rule}\n`, checkpoint(cosigners)));
    const names = cosigners.map(({ key }) => key.name.slice(0, 1));
    expect(found).toEqual({ satisfied, cosigned: names, missing, keyNamed: true });
  });

  it('counts a witness once that signs twice', () => {
    const twice = checkpoint([a, a, a]);
    expect(summary(judge(`${WITNESSES}group g 2 a b\nquorum g\n`, twice))).toEqual({
      satisfied: false,
      cosigned: ['a'],
      missing: ['b'],
      keyNamed: true,
    });
  });

  it('counts whoever cosigned the same tree before, by the latest of both, and only by the key of now', () => {
    const before = judge(`${WITNESSES}quorum none\n`, checkpoint([a, b], log, ORIGIN, SECONDS - 50)).cosigned;
    const policy = `${WITNESSES}group g 3 a b c\nquorum g\n`;
    const judgement = judge(policy, checkpoint([b, c]), before);
    expect(judgement.satisfied).toBe(true);
    expect(judgement.cosigned.map(({ name, time }) => `${name} ${time / 1000 - SECONDS}`)).toEqual([
      'a -50',
      'b 0',
      'c 0',
    ]);
    const rotated = policy.replace(a.vkey, ed25519Witness('a.example').vkey);
    expect(summary(judge(rotated, checkpoint([b, c]), before)).missing).toEqual(['a']);
  });

  describe('with logs in the policy', () => {
    const policy = (signer: NoteSigner): string => `log ${vkeyOf(signer)}\n${WITNESSES}quorum a\n`;

    it('asks those that it names, signed by the key that it names', () => {
      expect(judge(policy(log), checkpoint([a])).satisfied).toBe(true);
      expect(summary(judge(policy(log), checkpoint([])))).toEqual({
        satisfied: false,
        cosigned: [],
        missing: ['a'],
        keyNamed: true,
      });
      expect(summary(judge(policy(ed25519Signer(ORIGIN)), checkpoint([a])))).toEqual({
        satisfied: false,
        cosigned: ['a'],
        missing: [],
        keyNamed: false,
      });
    });

    it('asks no other, and yet says who cosigned', () => {
      const other = ed25519Signer('other.example');
      expect(summary(judge(policy(log), checkpoint([], other, 'other.example')))).toEqual({
        satisfied: true,
        cosigned: [],
        missing: [],
        keyNamed: true,
      });
      expect(summary(judge(policy(log), checkpoint([b], other, 'other.example'))).cosigned).toEqual(['b']);
    });

    it.each([
      ['rekor.example - 1193050959916656506', false],
      ['rekor.example', false],
      ['rekor.example - ', true],
      ['rekor.example - x', true],
      ['rekor.example.org - 1', true],
      ['other.example - rekor.example - 1', true],
    ])('asks every shard of a Rekor v1 server that it names: %s', (origin, satisfied) => {
      const shard = ecdsaSigner('rekor.example');
      expect(judge(policy(shard), checkpoint([], shard, origin)).satisfied).toBe(satisfied);
      expect(judge(policy(shard), checkpoint([a], shard, origin)).satisfied).toBe(true);
    });

    it('knows a log that signs by ML-DSA-44', () => {
      const own = mlDsaWitness(ORIGIN);
      const rule = `log ${own.vkey}\n${WITNESSES}quorum a\n`;
      expect(judge(rule, checkpoint([own, a])).satisfied).toBe(true);
      expect(judge(rule, checkpoint([a])).keyNamed).toBe(false);
    });
  });
});

function vkeyOf({ key }: NoteSigner): string {
  return key.spki.length === 44
    ? formatVkey(key.name, key.id, 0x01, key.spki.subarray(-32))
    : formatVkey(key.name, key.id, 0x02, key.spki);
}
