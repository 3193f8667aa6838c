import type { LogReader, LogSource, Start } from '../log/log.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Vantage } from './vantage.ts';

/** A source to follow, and what the operator asks of its logs. */
export interface FollowedSource extends Expectations {
  readonly source: LogSource;
  /** The same logs at other addresses: their checkpoints are compared with what the source shows. */
  readonly also: readonly LogSource[];
  /** What is asked of single logs of it (shards) instead, by their origins. */
  readonly shards: ReadonlyMap<string, FollowedShard>;
}

/** What is asked of one shard. What is absent is as for its source. */
export interface FollowedShard extends Partial<Expectations> {
  readonly also?: readonly LogSource[];
  readonly start?: Start;
  /** False: neither followed nor shown. */
  readonly enabled?: boolean;
}

/** One log to follow. */
export interface FollowedLog extends Expectations {
  readonly reader: LogReader;
  /** Where to begin, if it has no position yet. */
  readonly start: Start;
  /** The same log at other addresses. */
  readonly also: readonly Vantage[];
}

interface Expectations {
  /** After so long without a sign of life a log is told as stalled, and what it signed and does not serve as withheld; null: never stalled. */
  readonly staleAfterMs: number | null;
  /** A checkpoint that the operator vouches for: the log must be consistent with it before it is joined, and `head` means there. */
  readonly pinned: SignedCheckpoint | null;
}

/** How long a live log may be without a sign of life where the configuration says nothing. */
export const STALE_AFTER_MS = 3_600_000;

/** A source of which nothing is asked in particular. */
export function followed(source: LogSource, differing: Partial<FollowedSource> = {}): FollowedSource {
  return { source, also: [], staleAfterMs: STALE_AFTER_MS, pinned: null, shards: new Map(), ...differing };
}

/** A log of which nothing is asked in particular. */
export function followedLog(reader: LogReader, differing: Partial<FollowedLog> = {}): FollowedLog {
  return { reader, start: 'head', also: [], staleAfterMs: STALE_AFTER_MS, pinned: null, ...differing };
}
