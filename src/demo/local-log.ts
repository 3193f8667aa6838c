import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { Hash } from '../tlog/hash.ts';
import { noteKey, type NoteKey } from '../tlog/note.ts';
import { bundlePath, rightEdge, TILE_WIDTH, tilePath, widthAt } from '../tlog/tile.ts';
import { listenOnLoopback, type Listening } from './listen.ts';
import { LocalTree } from './local-tree.ts';

/** Where the files of a log lie on its server, as on the public Rekor v2 instances. */
export const READ_PATH = '/api/v2';

/** A log with its server; `url` is without the read path. */
export type RunningLocalLog = LocalLog & Listening;

/** Ed25519. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** What a file of the log is: its bytes as served. */
export interface LocalAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** What a checkpoint can say differently from the log's latest one. */
export interface CheckpointClaims {
  readonly origin?: string;
  readonly size?: number;
  readonly root?: Hash;
  readonly extensions?: readonly string[];
}

/** The longest leaf whose length a bundle can hold: 16 bits. */
const MAX_LEAF_BYTES = 0xffff;
const TILE_FILE = /^tile\/(\d|[1-5]\d|6[0-3]|entries)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** Starts an empty log with a fresh key, served on loopback as a real one is. Rejects when the port is taken. */
export async function startLocalLog(options: {
  readonly origin: string;
  readonly port?: number;
}): Promise<RunningLocalLog> {
  const log = new LocalLog(options.origin);
  const server = createServer((request, response) => {
    const { status, type, body } = log.answer(filePath(request.url ?? '/'));
    response.writeHead(status, { 'content-type': type, 'content-length': body.length });
    response.end(body);
  });
  return Object.assign(log, await listenOnLoopback(server, options.port));
}

/** The part of a request's path below the read path; empty for everything that is not below it. */
export function filePath(requestUrl: string): string {
  const [path = ''] = requestUrl.split('?');
  return path.startsWith(`${READ_PATH}/`) ? path.slice(READ_PATH.length + 1) : '';
}

/** A signed Rekor v2 log in memory: real Merkle tree, real Ed25519 checkpoints, and the files that a tile log serves. */
export class LocalLog {
  readonly origin: string;
  readonly publicKeyPem: string;
  /** The key that verifies its checkpoints. */
  readonly key: NoteKey;
  /** What it signs with: another log that is made of it speaks in the name of this one. */
  readonly pair: KeyPair;
  #tree = new LocalTree();
  /** Latest last, one for each size that was published. */
  readonly #notes = new Map<number, string>();
  /** Partial tiles and bundles exist only for sizes that were published, as with Tessera. */
  readonly #partials = new Set<string>();

  constructor(origin: string, pair: KeyPair = generateKeyPairSync('ed25519')) {
    const { publicKey } = pair;
    this.origin = origin;
    this.publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    this.key = noteKey(origin, publicKey.export({ type: 'spki', format: 'der' }));
    this.pair = pair;
    this.#publish();
  }

  get size(): number {
    return this.#tree.leaves.length;
  }

  get root(): Hash {
    return this.#tree.root;
  }

  /** The latest signed note. */
  get checkpoint(): string {
    return this.checkpointAt(this.size);
  }

  /** Adds leaves and publishes a checkpoint, which it returns. Throws RangeError for a leaf that no bundle can hold. */
  append(leaves: readonly Buffer[]): string {
    for (const leaf of leaves) {
      if (leaf.length > MAX_LEAF_BYTES) {
        throw new RangeError(`Cannot log ${leaf.length} bytes: expected at most ${MAX_LEAF_BYTES}`);
      }
    }
    for (const leaf of leaves) {
      this.#tree.append(leaf);
    }
    return this.#publish();
  }

  /** From now on the log holds and signs another history of the same size, in which leaf `index` is `leaf`. */
  fork(index: number, leaf: Buffer = altered(this.leaf(index))): string {
    const forked = new LocalTree();
    for (const [position, known] of this.#tree.leaves.entries()) {
      forked.append(position === index ? leaf : known);
    }
    this.#tree = forked;
    return this.#publish();
  }

  /** The leaf at `index`. Throws RangeError when there is none. */
  leaf(index: number): Buffer {
    const leaf = this.#tree.leaves[index];
    if (leaf === undefined) {
      throw new RangeError(`Cannot find leaf ${index} of ${this.size}`);
    }
    return leaf;
  }

  /** The note that was published at `size`. Throws RangeError when none was. */
  checkpointAt(size: number): string {
    const note = this.#notes.get(size);
    if (note === undefined) {
      throw new RangeError(`Cannot find a checkpoint of size ${size}: none was published`);
    }
    return note;
  }

  /** Signs a checkpoint without publishing it, as the log's key holder can at any time. */
  signCheckpoint(claims: CheckpointClaims = {}): string {
    const { origin = this.origin, size = this.size, root = this.#tree.root, extensions = [] } = claims;
    const text = [origin, size, root.toString('base64'), ...extensions].join('\n') + '\n';
    const signature = Buffer.concat([this.key.id, sign(null, Buffer.from(text), this.pair.privateKey)]);
    return `${text}\n— ${this.key.name} ${signature.toString('base64')}\n`;
  }

  /** The file at `path`, which is relative to where the log is served: `checkpoint`, `tile/0/000`, `tile/entries/000.p/7`. */
  answer(path: string): LocalAnswer {
    if (path === 'checkpoint') {
      return { ...found(Buffer.from(this.checkpoint)), type: 'text/plain; charset=utf-8' };
    }
    const match = TILE_FILE.exec(path);
    // Groups 1 and 2 are in every match.
    const [, level = '', groups = '', partial] = match ?? [];
    if (match === null || (partial !== undefined && !this.#partials.has(path))) {
      return notFound();
    }
    const index = Number(groups.replace(/[x/]/g, ''));
    return this.#tileFile(level === 'entries' ? null : Number(level), index, Number(partial ?? TILE_WIDTH));
  }

  /** A full tile, or a partial one that was published; once a tile is full, its partials are gone, as after garbage collection. */
  #tileFile(level: number | null, index: number, width: number): LocalAnswer {
    const available = widthAt(level ?? 0, index, this.size);
    if (available < width || (width < TILE_WIDTH && available === TILE_WIDTH)) {
      return notFound();
    }
    const start = index * TILE_WIDTH;
    if (level === null) {
      return found(encodeBundle(this.#tree.leaves.slice(start, start + width)));
    }
    return found(Buffer.concat(this.#tree.tileHashes(level, start, start + width)));
  }

  #publish(): string {
    for (const tile of rightEdge(this.size)) {
      this.#partials.add(tilePath(tile));
      if (tile.level === 0) {
        this.#partials.add(bundlePath(tile.index, tile.width));
      }
    }
    const note = this.signCheckpoint();
    this.#notes.set(this.size, note);
    return note;
  }
}

/** Leaves as an entry bundle: `u16 length ‖ bytes` each (c2sp.org/tlog-tiles). */
export function encodeBundle(leaves: readonly Buffer[]): Buffer {
  return Buffer.concat(
    leaves.flatMap((leaf) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(leaf.length);
      return [length, leaf];
    }),
  );
}

/** Other bytes of the same length, or one byte in place of none. */
function altered(leaf: Buffer): Buffer {
  const copy = leaf.length === 0 ? Buffer.alloc(1) : Buffer.from(leaf);
  copy.writeUInt8((copy.readUInt8(copy.length - 1) + 1) % 256, copy.length - 1);
  return copy;
}

function found(body: Buffer): LocalAnswer {
  return { status: 200, type: 'application/octet-stream', body };
}

function notFound(): LocalAnswer {
  return { status: 404, type: 'text/html; charset=utf-8', body: Buffer.from('<h1>Not Found</h1>\n') };
}
