import { systemClock, type Clock } from '../../lib/clock.ts';
import type { NonEmpty } from '../../lib/non-empty.ts';
import type { NoteKey } from '../../tlog/note.ts';
import type { HttpClient } from '../http.ts';
import { LogUnavailable, type LogSource, type Start } from '../log.ts';
import { createApi } from './api.ts';
import { shardOrigin } from './proven-entry.ts';
import { MAX_SHARDS } from './responses.ts';
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

/** A Rekor v1 server: a source of one log for each of its shards. */
export function createRekorV1Source(options: RekorV1Options, http: HttpClient, clock: Clock = systemClock): LogSource {
  const { name, url, origin, keys, start } = options;
  const api = createApi(url, http);
  const logInfo = shareLogInfo((fresh, signal) => api.logInfo(fresh, signal), clock);
  const readers = new Map<string, ShardReader>();

  return {
    name,
    type: 'rekor-v1',
    url,
    origin,
    start,
    async discover(signal) {
      const { url: asked, shards } = await api.logInfo(false, signal);
      return shards.map(({ treeId }) => {
        const shard = { host: origin, treeId, origin: shardOrigin(origin, treeId), keys };
        const reader = readers.get(treeId) ?? new ShardReader(shard, api, logInfo);
        readers.set(treeId, reader);
        if (readers.size > MAX_SHARDS) {
          readers.delete(treeId);
          throw new LogUnavailable(`Cannot follow "${asked}": it has listed more than ${MAX_SHARDS} shards`);
        }
        return reader;
      });
    },
  };
}
