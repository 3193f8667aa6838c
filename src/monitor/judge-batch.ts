import { decodeCtLeaf } from '../entry/ct-leaf.ts';
import { decodeEntry } from '../entry/decode.ts';
import type { DecodedEntry, ParsedEntry } from '../entry/entry.ts';
import type { Leaf, LogType } from '../log/log.ts';
import { judge, type JudgeContext } from '../policy/judge.ts';
import type { Judgement, Watch } from '../policy/watch.ts';

/** An entry that at least one watch selected, with what each watch makes of each of its signers. */
export interface JudgedEntry {
  readonly leaf: Leaf;
  readonly entry: ParsedEntry;
  readonly judgements: readonly Judgement[];
}

/** An entry that could not be decoded. */
export interface UnparsableEntry {
  readonly leaf: Leaf;
  readonly kind: string | null;
  readonly problem: string;
}

export interface JudgedBatch {
  readonly judged: readonly JudgedEntry[];
  readonly unparsable: readonly UnparsableEntry[];
  /** How many entries of each kind; what cannot be decoded counts as `unparsable`. */
  readonly kinds: ReadonlyMap<string, number>;
}

/** Decodes and judges consecutive leaves of a log of this type. Pure: call it only with leaves that are proven. */
export function judgeBatch(
  type: LogType,
  leaves: readonly Leaf[],
  watches: readonly Watch[],
  context: JudgeContext,
): JudgedBatch {
  const judged: JudgedEntry[] = [];
  const unparsable: UnparsableEntry[] = [];
  const kinds = new Map<string, number>();
  for (const leaf of leaves) {
    const decoded = decodeLeaf(type, leaf);
    const kind = decoded.ok ? decoded.entry.kind : 'unparsable';
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (!decoded.ok) {
      unparsable.push({ leaf, kind: decoded.kind, problem: decoded.problem });
      continue;
    }
    const judgements = judge(decoded.entry, watches, context);
    if (judgements.length > 0) {
      judged.push({ leaf, entry: decoded.entry, judgements });
    }
  }
  return { judged, unparsable, kinds };
}

function decodeLeaf(type: LogType, { data, extra }: Leaf): DecodedEntry {
  switch (type) {
    case 'rekor-v1':
    case 'rekor-v2':
      return decodeEntry(data);
    case 'ct':
      return decodeCtLeaf(data, extra);
  }
}

/** What was judged in pieces, as one. */
export function mergeBatches(batches: readonly JudgedBatch[]): JudgedBatch {
  const kinds = new Map<string, number>();
  for (const [kind, count] of batches.flatMap((batch) => [...batch.kinds])) {
    kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  }
  return {
    judged: batches.flatMap(({ judged }) => judged),
    unparsable: batches.flatMap(({ unparsable }) => unparsable),
    kinds,
  };
}
