import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { restoreCheckpoint } from '../../src/tlog/checkpoint.ts';
import { verifyCosignatures } from '../../src/tlog/cosignature.ts';
import { judgeCosignatures } from '../../src/tlog/judge-cosignatures.ts';
import { parseVkey } from '../../src/tlog/vkey.ts';
import { parseWitnessPolicy } from '../../src/tlog/witness-policy.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

/** After everything that was recorded. */
const NOW = new Date('2027-01-01T00:00:00Z');
const RECORDED = 'servers/rekor-v2';
const POLICIES = 'trust/witness/sigsum__sigsum-go/pkg/policy/builtin';

const read = (path: string): string => readFileSync(realdata(path), 'utf8');

describe.runIf(hasRealdata)('recorded cosignatures', () => {
  it('are found on production and staging checkpoints as whoever recorded them found by other means', () => {
    const witnesses = read('trust/witness/find_string/witness-vkeys.txt')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(parseVkey)
      .map((key) => ({ name: key.name, key }));
    const notes = readIndex();
    const found = notes.map(({ path }) =>
      verifyCosignatures(restoreCheckpoint(read(path)), witnesses, NOW)
        .map(({ name, time }) => `${name}@${new Date(time).toISOString().slice(0, 10)}`)
        .sort(),
    );
    expect(found).toEqual(notes.map(({ cosigned }) => cosigned));
    expect(countEach(found.map(({ length }) => `${length} cosignatures`))).toEqual({
      '1 cosignatures': 1,
      '3 cosignatures': 6,
      '4 cosignatures': 1,
    });
  });

  it('are on each checkpoint of a real Rekor v2 server, and one that is taken away is missed', () => {
    const policy = parseWitnessPolicy(
      `log ${read(`${RECORDED}/log.vkey`)}\nwitness w1 ${read(`${RECORDED}/witness.vkey`)}\nquorum w1\n`,
    );
    for (const name of ['0', '10', '200', '713', '1219', '1219-republished']) {
      const note = read(`${RECORDED}/checkpoints/${name}`);
      const [body = '', line = ''] = note.split(/(?=— witness\.local )/);
      expect(judgeCosignatures(policy, restoreCheckpoint(note), NOW)).toEqual({
        satisfied: true,
        cosigned: [{ name: 'w1', time: expect.any(Number) as unknown, line: line.trimEnd() }],
        missing: [],
        keyNamed: true,
      });
      expect(judgeCosignatures(policy, restoreCheckpoint(body), NOW)).toEqual({
        satisfied: false,
        cosigned: [],
        missing: ['w1'],
        keyNamed: true,
      });
    }
  });

  it('were made anew, later, when the same tree was published again', () => {
    const key = parseVkey(read(`${RECORDED}/witness.vkey`).trim());
    const [first, again] = ['1219', '1219-republished'].map((name) =>
      verifyCosignatures(restoreCheckpoint(read(`${RECORDED}/checkpoints/${name}`)), [{ name: 'w1', key }], NOW),
    );
    expect(first?.map(({ time }) => new Date(time).toISOString())).toEqual(['2026-11-21T01:50:21.000Z']);
    expect(again?.map(({ time }) => new Date(time).toISOString())).toEqual(['2026-11-21T02:00:22.000Z']);
  });

  it.each(['sigsum-generic-2025-1', 'sigsum-test-2025-3', 'sigsum-test1-2025', 'sigsum-test2-2025'])(
    'are asked for by %s in another format, which is refused at its first key',
    (name) => {
      expect(() => parseWitnessPolicy(read(`${POLICIES}/${name}.builtin-policy`))).toThrow(
        /^Cannot parse line \d+ of a witness policy: Cannot parse verifier key "[0-9a-f]{64}"/,
      );
    },
  );
});

/** The recorded notes with cosignatures that hold. */
function readIndex(): { path: string; cosigned: string[] }[] {
  return read('INDEX.tsv')
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([path = '', , , , kind, , verdict = '']) => ({
      path,
      kind,
      cosigned: [...verdict.matchAll(/ok:cosig:(\S+)/g)].map(([, cosigned = '']) => cosigned).sort(),
    }))
    .filter(({ kind, cosigned }) => kind === 'signed-note' && cosigned.length > 0);
}
