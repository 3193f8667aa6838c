import type { Hash } from '../../tlog/hash.ts';
import type { TreeHead } from '../../tlog/tree-head.ts';
import { excerpt } from '../excerpt.ts';
import type { HttpAnswer, HttpClient } from '../http.ts';
import { LogUnavailable } from '../log.ts';
import { parseAnswer } from '../parse-answer.ts';
import {
  MAX_ENTRIES_BYTES,
  MAX_ENTRY_BYTES,
  MAX_SMALL_BYTES,
  parseConsistency,
  parseEntries,
  parseEntryAndProof,
  parseProof,
  parseTreeHead,
  type ServedEntry,
  type ServedProof,
} from './responses.ts';

/** What a log says that does not have, or does not give, what was asked for (RFC 6962 §4, "Error responses", and servers that leave methods out). */
const REFUSED = [400, 404, 405, 410, 501];
/** The same of entries: a server that cannot read one of them fails for all that are asked for with it. */
const UNREADABLE = [...REFUSED, 500];

export interface ServedTreeHead {
  readonly answer: HttpAnswer;
  readonly head: TreeHead;
}

export interface ServedEntries {
  readonly answer: HttpAnswer;
  /** At least one. */
  readonly entries: readonly ServedEntry[];
}

export interface ServedEntryAndProof {
  readonly answer: HttpAnswer;
  readonly entry: ServedEntry;
  readonly hashes: readonly Hash[];
}

/** The requests to one log of RFC 6962. Each throws LogUnavailable unless the answer has the expected shape; nothing is proven here. */
export interface Api {
  treeHead(fresh: boolean, signal: AbortSignal): Promise<ServedTreeHead>;
  /**
   * Some of the leaves from ≤ index < to, beginning with the first: a log may give fewer than were asked for, but not none. An
   * answer has no more than `maxBytes`; where not even the first leaf fits, that is said (`tooLarge`).
   */
  entries(from: number, to: number, fresh: boolean, signal: AbortSignal, maxBytes?: number): Promise<ServedEntries>;
  /** The consistency proof between two sizes ≥ 1, or null when the log gives none. */
  consistency(small: number, large: number, fresh: boolean, signal: AbortSignal): Promise<readonly Hash[] | null>;
  /** The leaf at `index` with its inclusion proof in the tree of `size`, or null when the log gives none, or both are too large. */
  entryAndProof(index: number, size: number, fresh: boolean, signal: AbortSignal): Promise<ServedEntryAndProof | null>;
  /** Where a leaf with this hash is in the tree of `size`, and its inclusion proof, or null when the log gives none. */
  proofByHash(leaf: Hash, size: number, fresh: boolean, signal: AbortSignal): Promise<ServedProof | null>;
}

/** The API below `base`, which has no slash at its end (RFC 6962 §4). */
export function createApi(base: string, http: HttpClient): Api {
  const api = `${base}/ct/v1`;

  /** Null where the log refuses. */
  async function ask<T>(
    query: string,
    limits: { readonly maxBytes: number; readonly accept: readonly number[] },
    fresh: boolean,
    parse: (body: Buffer) => T,
    signal: AbortSignal,
  ): Promise<{ readonly answer: HttpAnswer; readonly parsed: T } | null> {
    const answer = await http.fetch({ url: `${api}/${query}`, ...limits, fresh }, signal);
    return answer.status === 200 ? { answer, parsed: parseAnswer(answer, `"${answer.url}"`, parse) } : null;
  }

  const small = { maxBytes: MAX_SMALL_BYTES, accept: REFUSED };

  return {
    async treeHead(fresh, signal) {
      const request = { url: `${api}/get-sth`, maxBytes: MAX_SMALL_BYTES, fresh, conditional: true };
      const answer = await http.fetch(request, signal);
      return { answer, head: parseAnswer(answer, `the tree head from "${answer.url}"`, parseTreeHead) };
    },

    async entries(from, to, fresh, signal, maxBytes = MAX_ENTRIES_BYTES) {
      let refusal = '';
      let tooLarge = false;
      // Asked for fewer and fewer, so that one that is too large or cannot be read does not hide those before it.
      for (let end = to; end > from; end = from + Math.floor((end - from) / 2)) {
        const url = `${api}/get-entries?start=${from}&end=${end - 1}`;
        try {
          const answer = await http.fetch({ url, maxBytes, accept: UNREADABLE, fresh }, signal);
          if (answer.status === 200) {
            return {
              answer,
              entries: parseAnswer(answer, `"${answer.url}"`, (body) => parseEntries(body, end - from)),
            };
          }
          [refusal, tooLarge] = [`status ${answer.status}: "${excerpt(answer.body)}"`, false];
        } catch (error) {
          if (!(error instanceof LogUnavailable && error.tooLarge)) {
            throw error;
          }
          [refusal, tooLarge] = [error.message, true];
        }
      }
      throw new LogUnavailable(`Cannot fetch entry ${from} from "${api}/get-entries": ${refusal}`, { tooLarge });
    },

    async consistency(first, second, fresh, signal) {
      const query = `get-sth-consistency?first=${first}&second=${second}`;
      return (await ask(query, small, fresh, parseConsistency, signal))?.parsed ?? null;
    },

    async entryAndProof(index, size, fresh, signal) {
      const query = `get-entry-and-proof?leaf_index=${index}&tree_size=${size}`;
      const limits = { maxBytes: MAX_ENTRY_BYTES, accept: UNREADABLE };
      try {
        const served = await ask(query, limits, fresh, parseEntryAndProof, signal);
        return served && { answer: served.answer, ...served.parsed };
      } catch (error) {
        // Its proof can be asked for by its hash.
        if (error instanceof LogUnavailable && error.tooLarge) {
          return null;
        }
        throw error;
      }
    },

    async proofByHash(leaf, size, fresh, signal) {
      const query = `get-proof-by-hash?hash=${encodeURIComponent(leaf.toString('base64'))}&tree_size=${size}`;
      return (await ask(query, small, fresh, parseProof, signal))?.parsed ?? null;
    },
  };
}
