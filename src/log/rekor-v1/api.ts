import type { SearchLogQuery } from '@sigstore/rekor-types';
import type { Hash } from '../../tlog/hash.ts';
import type { HttpAnswer, HttpClient } from '../http.ts';
import { LogUnavailable } from '../log.ts';
import { parseAnswer } from '../parse-answer.ts';
import {
  MAX_ENTRIES_BYTES,
  MAX_LOG_INFO_BYTES,
  MAX_PROOF_BYTES,
  parseConsistencyProof,
  parseEntries,
  parseLogInfo,
  type ListedShard,
  type ServedEntry,
} from './responses.ts';

/** More are refused (rekor openapi.yaml, SearchLogQuery). */
export const MAX_INDEXES = 10;
/** What a server says that does not have, or does not give, the proof that was asked for (rekor pkg/api/tlog.go). */
const REFUSED = [400, 404, 405, 422, 501];

export interface LogInfo {
  readonly url: string;
  /** Oldest first; the active one last. */
  readonly shards: readonly ListedShard[];
}

/** An entry and the answer it stood in, kept as evidence until the entry is proven. */
export interface RetrievedEntry extends ServedEntry {
  readonly answer: HttpAnswer;
}

/** The requests to one Rekor v1 server. Each throws LogUnavailable unless the answer has the expected shape; nothing is proven here. */
export interface Api {
  logInfo(fresh: boolean, signal: AbortSignal): Promise<LogInfo>;
  /**
   * The entries at some of these global indexes, in any order, omissions and repetitions included: at most 10 are asked for at once.
   * With `maxBytes`, the answer has no more; else entries that are too large together are asked for in smaller numbers.
   */
  retrieve(
    globalIndexes: readonly number[],
    fresh: boolean,
    signal: AbortSignal,
    maxBytes?: number,
  ): Promise<readonly RetrievedEntry[]>;
  /** The consistency proof between two sizes ≥ 1 of a shard, or null when the server gives none. */
  consistencyProof(
    treeId: string,
    sizes: { readonly small: number; readonly large: number },
    fresh: boolean,
    signal: AbortSignal,
  ): Promise<readonly Hash[] | null>;
}

/** The REST API below `url` (rekor openapi.yaml). */
export function createApi(url: string, http: HttpClient): Api {
  const base = `${url.replace(/\/+$/, '')}/api/v1/log`;

  const api: Api = {
    async logInfo(fresh, signal) {
      const answer = await http.fetch({ url: base, maxBytes: MAX_LOG_INFO_BYTES, fresh }, signal);
      return { url: answer.url, shards: parseAnswer(answer, `the list of shards from "${answer.url}"`, parseLogInfo) };
    },

    async retrieve(globalIndexes, fresh, signal, maxBytes) {
      const json = { logIndexes: [...globalIndexes] } satisfies SearchLogQuery;
      const request = { url: `${base}/entries/retrieve`, json, maxBytes: maxBytes ?? MAX_ENTRIES_BYTES, fresh };
      let answer: HttpAnswer;
      try {
        answer = await http.fetch(request, signal);
      } catch (error) {
        const divisible = maxBytes === undefined && globalIndexes.length > 1;
        if (!(error instanceof LogUnavailable && error.tooLarge && divisible)) {
          throw error;
        }
        // Otherwise whoever logs ten large entries in a row would stop us here for ever.
        const half = Math.floor(globalIndexes.length / 2);
        const first = await api.retrieve(globalIndexes.slice(0, half), fresh, signal);
        return [...first, ...(await api.retrieve(globalIndexes.slice(half), fresh, signal))];
      }
      return parseAnswer(answer, `entries from "${answer.url}"`, parseEntries).map((entry) => ({ ...entry, answer }));
    },

    async consistencyProof(treeId, { small, large }, fresh, signal) {
      const query = `firstSize=${small}&lastSize=${large}&treeID=${treeId}`;
      const request = { url: `${base}/proof?${query}`, maxBytes: MAX_PROOF_BYTES, fresh, accept: REFUSED };
      const answer = await http.fetch(request, signal);
      return answer.status === 200
        ? parseAnswer(answer, `a consistency proof from "${answer.url}"`, parseConsistencyProof)
        : null;
    },
  };
  return api;
}
