import { generateKeyPairSync, sign, type KeyObject, type KeyPairKeyObjectResult } from 'node:crypto';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';
import { leafHash, type Hash } from '../../src/tlog/hash.ts';
import type { NoteKey } from '../../src/tlog/note.ts';
import { widthAt } from '../../src/tlog/tile.ts';
import { treeHeadKey } from '../../src/tlog/tree-head.ts';
import { ReferenceTree } from '../tlog/reference-tree.ts';
import { extraData, tileLeaf, type CtEntry } from './ct-entry.ts';

/** Which of the two interfaces a fake log has; both show the same tree. */
export type CtInterface = 'static-ct' | 'rfc6962';

/** What a hook makes of a request in place of the log's own answer; `hang` is none at all. */
export type Misbehaviour =
  { readonly status: number; readonly headers?: OutgoingHttpHeaders; readonly body: string | Buffer } | 'hang';

/** Looks at a request's path below the log's own (`checkpoint`, `tile/data/000.p/7`, `ct/v1/get-entries?start=0&end=9`); null leaves it to the next hook and then to the log. */
export type Hook = (path: string, request: IncomingMessage) => Misbehaviour | null;

/** What a tree head says differently from the log's latest one. */
export interface HeadClaims {
  readonly size?: number;
  readonly root?: Hash;
  readonly timestamp?: number;
}

export interface FakeCtOptions {
  readonly origin?: string;
  /** More than so many entries are not given at once (RFC 6962). */
  readonly maxEntries?: number;
  /** Methods that the log does not have (RFC 6962). */
  readonly without?: readonly string[];
  readonly keyType?: 'ec' | 'rsa';
  /** Of the log in whose name it speaks, and of the same type. */
  readonly pair?: KeyPairKeyObjectResult;
}

/** Where the checkpoint, and where the entries lie. */
export const CT_CHECKPOINT = /^checkpoint$|^ct\/v1\/get-sth$/;
export const CT_ENTRIES = /^tile\/data\/|^ct\/v1\/get-(entries|entry-and-proof|proof-by-hash)\?/;

export type RunningFakeCt = FakeCt & Listening;

/** Starts a CT log over HTTP: a real key, real trees, proofs and tree heads, and misbehaviour on demand. */
export async function startFakeCt(kind: CtInterface, options: FakeCtOptions = {}): Promise<RunningFakeCt> {
  const log = new FakeCt(kind, options);
  const server = createServer((request, response) => {
    log.handle(request, response);
  });
  return Object.assign(log, await listenOnLoopback(server));
}

export class FakeCt {
  readonly kind: CtInterface;
  readonly origin: string;
  readonly spki: Buffer;
  readonly key: NoteKey;
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];
  tree = this.#plant();
  /** When the next tree head is signed, Unix milliseconds: a minute before everything happens in the tests of the monitor. */
  headTime = Date.parse('2026-11-21T11:59:00Z');
  /** What it signs with. */
  readonly pair: KeyPairKeyObjectResult;
  readonly #privateKey: KeyObject;
  readonly #options: FakeCtOptions;
  readonly #entries: CtEntry[] = [];
  #hooks: Hook[] = [];

  constructor(kind: CtInterface, options: FakeCtOptions = {}) {
    this.kind = kind;
    this.origin = options.origin ?? 'ct.test/2026';
    this.pair =
      options.pair ??
      (options.keyType === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    const { publicKey, privateKey } = this.pair;
    this.spki = publicKey.export({ type: 'spki', format: 'der' });
    this.key = treeHeadKey(this.origin, this.spki);
    this.#privateKey = privateKey;
    this.#options = options;
  }

  get size(): number {
    return this.#entries.length;
  }

  get root(): Hash {
    return this.tree.root(this.size);
  }

  append(entries: readonly CtEntry[]): void {
    this.#entries.push(...entries);
  }

  /** From now on the log holds and signs another history of the same size, in which entry `index` is `entry`. */
  fork(index: number, entry: CtEntry): void {
    this.#entries[index] = entry;
    this.tree = this.#plant();
  }

  entry(index: number): CtEntry {
    const entry = this.#entries[index];
    if (entry === undefined) {
      throw new RangeError(`Cannot find entry ${index} of ${this.size}`);
    }
    return entry;
  }

  /** `u64 timestamp ‖ DigitallySigned` of a tree head (RFC 6962 §3.5). */
  signHead({ size = this.size, root = this.tree.root(size), timestamp = this.headTime }: HeadClaims = {}): Buffer {
    const message = Buffer.alloc(18);
    message.writeUInt8(1, 1);
    message.writeBigUInt64BE(BigInt(timestamp), 2);
    message.writeBigUInt64BE(BigInt(size), 10);
    const signature = sign('sha256', Buffer.concat([message, root]), this.#privateKey);
    const head = Buffer.alloc(12);
    head.writeBigUInt64BE(BigInt(timestamp));
    head.set([4, this.#options.keyType === 'rsa' ? 1 : 3], 8);
    head.writeUInt16BE(signature.length, 10);
    return Buffer.concat([head, signature]);
  }

  /** The checkpoint or, RFC 6962, the answer of get-sth. `changed` alters the signature, or the origin that nobody signs. */
  head(
    claims: HeadClaims = {},
    changed: { readonly signature?: (bytes: Buffer) => Buffer; readonly origin?: string } = {},
  ): string {
    const { size = this.size, timestamp = this.headTime } = claims;
    const { root = this.tree.root(size) } = claims;
    const signed = (changed.signature ?? ((bytes) => bytes))(this.signHead({ size, root, timestamp }));
    if (this.kind === 'rfc6962') {
      return JSON.stringify({
        tree_size: size,
        timestamp,
        sha256_root_hash: root.toString('base64'),
        tree_head_signature: signed.subarray(8).toString('base64'),
      });
    }
    const blob = Buffer.concat([this.key.id, signed]).toString('base64');
    return `${changed.origin ?? this.origin}\n${size}\n${root.toString('base64')}\n\n— ${this.key.name} ${blob}\n`;
  }

  /** Adds a hook before those that are there. */
  before(hook: Hook): void {
    this.#hooks.unshift(hook);
  }

  /** Ends every misbehaviour but a fork. */
  heal(): void {
    this.#hooks = [];
  }

  /** Serves this instead of the latest tree head. */
  serveHead(head: () => string): void {
    this.before((path) => (CT_CHECKPOINT.test(path) ? this.answer(path, head()) : null));
  }

  /** Serves `entry` at `index` wherever entries are served; what is signed and how it is proven stay the honest ones. */
  tamperEntry(index: number, entry: CtEntry): void {
    this.before((path) => (CT_ENTRIES.test(path) ? this.answer(path, undefined, new Map([[index, entry]])) : null));
  }

  /** Serves no answer that would hold one of these entries. */
  withhold(...indexes: readonly number[]): void {
    this.before((path) => {
      const [from, to] = askedFor(path);
      return indexes.some((index) => index >= from && index <= to) ? { status: 404, body: 'withheld' } : null;
    });
  }

  countRequests(paths: RegExp): number {
    return this.requests.filter((path) => paths.test(path)).length;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').slice(1);
    this.requests.push(path);
    const hooked = this.#hooks.reduce<Misbehaviour | null>((found, hook) => found ?? hook(path, request), null);
    const answer = hooked ?? this.answer(path);
    if (answer === 'hang') {
      return;
    }
    response.writeHead(answer.status, 'headers' in answer ? answer.headers : {});
    response.end(answer.body);
  }

  /** The honest answer, or with another tree head, or with other entries at some indexes. */
  answer(
    path: string,
    head: string = this.head(),
    replaced: ReadonlyMap<number, CtEntry> = new Map(),
  ): Exclude<Misbehaviour, 'hang'> {
    const entryAt = (index: number): CtEntry => replaced.get(index) ?? this.entry(index);
    return this.kind === 'static-ct' ? this.#file(path, head, entryAt) : this.#method(path, head, entryAt);
  }

  #file(path: string, head: string, entryAt: (index: number) => CtEntry): Exclude<Misbehaviour, 'hang'> {
    if (path === 'checkpoint') {
      return { status: 200, body: head };
    }
    const [, level = '', groups = '', partial] =
      /^tile\/(\d|data)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/.exec(path) ?? [];
    const index = Number(groups.replace(/[x/]/g, ''));
    const width = Number(partial ?? 256);
    const height = level === 'data' ? 0 : Number(level);
    if (level === '' || widthAt(height, index, this.size) < width) {
      return { status: 404, body: 'not found' };
    }
    const hashes = () => this.tree.tile(height, index, width);
    const entries = () => Array.from({ length: width }, (_, slot) => tileLeaf(entryAt(index * 256 + slot)));
    return { status: 200, body: Buffer.concat(level === 'data' ? entries() : hashes()) };
  }

  #method(path: string, head: string, entryAt: (index: number) => CtEntry): Exclude<Misbehaviour, 'hang'> {
    const url = new URL(path, 'http://localhost/');
    const method = url.pathname.replace('/ct/v1/', '');
    if (this.#options.without?.includes(method) === true) {
      return { status: 404, body: 'no such method' };
    }
    const number = (name: string): number => Number(url.searchParams.get(name));
    switch (method) {
      case 'get-sth':
        return { status: 200, body: head };
      case 'get-entries': {
        const start = number('start');
        const end = Math.min(number('end'), start + (this.#options.maxEntries ?? 1000) - 1, this.size - 1);
        return start > end ? refused() : json({ entries: range(start, end).map((index) => wireEntry(entryAt(index))) });
      }
      case 'get-entry-and-proof': {
        const [index, size] = [number('leaf_index'), number('tree_size')];
        return index >= size || size > this.size
          ? refused()
          : json({ ...wireEntry(entryAt(index)), audit_path: base64(this.tree.inclusion(index, size)) });
      }
      case 'get-proof-by-hash': {
        const size = number('tree_size');
        const hash = url.searchParams.get('hash');
        const index = this.#entries.findIndex(({ leaf }) => leafHash(leaf).toString('base64') === hash);
        return index === -1 || index >= size || size > this.size
          ? refused()
          : json({ leaf_index: index, audit_path: base64(this.tree.inclusion(index, size)) });
      }
      case 'get-sth-consistency': {
        const [first, second] = [number('first'), number('second')];
        return first === 0 || first > second || second > this.size
          ? refused()
          : json({ consistency: first === second ? null : base64(this.tree.consistency(first, second)) });
      }
      default:
        return { status: 404, body: 'no such method' };
    }
  }

  #plant(): ReferenceTree {
    return new ReferenceTree({ leaf: (index) => leafHash(this.entry(index).leaf) });
  }
}

/** The first and the last entry that a request for entries asks for; none for another one. */
function askedFor(path: string): readonly [number, number] {
  const [, groups] = /^tile\/data\/((?:x\d{3}\/)*\d{3})/.exec(path) ?? [];
  if (groups !== undefined) {
    const first = Number(groups.replace(/[x/]/g, '')) * 256;
    return [first, first + 255];
  }
  const { searchParams: asked } = new URL(path, 'http://localhost/');
  const [start, end] = [asked.get('start') ?? asked.get('leaf_index'), asked.get('end') ?? asked.get('leaf_index')];
  return CT_ENTRIES.test(path) ? [Number(start ?? -1), Number(end ?? -1)] : [-1, -1];
}

function wireEntry(entry: CtEntry) {
  return { leaf_input: entry.leaf.toString('base64'), extra_data: extraData(entry).toString('base64') };
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start + 1 }, (_, place) => start + place);
}

function base64(hashes: readonly Hash[]): string[] {
  return hashes.map((hash) => hash.toString('base64'));
}

function json(value: unknown): Exclude<Misbehaviour, 'hang'> {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** As google/certificate-transparency-go trillian/ctfe/handlers.go does. */
function refused(): Exclude<Misbehaviour, 'hang'> {
  return { status: 400, body: 'Bad Request: invalid range' };
}
