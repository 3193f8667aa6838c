import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWitnessPolicy } from '../../src/tlog/witness-policy.ts';
import { verifierKey } from '../../src/tlog/vkey.ts';
import { LOG2025_1, REKOR_V1 } from './known-keys.ts';
import { outcome } from './outcome.ts';
import { ed25519Witness, formatVkey, mlDsaWitness } from './witness-signer.ts';

const w1 = ed25519Witness('witness.example/w1');
const w2 = ed25519Witness('witness.example/w2');
const w3 = mlDsaWitness('witness.example/w3');
const RAW = LOG2025_1.spki.subarray(-32);
const V2 = formatVkey(LOG2025_1.name, LOG2025_1.id, 0x01, RAW);
const V1 = formatVkey(REKOR_V1.name, REKOR_V1.id, 0x02, REKOR_V1.spki);
const ONE = `witness w1 ${w1.vkey}`;

describe('parseWitnessPolicy()', () => {
  it('reads logs, witnesses, groups of groups and the quorum, with whatever stands around them', () => {
    const policy = parseWitnessPolicy(
      [
        '# Who must have seen what, Grüße',
        '',
        `log ${V2} https://log.example/api/v2`,
        ` \tlog\t${V1}`,
        `${ONE} https://w1.example/submit`,
        `witness \t w2   ${w2.vkey}\t`,
        `witness w3 ${w3.vkey}`,
        '   # a comment that is indented',
        'group first any w1 w2',
        'group both all first w3',
        'quorum both',
        'group unused 1 both',
      ].join('\n'),
    );
    expect(policy).toEqual({
      logs: [
        { name: LOG2025_1.name, key: verifierKey(LOG2025_1.name, 'ed25519-note', RAW) },
        { name: REKOR_V1.name, key: verifierKey(REKOR_V1.name, 'ecdsa-note', REKOR_V1.spki) },
      ],
      witnesses: [w1.witness('w1'), w2.witness('w2'), w3.witness('w3')],
      quorum: {
        kind: 'group',
        needed: 2,
        members: [
          {
            kind: 'group',
            needed: 1,
            members: [
              { kind: 'witness', name: 'w1' },
              { kind: 'witness', name: 'w2' },
            ],
          },
          { kind: 'witness', name: 'w3' },
        ],
      },
    });
  });

  it('reads a key of notes as the key by which the witness cosigns', () => {
    const { witnesses } = parseWitnessPolicy(`witness w ${V2}\nquorum w\n`);
    expect(witnesses).toEqual([{ name: 'w', key: verifierKey(LOG2025_1.name, 'ed25519-cosignature', RAW) }]);
  });

  it('needs nobody for `quorum none`', () => {
    expect(parseWitnessPolicy('quorum none')).toEqual({
      logs: [],
      witnesses: [],
      quorum: { kind: 'group', needed: 0, members: [] },
    });
  });

  it('takes names that are not ASCII, and tells those apart that look alike', () => {
    const { witnesses } = parseWitnessPolicy(
      `witness K ${w1.vkey}\nwitness \u212a ${w2.vkey}\nwitness Zeugin-Ä ${w3.vkey}\nquorum K\n`,
    );
    expect(witnesses.map(({ name }) => name)).toEqual(['K', '\u212a', 'Zeugin-Ä']);
  });

  it('has room for what the specification asks', () => {
    const many = Array.from({ length: 32 }, (_, n) => ed25519Witness(`w${n}.example`));
    const lines = many.flatMap(({ vkey, key }, n) => [
      `log ${formatVkey(`log${n}.example`, verifierKey(`log${n}.example`, 'ed25519-note', key.publicKey).id, 1, key.publicKey)}`,
      `witness w${n} ${vkey}`,
      `group g${n} all w${n}`,
    ]);
    const policy = parseWitnessPolicy([...lines, 'quorum g31'].join('\n'));
    expect([policy.logs.length, policy.witnesses.length]).toEqual([32, 32]);
  });

  it.each([
    ['nothing', '', 'without a quorum'],
    ['comments alone', '# quorum none', 'without a quorum'],
    ['no quorum', ONE, 'without a quorum'],
    ['two quorums', `quorum none\nquorum none`, 'line 2 of a witness policy: it is a second quorum'],
    ['a quorum of nothing', 'quorum', 'line 1 of a witness policy: expected "quorum NAME"'],
    ['a quorum of two', `${ONE}\nquorum w1 w1`, 'line 2 of a witness policy: expected "quorum NAME"'],
    ['a quorum of an unknown name', `${ONE}\nquorum w2`, '"w2" is not defined'],
    ['a quorum of what is defined below', `quorum w1\n${ONE}`, 'line 1 of a witness policy: "w1" is not defined'],
    ['another word', `${ONE}\nquorum w1\nlogs x`, 'line 3 of a witness policy: it begins with "logs"'],
    ['a word in capitals', `Quorum none`, 'it begins with "Quorum"'],
    ['carriage returns', `${ONE}\r\nquorum w1\r\n`, 'line 1 of a witness policy: it holds a control character'],
    ['a vertical tab', `${ONE}\vx\nquorum w1`, 'it holds a control character'],
    ['a delete character', `quorum none\x7f`, 'it holds a control character'],
    ['a byte order mark', '\ufeffquorum none', 'it begins with'],
    ['a comment behind a line', `quorum none # nobody`, 'expected "quorum NAME"'],
    ['a witness without a key', 'witness w1', 'expected "witness NAME VKEY [URL]"'],
    ['a witness without a name', `witness ${w1.vkey}`, 'expected "witness NAME VKEY [URL]"'],
    ['a witness with more than a URL', `${ONE} https://a b`, 'expected "witness NAME VKEY [URL]"'],
    ['a witness by a bare key', `witness w1 ${'ab'.repeat(32)}`, 'Cannot parse verifier key'],
    ['a witness with an ECDSA key', `witness w1 ${V1}`, 'is one of ECDSA'],
    ['a witness called none', `witness none ${w1.vkey}`, '"none" has a meaning of its own'],
    ['a name twice', `${ONE}\nwitness w1 ${w2.vkey}`, 'line 2 of a witness policy: "w1" is defined already'],
    ['a key twice', `${ONE}\nwitness w2 ${w1.vkey}`, 'stands in a line before'],
    ['a key twice, once as one of notes', `witness w1 ${V2}\nwitness w2 ${asCosigner()}`, 'stands in a line before'],
    ['a group of the name of a witness', `${ONE}\ngroup w1 any w1`, '"w1" is defined already'],
    ['a group called none', `${ONE}\ngroup none any w1`, '"none" has a meaning of its own'],
    ['a group with no members', `group g any`, 'expected "group NAME all|any|NUMBER MEMBER…"'],
    ['a group of itself', `group g any g`, '"g" is not defined'],
    ['a group of none', `group g any none`, '"none" is not defined'],
    ['a member twice in a group', `${ONE}\ngroup g all w1 w1`, '"w1" is a member of a group already'],
    [
      'a member of two groups',
      `${ONE}\ngroup g all w1\ngroup h all w1`,
      'line 3 of a witness policy: "w1" is a member',
    ],
    ['a threshold of 0', `${ONE}\ngroup g 0 w1`, 'the threshold is "0", expected all, any, or 1 to 1'],
    ['a threshold of more than there are', `${ONE}\ngroup g 2 w1`, 'the threshold is "2"'],
    ['a threshold with a zero before it', `${ONE}\ngroup g 01 w1`, 'the threshold is "01"'],
    ['a threshold with a sign', `${ONE}\ngroup g +1 w1`, 'the threshold is "+1"'],
    ['a threshold in another number system', `${ONE}\ngroup g 0x1 w1`, 'the threshold is "0x1"'],
    ['a threshold that is no number', `${ONE}\ngroup g most w1`, 'the threshold is "most"'],
    ['a log without a key', 'log', 'expected "log VKEY [URL]"'],
    ['a log with more than a URL', `log ${V2} https://a b`, 'expected "log VKEY [URL]"'],
    ['a log with the key of a witness', `log ${w1.vkey}`, 'is one of a witness'],
    ['a log twice', `log ${V2}\nlog ${V2}`, 'line 2 of a witness policy: the key of "log2025-1.rekor.sigstore.dev"'],
    ['more than a megabyte', `quorum none\n${'#'.repeat(1024 * 1024)}`, 'expected at most 1048576'],
    ['more groups than anybody needs', `${ONE}\n${chain(1001)}`, 'expected fewer'],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseWitnessPolicy(text)).toThrow(SyntaxError);
    expect(() => parseWitnessPolicy(text)).toThrow(message);
  });

  it('never throws anything but SyntaxError', () => {
    const word = fc.constantFrom('log', 'witness', 'group', 'quorum', 'w1', 'w2', 'none', 'any', '1', w1.vkey, V2, '#');
    const line = fc
      .array(fc.oneof(word, fc.string({ maxLength: 5 })), { maxLength: 5 })
      .map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        expect(['ok', 'SyntaxError']).toContain(outcome(() => parseWitnessPolicy(lines.join('\n'))));
      }),
    );
  });
});

function asCosigner(): string {
  return formatVkey('other.example', verifierKey('other.example', 'ed25519-cosignature', RAW).id, 0x04, RAW);
}

/** Groups each of which is the only member of the next. */
function chain(length: number): string {
  return Array.from({ length }, (_, n) => `group g${n} all ${n === 0 ? 'w1' : `g${n - 1}`}`).join('\n');
}
