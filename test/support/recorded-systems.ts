import { readFileSync } from 'node:fs';

/** One line of a system's expected.jsonl: what each watch is to make of an entry. */
export interface RecordedVerdict {
  readonly log: 'v1' | 'v2';
  readonly index: number;
  readonly kind: string;
  readonly what: string;
  readonly judgements: readonly {
    readonly watch: string;
    readonly verdict: string;
    readonly failing: readonly string[];
  }[];
}

/** The leaves of a small recorded log of Rekor v2: each after its length in two bytes (c2sp.org/tlog-tiles). */
export function bundleOf(recorded: string): readonly Buffer[] {
  const size = Number(readFileSync(`${recorded}/v2/log/checkpoint`, 'utf8').split('\n')[1]);
  let rest = readFileSync(`${recorded}/v2/log/tile/entries/000.p/${size}`);
  return Array.from({ length: size }, () => {
    const end = 2 + rest.readUInt16BE(0);
    const leaf = rest.subarray(2, end);
    rest = rest.subarray(end);
    return leaf;
  });
}
