import type { Config } from '../config/config.ts';
import type { NamedLog } from '../evidence/log-key.ts';
import { createHttpClient } from '../log/http.ts';
import { LogUnavailable, type EntryEvidence } from '../log/log.ts';
import { createSources } from '../sources.ts';
import type { Hash } from '../tlog/hash.ts';
import type { TrustData } from '../trust/trusted-root.ts';
import { isOf } from './known-keys.ts';

/** How long the log may be silent in one exchange, and how long it may take in all. */
const SILENCE_MS = 15_000;
const PATIENCE_MS = 60_000;

/** An entry, as it was proven before. */
export interface KnownEntry {
  readonly log: NamedLog;
  readonly index: number;
  /** Null where it is not kept. */
  readonly hash: Hash | null;
}

/** The log signed a tree that ends before the entry. */
export class BeyondTree extends LogUnavailable {
  /** Entries of the tree. */
  readonly size: number;

  constructor(message: string, size: number) {
    super(message);
    this.size = size;
  }
}

/** Asks the log for an entry and its proof. Throws LogUnavailable or LogMisbehaved where it does not show that very entry. */
export async function fetchEntry(
  { log, index, hash }: KnownEntry,
  config: Config,
  trust: TrustData,
  signal: AbortSignal,
): Promise<EntryEvidence> {
  const { proxy, ca } = config.network;
  const http = createHttpClient({ timeoutMs: SILENCE_MS, proxy, ca });
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const { source } =
      createSources(config.logs, trust, { http, publicHttp: http }).find(({ source }) => isOf(log, source)) ?? {};
    const readers = (await source?.discover(limited)) ?? [];
    const reader = readers.find(({ origin }) => origin === log.origin);
    if (reader === undefined) {
      throw new LogUnavailable(
        `Cannot ask "${log.origin}" for its entry ${index}: expected a log that the configuration follows`,
      );
    }
    const checkpoint = await reader.fetchCheckpoint(limited);
    if (checkpoint.size <= index) {
      const message = `Cannot prove entry ${index} of "${log.origin}": the log shows a tree of ${checkpoint.size} entries now`;
      throw new BeyondTree(message, checkpoint.size);
    }
    const proof = await reader.proveInclusion(checkpoint, index, limited);
    if (hash !== null && !proof.leaf.hash.equals(hash)) {
      throw new LogUnavailable(
        `Cannot prove entry ${index} of "${log.origin}": the log shows another one there now than it did before`,
      );
    }
    return proof;
  } catch (error) {
    if (limited.aborted && !signal.aborted) {
      const message = `Cannot prove entry ${index} of "${log.origin}": no proof within ${PATIENCE_MS} ms`;
      throw new LogUnavailable(message, { cause: error });
    }
    throw error;
  } finally {
    await http.close();
  }
}
