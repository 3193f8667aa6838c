import { dataTilePath, type Tile } from '../../tlog/tile.ts';
import { MAX_CHECKPOINT_BYTES } from '../checkpoint-evidence.ts';
import type { HttpAnswer, HttpClient } from '../http.ts';
import { createResources, fetchGrown, type ServedTile } from '../rekor-v2/resources.ts';
import { MAX_DATA_TILE_BYTES, parseDataTile, type TileEntry } from './data-tile.ts';

export interface ServedEntries {
  readonly answer: HttpAnswer;
  readonly entries: readonly TileEntry[];
}

/** The files of one static-ct log. Each function throws LogUnavailable unless what is served has the shape that was asked for; nothing is proven here. */
export interface StaticResources {
  checkpoint(fresh: boolean, signal: AbortSignal): Promise<HttpAnswer>;
  tile(tile: Tile, fresh: boolean, signal: AbortSignal): Promise<ServedTile>;
  /** The first `width` entries of data tile `index`, if all that is served of it has no more than `maxBytes`. */
  entries(index: number, width: number, fresh: boolean, signal: AbortSignal, maxBytes?: number): Promise<ServedEntries>;
}

/** The layout below `base`, which has no slash at its end (c2sp.org/static-ct-api, "Monitoring APIs"). */
export function createStaticResources(base: string, http: HttpClient): StaticResources {
  // Its tiles are those of c2sp.org/tlog-tiles.
  const files = createResources(base, '', http);
  return {
    checkpoint: (fresh, signal) =>
      http.fetch({ url: `${base}/checkpoint`, maxBytes: MAX_CHECKPOINT_BYTES, fresh, conditional: true }, signal),
    tile: (tile, fresh, signal) => files.tile(tile, fresh, signal),
    async entries(index, width, fresh, signal, maxBytes = MAX_DATA_TILE_BYTES) {
      const { answer, parsed } = await fetchGrown(
        http,
        (served) => `${base}/${dataTilePath(index, served)}`,
        width,
        { maxBytes, fresh },
        (body, served) => parseDataTile(body, served, width),
        signal,
      );
      return { answer, entries: parsed };
    },
  };
}
