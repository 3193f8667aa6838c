import { withAttestation } from '../entry/attestation.ts';
import { decodeCtLeaf } from '../entry/ct-leaf.ts';
import { decodeEntry } from '../entry/decode.ts';
import type { DecodedEntry, ParsedEntry } from '../entry/entry.ts';
import type { Leaf, LogType } from '../log/log.ts';
import { judge } from '../policy/judge.ts';
import { findMentions, type Mention } from '../policy/mentions.ts';
import type { JudgeContext } from '../policy/standing.ts';
import type { Judgement, Watch } from '../policy/watch.ts';

/** An entry that at least one watch selected, with what each watch makes of each of its signers. */
export interface JudgedEntry {
  readonly leaf: Leaf;
  readonly entry: ParsedEntry;
  readonly judgements: readonly Judgement[];
}

/** An entry of which nothing can be said: it cannot be decoded, or is of a kind or version that is not known. */
export interface UnparsableEntry {
  readonly leaf: Leaf;
  /** As far as it can be told; so the version. */
  readonly kind: string | null;
  readonly apiVersion: string | null;
  readonly problem: string;
  /** True for a kind or version that is not known. */
  readonly unread: boolean;
  /** What of the watches stands in it. */
  readonly mentions: readonly Mention[];
  /** False where it unfolds to so much that it was searched for them only in part. */
  readonly isSearched: boolean;
}

/** An entry that no watch selected, and the artifacts that it binds. */
export interface UnselectedEntry {
  readonly leaf: Leaf;
  /** Never empty. */
  readonly artifacts: readonly string[];
}

export interface JudgedBatch {
  readonly judged: readonly JudgedEntry[];
  /** Only while some watch follows its artifacts: anybody may sign one of them. */
  readonly unselected: readonly UnselectedEntry[];
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
  const unselected: UnselectedEntry[] = [];
  const unparsable: UnparsableEntry[] = [];
  const kinds = new Map<string, number>();
  const isFollowing = watches.some(({ artifacts }) => artifacts?.follow === true);
  for (const leaf of leaves) {
    const decoded = decodeLeaf(type, leaf);
    const kind = decoded.ok ? decoded.entry.kind : 'unparsable';
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (!decoded.ok || decoded.entry.unread) {
      unparsable.push(searched(leaf, decoded, watches));
      continue;
    }
    const judgements = judge(decoded.entry, watches, context, () => signedTimeOf(leaf));
    if (judgements.length > 0) {
      judged.push({ leaf, entry: decoded.entry, judgements });
    } else if (isFollowing && decoded.entry.artifacts.length > 0) {
      unselected.push({ leaf, artifacts: decoded.entry.artifacts });
    }
  }
  return { judged, unselected, unparsable, kinds };
}

/** What cannot be read may still hold what somebody watches. */
function searched(leaf: Leaf, decoded: DecodedEntry, watches: readonly Watch[]): UnparsableEntry {
  const { kind, apiVersion } = decoded.ok ? decoded.entry : decoded;
  const { mentions, complete } = findMentions(watches, { kind, data: leaf.data });
  const problem = decoded.ok
    ? `Cannot read entry of kind "${kind ?? ''}", version "${apiVersion ?? ''}": expected one that is known here`
    : decoded.problem;
  return {
    leaf,
    kind,
    apiVersion,
    problem: complete ? problem : `${problem}; searched in part`,
    unread: decoded.ok,
    mentions,
    isSearched: complete,
  };
}

/** Unix seconds, as far as the log signed them. */
export function signedTimeOf({ integratedTime, isTimeSigned }: Leaf): number | null {
  return isTimeSigned?.() === true ? integratedTime : null;
}

/** Reads a leaf of a log of this type, with what came beside it as far as that can be bound to it. Pure; never throws. */
export function decodeLeaf(type: LogType, { data, extra }: Pick<Leaf, 'data' | 'extra'>): DecodedEntry {
  switch (type) {
    case 'rekor-v1':
      return decodeAttested(data, extra);
    case 'rekor-v2':
      return decodeEntry(data);
    case 'ct':
      return decodeCtLeaf(data, extra);
  }
}

/** Rekor v1 serves the payload as it was stored, and nothing but its hash says whether it is the one that was signed. */
function decodeAttested(data: Buffer, stored: Buffer | undefined): DecodedEntry {
  const decoded = decodeEntry(data);
  return decoded.ok && stored !== undefined
    ? { ok: true, entry: withAttestation(decoded.entry, { payload: stored, payloadType: null }) }
    : decoded;
}

/** What was judged in pieces, as one. */
export function mergeBatches(batches: readonly JudgedBatch[]): JudgedBatch {
  const kinds = new Map<string, number>();
  for (const [kind, count] of batches.flatMap((batch) => [...batch.kinds])) {
    kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  }
  return {
    judged: batches.flatMap(({ judged }) => judged),
    unselected: batches.flatMap(({ unselected }) => unselected),
    unparsable: batches.flatMap(({ unparsable }) => unparsable),
    kinds,
  };
}
