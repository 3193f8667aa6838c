import { systemClock, type Clock } from '../../lib/clock.ts';
import type { NonEmpty } from '../../lib/non-empty.ts';
import type { NoteKey } from '../../tlog/note.ts';
import type { HttpClient } from '../http.ts';
import { LogUnavailable, type LogSource, type Start } from '../log.ts';
import { createApi } from './api.ts';
import { openListedHead } from './listed-head.ts';
import { shardOrigin } from './proven-entry.ts';
import { MAX_SHARDS, type ListedShard } from './responses.ts';
import { shareLogInfo } from './shared-log-info.ts';
import { ShardReader } from './shard-reader.ts';

export interface RekorV1Options {
  readonly name: string;
  /** Base URL of the server. */
  readonly url: string;
  /** The host part: that of a shard is `<origin> - <tree ID>` (rekor pkg/util/checkpoint.go). */
  readonly origin: string;
  /** Named like `origin`. Any of them may sign any shard. */
  readonly keys: NonEmpty<NoteKey>;
  readonly start: Start;
}

/**
 * Shards whose head no key of the log signed are followed as well, for that is told; but the list itself is not signed,
 * and whoever serves it could name new ones without end: each of them would be a log and an alert of its own.
 */
const MAX_UNSIGNED = 8;
/** So many more of them are named. */
const MAX_NAMED = 64;

/** A Rekor v1 server: a source of one log for each of its shards. */
export function createRekorV1Source(options: RekorV1Options, http: HttpClient, clock: Clock = systemClock): LogSource {
  const { name, url, origin, keys, start } = options;
  const api = createApi(url, http);
  const logInfo = shareLogInfo((fresh, signal) => api.logInfo(fresh, signal), clock);
  const readers = new Map<string, ShardReader>();
  let unsigned = 0;
  const named = new Set<string>();
  let leftOut: readonly string[] = [];

  /** The reader of a shard, or null for one too many that nobody signed. */
  const readerOf = (listed: ListedShard): ShardReader | null => {
    const { treeId } = listed;
    const known = readers.get(treeId);
    if (known !== undefined) {
      return known;
    }
    const shard = { host: origin, treeId, origin: shardOrigin(origin, treeId), keys };
    if (openListedHead(listed, shard) === null) {
      if (unsigned === MAX_UNSIGNED) {
        return null;
      }
      unsigned += 1;
    }
    const reader = new ShardReader(shard, api, logInfo);
    readers.set(treeId, reader);
    return reader;
  };

  const nameLeftOut = (shards: readonly ListedShard[]): readonly string[] => {
    const origins = shards
      .filter(({ treeId }) => !readers.has(treeId))
      .map(({ treeId }) => shardOrigin(origin, treeId));
    const first = origins.filter((each) => !named.has(each)).slice(0, MAX_NAMED - named.size);
    first.forEach((each) => named.add(each));
    return first;
  };

  return {
    name,
    type: 'rekor-v1',
    url,
    origin,
    start,
    get leftOut() {
      return leftOut;
    },
    async discover(signal) {
      const { url: asked, shards } = await api.logInfo(false, signal);
      const found = shards.flatMap((listed) => readerOf(listed) ?? []);
      leftOut = nameLeftOut(shards);
      if (readers.size > MAX_SHARDS + MAX_UNSIGNED) {
        throw new LogUnavailable(`Cannot follow "${asked}": it has signed more than ${MAX_SHARDS} shards`);
      }
      return found;
    },
  };
}
