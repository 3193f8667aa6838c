import type { Hash } from '../../tlog/hash.ts';
import { bundlePath, TILE_WIDTH, tilePath, type Tile } from '../../tlog/tile.ts';
import { MAX_CHECKPOINT_BYTES } from '../checkpoint-evidence.ts';
import type { HttpAnswer, HttpClient } from '../http.ts';
import { LogUnavailable } from '../log.ts';
import { parseAnswer } from '../parse-answer.ts';
import { MAX_BUNDLE_BYTES, MAX_TILE_BYTES, parseBundle, parseServedTile } from './responses.ts';

/** Statuses of something that is not, or no longer, there (403: a bucket whose keys may not be listed; 410: below the minimum index of a pruned log, c2sp.org/tlog-tiles). */
const ABSENT = [403, 404, 410];
/** What the write address of a Rekor v2 server says where its tiles are asked for (seen on sigstore/rekor-tiles v2.3.0). */
const WRITE_ADDRESS = [404, 501];

export interface ServedTile {
  /** The body is the one that was served, be it of the full tile. */
  readonly answer: HttpAnswer;
  readonly hashes: readonly Hash[];
}

export interface ServedBundle {
  readonly answer: HttpAnswer;
  readonly records: readonly Buffer[];
}

/** The files of one log. Each function throws LogUnavailable unless what is served has the shape that was asked for; nothing is proven here. */
export interface Resources {
  checkpoint(fresh: boolean, signal: AbortSignal): Promise<HttpAnswer>;
  tile(tile: Tile, fresh: boolean, signal: AbortSignal): Promise<ServedTile>;
  /** The first `width` leaves of bundle `index`, if all that is served of it has no more than `maxBytes`. */
  bundle(index: number, width: number, fresh: boolean, signal: AbortSignal, maxBytes?: number): Promise<ServedBundle>;
}

/** The tile layout below `url` + `readPath` (c2sp.org/tlog-tiles). */
export function createResources(url: string, readPath: string, http: HttpClient): Resources {
  const base = joinPath(url, readPath);
  return {
    async checkpoint(fresh, signal) {
      const answer = await http.fetch(
        { url: `${base}/checkpoint`, maxBytes: MAX_CHECKPOINT_BYTES, fresh, conditional: true, accept: WRITE_ADDRESS },
        signal,
      );
      if (answer.status === 200) {
        return answer;
      }
      throw new LogUnavailable(
        `Cannot fetch "${answer.url}": status ${answer.status}; is "${url}" the address of writers, ` +
          `or does the log serve its tiles below another read_path than "${readPath}"?`,
      );
    },

    async tile(tile, fresh, signal) {
      const { answer, parsed } = await fetchGrown(
        http,
        (width) => `${base}/${tilePath({ ...tile, width })}`,
        tile.width,
        { maxBytes: MAX_TILE_BYTES, fresh },
        (body, served) => parseServedTile(body, served, tile.width),
        signal,
      );
      return { answer, hashes: parsed };
    },

    async bundle(index, width, fresh, signal, maxBytes = MAX_BUNDLE_BYTES) {
      const { answer, parsed } = await fetchGrown(
        http,
        (served) => `${base}/${bundlePath(index, served)}`,
        width,
        { maxBytes, fresh },
        (body, served) => parseBundle(body, served, width),
        signal,
      );
      return { answer, records: parsed };
    },
  };
}

/**
 * A file of which a log has the first `width` of 256 items. It is asked for exactly as the signed tree implies it; a partial
 * one that is gone has become a full one. `urlOf` names it by its width; `parse` is told the width that was served.
 */
export async function fetchGrown<T>(
  http: HttpClient,
  urlOf: (width: number) => string,
  width: number,
  request: { readonly maxBytes: number; readonly fresh: boolean },
  parse: (body: Buffer, served: number) => T,
  signal: AbortSignal,
): Promise<{ readonly answer: HttpAnswer; readonly parsed: T }> {
  const widths = width === TILE_WIDTH ? [TILE_WIDTH] : [width, TILE_WIDTH];
  for (const served of widths) {
    const answer = await http.fetch({ ...request, url: urlOf(served), accept: ABSENT }, signal);
    if (answer.status === 200) {
      return { answer, parsed: parseAnswer(answer, `"${answer.url}"`, (body) => parse(body, served)) };
    }
  }
  const asked = widths.map((served) => `"${urlOf(served)}"`).join(' nor ');
  throw new LogUnavailable(`Cannot fetch ${asked}: not found, though the signed checkpoint implies it`);
}

function joinPath(url: string, readPath: string): string {
  const path = readPath.replace(/^\/+|\/+$/g, '');
  return url.replace(/\/+$/, '') + (path === '' ? '' : `/${path}`);
}
