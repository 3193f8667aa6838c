import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Frontier } from '../tlog/frontier.ts';
import type { Hash } from '../tlog/hash.ts';

/** What kind of log, and so which wire format. */
export type LogType = 'rekor-v1' | 'rekor-v2' | 'ct';

/** Where to begin with a source never seen before: at its end, at its first entry, at an index, or at a time. */
export type Start = 'head' | 'genesis' | number | Date;

/** One leaf as the log served it. `hash` is computed here from `data`, never taken from the answer. */
export interface Leaf {
  /** Position inside this tree. */
  readonly index: number;
  /** The exact bytes that were hashed into the tree. */
  readonly data: Buffer;
  readonly hash: Hash;
  /** What came with the leaf without being hashed into the tree (CT: precertificate and chain; Rekor v1: the stored attestation): nobody vouches for it. */
  readonly extra?: Buffer;
  /**
   * Whether the log signed `integratedTime` and `globalIndex` for this leaf (Rekor v1's signed entry timestamp). Checks the
   * signature when it is first asked. Absent where there is no such promise.
   */
  readonly isTimeSigned?: () => boolean;
  /** Unix seconds: as Rekor v1 reports them (not part of the leaf), or as a CT leaf says; null for logs that carry no time. */
  readonly integratedTime: number | null;
  /** Rekor v1's index over all its shards. */
  readonly globalIndex: number | null;
  /** Rekor v1's entry id: tree ID and leaf hash, 80 hex digits. */
  readonly uuid: string | null;
}

/** The log's own frontier of its first `frontier.size` leaves, shown by hashes that make the root of a signed checkpoint. */
export interface ProvenFrontier {
  readonly frontier: Frontier;
  /** The signed note whose root the hashes make; at least as large as the frontier. */
  readonly provenBy: SignedCheckpoint;
  /** The right siblings that lead from the frontier to that root, as evidence: see {@link Evidence.prefix}. */
  readonly nodes: readonly Hash[];
}

/** Consecutive leaves, and the log's frontier after the last of them. Whoever appends the leaf hashes to a proven frontier and meets this one has proven each of them. */
export interface EntryBatch {
  readonly leaves: readonly Leaf[];
  readonly after: ProvenFrontier;
  /** What was served as these leaves: evidence, should they not be the log's. */
  readonly served?: () => NonNullable<Evidence['served']>;
}

/** Reads one tree over the network. Every method throws {@link LogUnavailable} or {@link LogMisbehaved}, nothing else. */
export interface LogReader {
  readonly origin: string;
  readonly type: LogType;
  /** The log's current checkpoint, its signature and origin checked. */
  fetchCheckpoint(signal: AbortSignal): Promise<SignedCheckpoint>;
  /** The log's frontier at `size` ≤ `tree.size`, proven under `tree` or (Rekor v1) another signed checkpoint of the same log. */
  fetchFrontier(tree: SignedCheckpoint, size: number, signal: AbortSignal): Promise<ProvenFrontier>;
  /** Whether the log shows `small` to be a prefix of `large`. False is no proof of the contrary. */
  proveConsistency(small: SignedCheckpoint, large: SignedCheckpoint, signal: AbortSignal): Promise<boolean>;
  /**
   * Every leaf of `tree` from index `from` on, in order and without a hole; with `to`, no more than it takes to get those before
   * it. What cannot be had ends it with LogUnavailable, once all that lies before was yielded.
   */
  entries(tree: SignedCheckpoint, from: number, signal: AbortSignal, to?: number): AsyncIterable<EntryBatch>;
  /** The index of the first leaf integrated at or after `time`. Only logs with a time in their entries; others throw LogUnavailable. */
  indexAt(tree: SignedCheckpoint, time: Date, signal: AbortSignal): Promise<number>;
  /** Shows that entry `index` < `tree.size` is in the log, under `tree` or (Rekor v1) another signed checkpoint of it. */
  proveInclusion(tree: SignedCheckpoint, index: number, signal: AbortSignal): Promise<EntryEvidence>;
  /**
   * The proven frontier behind entries that the log does not serve: those from `from` to the next at which reading can go on
   * (Rekor v1: one; where entries come in bundles: to the end of the bundle). Null where the log does not show it.
   */
  stepOver(tree: SignedCheckpoint, from: number, signal: AbortSignal): Promise<ProvenFrontier | null>;
  /** True when the source says that this tree no longer grows (an inactive Rekor v1 shard, a frozen Rekor v2 checkpoint), as of the last fetchCheckpoint. */
  readonly inactive: boolean;
  /**
   * Whether the log shows that it ends with `tree`: the checkpoint says so itself (Rekor v2), or the next shard's first entry
   * is signed for the global index behind its last one (Rekor v1).
   */
  confirmEnd(tree: SignedCheckpoint, signal: AbortSignal): Promise<boolean>;
  /** True when answers should bypass every cache: set for the second look at something that did not fit. */
  fresh: boolean;
}

/** Something that serves one log or, Rekor v1, a sequence of shards. */
export interface LogSource {
  readonly name: string;
  readonly type: LogType;
  readonly url: string;
  /** Origin of the log or, Rekor v1, the host part of the shards' origins. */
  readonly origin: string;
  readonly start: Start;
  /** The logs that the source serves now, oldest first; the same reader for the same log each time. */
  discover(signal: AbortSignal): Promise<readonly LogReader[]>;
  /** Origins of logs that the last discover() was the first to leave out, though the source serves them: nobody signed them, and there are too many. */
  readonly leftOut?: readonly string[];
}

/** The log, or the way to it, does not answer usefully: wait and try again, for ever. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable';
  /** What the server asked us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The answer was larger than we take: asking for less of it at once may help. */
  readonly tooLarge: boolean;
  /** The source answers, but no longer names this log. */
  readonly unlisted: boolean;
  /** The whole server is down or overloaded, as far as can be told: it is no use to ask it for something else now. */
  readonly outOfOrder: boolean;

  constructor(
    message: string,
    options: {
      cause?: unknown;
      retryAfterMs?: number | undefined;
      tooLarge?: boolean;
      unlisted?: boolean;
      outOfOrder?: boolean;
    } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.retryAfterMs = options.retryAfterMs;
    this.tooLarge = options.tooLarge ?? false;
    this.unlisted = options.unlisted ?? false;
    this.outOfOrder = options.outOfOrder ?? false;
  }
}

export type MisbehaviourKind =
  | 'fork'
  | 'rollback'
  | 'bad-signature'
  | 'wrong-origin'
  | 'entry-mismatch'
  | 'entries-withheld'
  | 'frozen-log-grew'
  | 'witness-missing';

/** What shows that a log misbehaved. Kept in full with the alert. */
export interface Evidence {
  readonly kind: MisbehaviourKind;
  /** Origin of the log that was asked. */
  readonly log: string;
  /** True when the notes contradict each other by themselves: nobody without the log's key can have made them. */
  readonly signed: boolean;
  /** Signed notes, verbatim; what was known first stands first. */
  readonly notes: readonly string[];
  /** Nodes that make the root of the last note and give, for its first `size` leaves, another root than the first note signs. */
  readonly prefix?: {
    readonly size: number;
    /** The frontier at `size`, left to right. */
    readonly frontier: readonly Hash[];
    /** The siblings right of leaf `size` − 1 on its way to the root of the tree, bottom up, as its inclusion proof has them. */
    readonly nodes: readonly Hash[];
    readonly root: Hash;
  };
  /** What was served; nobody signed that it was, so it is our report only. */
  readonly served?: { readonly url: string; readonly sha256: string; readonly excerpt: string };
  /** Entries of the signed tree that were asked for in vain, from ≤ index < to, and what came instead: our report only, too. */
  readonly unserved?: { readonly from: number; readonly to: number; readonly answer: string };
}

/** What shows that an entry is in a log. */
export interface EntryEvidence {
  readonly kind: 'inclusion';
  /** Origin. */
  readonly log: string;
  readonly type: LogType;
  readonly leaf: Leaf;
  /** Rekor v1's signature over body, time and global index; null for other logs. */
  readonly timestamp: Buffer | null;
  /** SHA-256 of the key as Rekor v1 states it, hex; null for other logs. */
  readonly logId: string | null;
  readonly proof: { readonly size: number; readonly root: Hash; readonly hashes: readonly Hash[] };
  /** The signed note over that root, verbatim. */
  readonly checkpoint: string;
}

/** The log contradicts itself or its signature. Keep the evidence, tell people, hold this log's position, go on with the others. */
export class LogMisbehaved extends Error {
  override readonly name = 'LogMisbehaved';
  readonly evidence: Evidence;

  constructor(message: string, evidence: Evidence, options?: ErrorOptions) {
    super(message, options);
    this.evidence = evidence;
  }
}
