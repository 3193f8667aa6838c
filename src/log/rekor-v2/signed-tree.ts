import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import type { Hash } from '../../tlog/hash.ts';
import { tilePath, type Tile } from '../../tlog/tile.ts';
import { TileMismatch, TileTree } from '../../tlog/tile-tree.ts';
import { servedEvidence } from '../excerpt.ts';
import type { HttpAnswer } from '../http.ts';
import { LogMisbehaved, type ProvenFrontier } from '../log.ts';
import type { ServedTile } from './resources.ts';

/** How many tiles are remembered as they were served, for evidence: more than one frontier needs. */
const REMEMBERED = 64;
/** How much of a wrong tile the evidence shows. */
const SHOWN_BYTES = 64;

/** The tiles under one signed checkpoint: gives proven frontiers, and turns tiles that contradict the checkpoint into evidence. */
export class SignedTree {
  readonly checkpoint: SignedCheckpoint;
  readonly #tiles: TileTree;
  readonly #served = new Map<string, HttpAnswer>();

  constructor(checkpoint: SignedCheckpoint, fetchTile: (tile: Tile, signal: AbortSignal) => Promise<ServedTile>) {
    this.checkpoint = checkpoint;
    this.#tiles = new TileTree(checkpoint.size, checkpoint.root, async (tile, signal) => {
      const { answer, hashes } = await fetchTile(tile, signal);
      this.#remember(tilePath(tile), answer);
      return hashes;
    });
  }

  /** The proven frontier at `size`, without the nodes that lead from it to the root: enough to prove leaves. Throws like {@link prove}. */
  async frontierAt(size: number, signal: AbortSignal): Promise<ProvenFrontier> {
    const frontier = await this.#believe(this.#tiles.frontierAt(size, signal));
    return { frontier, provenBy: this.checkpoint, nodes: [] };
  }

  /** The proven frontier at `size` with all its evidence. Throws LogUnavailable, or LogMisbehaved when the tiles do not make the signed root. */
  async prove(size: number, signal: AbortSignal): Promise<ProvenFrontier> {
    const proven = await this.frontierAt(size, signal);
    return { ...proven, nodes: await this.#believe(this.#tiles.rightSiblings(size, signal)) };
  }

  /** The inclusion proof of leaf `index` of the tree. Throws like {@link prove}. */
  async inclusion(index: number, signal: AbortSignal): Promise<readonly Hash[]> {
    return await this.#believe(this.#tiles.inclusion(index, signal));
  }

  async #believe<T>(proven: Promise<T>): Promise<T> {
    try {
      return await proven;
    } catch (error) {
      throw error instanceof TileMismatch ? this.#misbehaved(error) : error;
    }
  }

  #remember(path: string, answer: HttpAnswer): void {
    this.#served.delete(path);
    this.#served.set(path, answer);
    const [oldest] = this.#served.keys();
    if (this.#served.size > REMEMBERED && oldest !== undefined) {
      this.#served.delete(oldest);
    }
  }

  #misbehaved(error: TileMismatch): LogMisbehaved {
    const { origin, size, note } = this.checkpoint;
    const answer = this.#served.get(tilePath(error.tile));
    const served = answer && servedEvidence(answer.url, answer.body, answer.body.toString('hex', 0, SHOWN_BYTES));
    return new LogMisbehaved(
      `Cannot prove the tree of "${origin}" at size ${size}: "${answer?.url ?? tilePath(error.tile)}" does not hash to its signed root`,
      { kind: 'entry-mismatch', log: origin, signed: false, notes: [note], ...(served && { served }) },
      { cause: error },
    );
  }
}
