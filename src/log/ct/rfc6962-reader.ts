import type { NonEmpty } from '../../lib/non-empty.ts';
import type { SignedCheckpoint } from '../../tlog/checkpoint.ts';
import { Frontier } from '../../tlog/frontier.ts';
import type { Hash } from '../../tlog/hash.ts';
import type { NoteKey } from '../../tlog/note.ts';
import { rightSiblings } from '../../tlog/prefix.ts';
import { frontierFromInclusion, verifyConsistency, verifyInclusion } from '../../tlog/proof.ts';
import { treeHeadNote } from '../../tlog/tree-head.ts';
import { openServedCheckpoint } from '../checkpoint-evidence.ts';
import { servedEvidence } from '../excerpt.ts';
import type { HttpAnswer } from '../http.ts';
import {
  LogMisbehaved,
  LogUnavailable,
  type EntryBatch,
  type EntryEvidence,
  type Leaf,
  type LogReader,
  type ProvenFrontier,
} from '../log.ts';
import { prefetch, type ReadAhead } from '../prefetch.ts';
import type { Api, ServedTreeHead } from './api.ts';
import { firstLeafAt } from './first-leaf-at.ts';
import { ctLeaf } from './leaf.ts';
import { MAX_ENTRIES, MAX_ENTRIES_BYTES } from './responses.ts';

/** Ranges under way at once: enough to fill a link, few enough to hold in memory. */
const AHEAD: ReadAhead<Piece> = {
  most: 8,
  budgetBytes: 2 * MAX_ENTRIES_BYTES,
  maxBytes: MAX_ENTRIES_BYTES,
  bytesOf: ({ batch }) =>
    batch?.leaves.reduce((sum, { data, extra }) => sum + data.length + (extra?.length ?? 0), 0) ?? 0,
};
/** So many entries behind one that is not served are looked at one after the other for one to go on from; further ones at distances that double. */
const LOOKED_THROUGH = 16;

/** A Certificate Transparency log with the API of RFC 6962, as Fulcio's are. */
export class Rfc6962Reader implements LogReader {
  readonly type = 'ct';
  readonly origin: string;
  readonly inactive = false;
  fresh = false;
  readonly #keys: NonEmpty<NoteKey>;
  readonly #api: Api;

  constructor(log: { readonly origin: string; readonly keys: NonEmpty<NoteKey> }, api: Api) {
    this.origin = log.origin;
    this.#keys = log.keys;
    this.#api = api;
  }

  async fetchCheckpoint(signal: AbortSignal): Promise<SignedCheckpoint> {
    return this.#open(await this.#api.treeHead(this.fresh, signal));
  }

  /** From the inclusion proof of the frontier's last entry. An empty frontier needs no proof, and has no nodes. */
  async fetchFrontier(tree: SignedCheckpoint, size: number, signal: AbortSignal): Promise<ProvenFrontier> {
    if (size === 0) {
      return { frontier: Frontier.empty(), provenBy: tree, nodes: [] };
    }
    const { leaf, proof } = await this.proveInclusion(tree, size - 1, signal);
    return {
      frontier: frontierAfter(leaf, tree.size, proof.hashes),
      provenBy: tree,
      nodes: rightSiblings(leaf.index, tree.size, proof.hashes),
    };
  }

  async proveConsistency(small: SignedCheckpoint, large: SignedCheckpoint, signal: AbortSignal): Promise<boolean> {
    if (small.size === large.size) {
      return small.root.equals(large.root);
    }
    if (small.size === 0) {
      return true;
    }
    const proof = await this.#api.consistency(small.size, large.size, this.fresh, signal);
    const claim = { oldSize: small.size, newSize: large.size, oldRoot: small.root, newRoot: large.root };
    if (proof !== null && verifyConsistency({ ...claim, proof })) {
      return true;
    }
    return (await this.fetchFrontier(large, small.size, signal)).frontier.root().equals(small.root);
  }

  /** Ends with LogUnavailable behind the last entry that was served before one that is not. A range of large entries comes in several batches. */
  async *entries(
    tree: SignedCheckpoint,
    from: number,
    signal: AbortSignal,
    to = tree.size,
  ): AsyncGenerator<EntryBatch> {
    const load = (range: Range, stop: AbortSignal, maxBytes: number) => this.#read(range, tree, stop, maxBytes);
    const end = Math.min(to, tree.size);
    for (let next = from; next < end;) {
      for await (const { batch, failure, isCut } of prefetch(ranges(next, end), AHEAD, load, signal)) {
        if (batch !== null) {
          next += batch.leaves.length;
          yield batch;
        }
        if (failure !== null) {
          throw failure;
        }
        if (isCut) {
          break;
        }
      }
    }
  }

  async indexAt(tree: SignedCheckpoint, time: Date, signal: AbortSignal): Promise<number> {
    return await firstLeafAt(this, tree, time, signal);
  }

  async proveInclusion(tree: SignedCheckpoint, index: number, signal: AbortSignal): Promise<EntryEvidence> {
    const { size, root, note } = tree;
    const served = await this.#api.entryAndProof(index, size, this.fresh, signal);
    const { leaf, hashes, answer } =
      served === null
        ? await this.#findProof(tree, index, signal)
        : { leaf: ctLeaf(index, served.entry.data, served.entry.unhashed), ...served };
    if (!verifyInclusion({ index, size, leaf: leaf.hash, proof: hashes, root })) {
      throw this.#misbehaved(index, tree, answer);
    }
    return {
      kind: 'inclusion',
      log: this.origin,
      type: this.type,
      leaf,
      timestamp: null,
      logId: null,
      proof: { size, root, hashes },
      checkpoint: note,
    };
  }

  /**
   * To the next entry that the log proves: its proof holds the frontier before it. Where many entries are not served, one hole
   * is looked for, not several.
   */
  async stepOver(tree: SignedCheckpoint, from: number, signal: AbortSignal): Promise<ProvenFrontier | null> {
    const last = tree.size - 1;
    const near = Math.min(from + LOOKED_THROUGH, last);
    for (let index = from + 1; index <= near; index++) {
      const proven = await this.#frontierBefore(tree, index, signal);
      if (proven !== null) {
        return proven;
      }
    }
    let [missing, at, found]: [number, number, ProvenFrontier | null] = [near, near, null];
    for (let distance = LOOKED_THROUGH; found === null && at < last; distance *= 2) {
      [missing, at] = [at, Math.min(at + distance, last)];
      found = await this.#frontierBefore(tree, at, signal);
    }
    // The hole ends between the last that is missing and the first that was found.
    while (found !== null && at - missing > 1) {
      const middle = missing + Math.floor((at - missing) / 2);
      const proven = await this.#frontierBefore(tree, middle, signal);
      [missing, at, found] = proven === null ? [middle, at, found] : [missing, middle, proven];
    }
    return found;
  }

  /** No tree head of a CT log says that it is the last. */
  async confirmEnd(): Promise<boolean> {
    return false;
  }

  #open({ answer, head }: ServedTreeHead): SignedCheckpoint {
    const note = treeHeadNote(this.origin, head, this.#keys);
    try {
      return openServedCheckpoint(
        { url: answer.url, body: Buffer.from(note) },
        { origin: this.origin, keys: this.#keys },
      );
    } catch (error) {
      if (!(error instanceof LogMisbehaved)) {
        throw error;
      }
      // The note is ours: what was served is the tree head.
      const evidence = { ...error.evidence, served: servedEvidence(answer.url, answer.body, answer.body.toString()) };
      throw new LogMisbehaved(error.message, evidence, { cause: error });
    }
  }

  /**
   * What is served of a range, from its first entry on, with its proof; and why it is not all of it. Once `maxBytes` were
   * served, no more is asked for: the entries are proven only together.
   */
  async #read({ start, end }: Range, tree: SignedCheckpoint, signal: AbortSignal, maxBytes: number): Promise<Piece> {
    const leaves: Leaf[] = [];
    let bytes = 0;
    let answer: HttpAnswer | null = null;
    let failure: LogUnavailable | null = null;
    while (start + leaves.length < end && bytes < maxBytes && failure === null) {
      const from = start + leaves.length;
      try {
        const served = await this.#api.entries(from, end, this.fresh, signal, maxBytes);
        answer = served.answer;
        bytes += answer.body.length;
        leaves.push(...served.entries.map(({ data, unhashed }, place) => ctLeaf(from + place, data, unhashed)));
      } catch (error) {
        if (!(error instanceof LogUnavailable)) {
          throw error;
        }
        failure = error;
      }
    }
    // Too large for what is left, but not too large for an answer: asked for anew.
    const isCut = failure === null ? start + leaves.length < end : failure.tooLarge && maxBytes < MAX_ENTRIES_BYTES;
    const last = leaves.at(-1);
    if (last === undefined || answer === null) {
      if (failure !== null && isCut) {
        throw failure;
      }
      return { batch: null, failure, isCut: false };
    }
    const hashes = await this.#prove(last, tree, answer, signal);
    const after = { frontier: frontierAfter(last, tree.size, hashes), provenBy: tree, nodes: [] };
    const { url, body } = answer;
    const batch = { leaves, after, served: () => servedEvidence(url, body) };
    return { batch, failure: isCut ? null : failure, isCut };
  }

  /** The inclusion proof of a leaf as it was served. Throws LogMisbehaved when the tree holds another one. */
  async #prove(leaf: Leaf, tree: SignedCheckpoint, answer: HttpAnswer, signal: AbortSignal): Promise<readonly Hash[]> {
    const served = await this.#api.entryAndProof(leaf.index, tree.size, this.fresh, signal);
    const hashes = served?.hashes ?? (await this.#proofByHash(leaf, tree, signal));
    if (!verifyInclusion({ index: leaf.index, size: tree.size, leaf: leaf.hash, proof: hashes, root: tree.root })) {
      throw this.#misbehaved(leaf.index, tree, served?.answer ?? answer);
    }
    return hashes;
  }

  /** For servers without `get-entry-and-proof`. */
  async #findProof(tree: SignedCheckpoint, index: number, signal: AbortSignal) {
    const { answer, entries } = await this.#api.entries(index, index + 1, this.fresh, signal);
    const [entry] = entries;
    if (entry === undefined) {
      throw new LogUnavailable(`Cannot read entry ${index} of "${this.origin}": the log left it out`);
    }
    const leaf = ctLeaf(index, entry.data, entry.unhashed);
    return { leaf, hashes: await this.#proofByHash(leaf, tree, signal), answer };
  }

  async #proofByHash(leaf: Leaf, tree: SignedCheckpoint, signal: AbortSignal): Promise<readonly Hash[]> {
    const proof = await this.#api.proofByHash(leaf.hash, tree.size, this.fresh, signal);
    // A leaf that was logged twice may be proven at its other place.
    if (proof?.index !== leaf.index) {
      const found = proof === null ? 'it gives no proof' : `it proves index ${proof.index} instead`;
      throw new LogUnavailable(`Cannot prove entry ${leaf.index} of "${this.origin}": ${found}`);
    }
    return proof.hashes;
  }

  /** Null when entry `index` is not served either. Throws LogUnavailable when nothing is, for that shows nothing about the entry. */
  async #frontierBefore(tree: SignedCheckpoint, index: number, signal: AbortSignal): Promise<ProvenFrontier | null> {
    try {
      const { proof } = await this.proveInclusion(tree, index, signal);
      // Leaf index − 1 is missing, but what stands right of it begins with a leaf that is not.
      return { frontier: frontierFromInclusion(index, tree.size, proof.hashes), provenBy: tree, nodes: [] };
    } catch (error) {
      if (error instanceof LogUnavailable && !error.outOfOrder) {
        return null;
      }
      throw error;
    }
  }

  #misbehaved(index: number, tree: SignedCheckpoint, { url, body }: HttpAnswer): LogMisbehaved {
    return new LogMisbehaved(
      `Cannot trust entry ${index} of "${this.origin}" from "${url}": its proof does not lead to the signed root of size ${tree.size}`,
      {
        kind: 'entry-mismatch',
        log: this.origin,
        signed: false,
        notes: [tree.note],
        served: servedEvidence(url, body),
      },
    );
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Piece {
  readonly batch: EntryBatch | null;
  readonly failure: LogUnavailable | null;
  /** It ends before its range does, and what follows it can be asked for. */
  readonly isCut: boolean;
}

/** Cut at multiples, as logs do that align their answers. */
function* ranges(from: number, to: number): Generator<Range> {
  for (let start = from; start < to;) {
    const end = Math.min((Math.floor(start / MAX_ENTRIES) + 1) * MAX_ENTRIES, to);
    yield { start, end };
    start = end;
  }
}

/** What lies left of a proven leaf stands in its proof. */
function frontierAfter(leaf: Leaf, size: number, proof: readonly Hash[]): Frontier {
  const frontier = frontierFromInclusion(leaf.index, size, proof);
  frontier.append(leaf.hash);
  return frontier;
}
