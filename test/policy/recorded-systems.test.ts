import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import { checkSignature } from '../../src/entry/signature.ts';
import { judge } from '../../src/policy/judge.ts';
import type { Watch } from '../../src/policy/watch.ts';
import { createChainVerifier } from '../../src/trust/chain.ts';
import { createConfigFolder } from '../config/config-folder.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

const LATER = new Date('2027-01-01T00:00:00Z');

interface Recorded {
  readonly log: 'v1' | 'v2';
  readonly index: number;
  readonly what: string;
  readonly judgements: readonly {
    readonly watch: string;
    readonly verdict: string;
    readonly failing: readonly string[];
  }[];
}

// Entries made through real servers with the systems' own identities, attacks among them, and what is to be made of each.
describe.runIf(hasRealdata)('judge() on the recorded systems', () => {
  it.each([
    ['flux', 26],
    ['tekton', 29],
    ['aks', 27],
    ['argo-cd', 30],
  ])('%s: reaches every recorded verdict', (system, count) => {
    const { watches, bodies, context } = open(system);
    const expected = linesOf(realdata(`systems/${system}/recorded/expected.jsonl`));
    const found = expected.map((recorded) => {
      const decoded = decodeEntry(bodies(recorded));
      expect(decoded.ok).toBe(true);
      const judgements = decoded.ok ? judge(decoded.entry, watches, context) : [];
      return {
        what: recorded.what,
        judgements: judgements.map(({ watch, verdict, violations }) => ({
          watch,
          verdict,
          failing: violations.map(({ claim }) => claim).sort(),
        })),
      };
    });
    const sorted = (judgements: Recorded['judgements']): unknown =>
      judgements.map((judgement) => ({ ...judgement, failing: [...judgement.failing].sort() }));
    expect(found).toEqual(expected.map(({ what, judgements }) => ({ what, judgements: sorted(judgements) })));
    expect(found).toHaveLength(count);
  });
});

function open(system: string): {
  watches: readonly Watch[];
  bodies: (entry: Recorded) => Buffer;
  context: Parameters<typeof judge>[2];
} {
  const file = realdata(`systems/${system}/watches.yaml`);
  const folder = createConfigFolder();
  const yaml = readFileSync(file, 'utf8')
    .replaceAll('./recorded', `${dirname(file)}/recorded`)
    .replace(/^ +artifacts: .*\n/gm, '');
  const config = loadConfig(folder.write('sigwatch.yaml', yaml), {});
  folder.remove();
  const chainOf = createChainVerifier(config.trust.authorities, null);
  const recorded = `systems/${system}/recorded`;
  const v2 = bundleOf(recorded);
  return {
    watches: config.watches,
    bodies: ({ log, index }) =>
      log === 'v1'
        ? readFileSync(realdata(`${recorded}/v1/bodies/${String(index).padStart(3, '0')}.json`))
        : (v2[index] ?? Buffer.alloc(0)),
    context: {
      chainOf: (certificate) => chainOf(certificate, LATER),
      signatureOf: checkSignature,
      sctOf: () => 'absent',
      now: LATER,
    },
  };
}

/** The leaves of a small log: each after its length in two bytes (c2sp.org/tlog-tiles). */
function bundleOf(recorded: string): readonly Buffer[] {
  const size = Number(readFileSync(realdata(`${recorded}/v2/log/checkpoint`), 'utf8').split('\n')[1]);
  let rest = readFileSync(realdata(`${recorded}/v2/log/tile/entries/000.p/${size}`));
  return Array.from({ length: size }, () => {
    const end = 2 + rest.readUInt16BE(0);
    const leaf = rest.subarray(2, end);
    rest = rest.subarray(end);
    return leaf;
  });
}

function linesOf(file: string): readonly Recorded[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded); // our own recorded file
}
