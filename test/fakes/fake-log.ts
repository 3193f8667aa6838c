import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';
import { encodeBundle, filePath, LocalLog, type KeyPair } from '../../src/demo/local-log.ts';
import type { Hash } from '../../src/tlog/hash.ts';
import { tilePath, widthAt } from '../../src/tlog/tile.ts';

/** What a hook makes of a request: an answer in place of the log's own, `hang` for none at all, `reset` for a connection that breaks in mid-body. */
export type Misbehaviour =
  | {
      readonly status: number;
      readonly headers?: OutgoingHttpHeaders;
      readonly body: string | Buffer;
    }
  | 'hang'
  | 'reset';

/** Looks at a file's path (`checkpoint`, `tile/0/000.p/7`, `tile/entries/000`); null leaves the request to the next hook and then to the log. */
export type Hook = (path: string, request: IncomingMessage) => Misbehaviour | null;

/** Which files a misbehaviour concerns. */
const EVERYTHING = /^/;
const CHECKPOINT = /^checkpoint$/;

export type RunningFakeLog = FakeLog & Listening;

/** Starts a real signed log over HTTP that misbehaves on demand. `pair`: of the log in whose name it speaks. */
export async function startFakeLog(origin = 'log.test', pair?: KeyPair): Promise<RunningFakeLog> {
  const log = new FakeLog(origin, pair);
  const server = createServer((request, response) => {
    log.handle(request, response);
  });
  return Object.assign(log, await listenOnLoopback(server));
}

export class FakeLog extends LocalLog {
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];
  #hooks: Hook[] = [];

  /** Adds a hook before those that are there. */
  before(hook: Hook): void {
    this.#hooks.unshift(hook);
  }

  /** Ends every misbehaviour. */
  heal(): void {
    this.#hooks = [];
  }

  countRequests(paths: RegExp = EVERYTHING): number {
    return this.requests.filter((path) => paths.test(path)).length;
  }

  failWith(status: number, headers: OutgoingHttpHeaders = {}, paths: RegExp = EVERYTHING): void {
    this.#answer(paths, () => ({ status, headers, body: `failed on purpose with ${status}` }));
  }

  hang(paths: RegExp = EVERYTHING): void {
    this.#answer(paths, () => 'hang');
  }

  reset(paths: RegExp = EVERYTHING): void {
    this.#answer(paths, () => 'reset');
  }

  serveHtml(paths: RegExp = EVERYTHING): void {
    const body = '<!doctype html>\n<title>Sign in to the hotel network</title>\n';
    this.#answer(paths, () => ({ status: 200, headers: { 'content-type': 'text/html' }, body }));
  }

  /** Half of each file, as if that were all of it. */
  truncate(paths: RegExp = EVERYTHING): void {
    this.#answer(paths, (path) => {
      const { status, body } = this.answer(path);
      return { status, body: body.subarray(0, Math.floor(body.length / 2)) };
    });
  }

  redirectTo(location: string, paths: RegExp = EVERYTHING): void {
    this.#answer(paths, () => ({ status: 302, headers: { location }, body: '' }));
  }

  /** Serves bundles in which leaf `index` is `leaf`; tiles and checkpoint stay the honest ones. */
  tamperLeaf(index: number, leaf: Buffer = Buffer.from('tampered')): void {
    const bundle = Math.floor(index / 256);
    this.before((path) => {
      const [, number = '', width = '256'] = /^tile\/entries\/([x\d/]+)(?:\.p\/(\d+))?$/.exec(path) ?? [];
      const { status } = this.answer(path);
      if (status !== 200 || number === '' || Number(number.replace(/[x/]/g, '')) !== bundle) {
        return null;
      }
      const leaves = Array.from({ length: Number(width) }, (_, slot) => this.leaf(bundle * 256 + slot));
      if (index % 256 < leaves.length) {
        leaves[index % 256] = leaf;
      }
      return { status, body: encodeBundle(leaves) };
    });
  }

  /** Serves no bundle that would hold one of these leaves. */
  withhold(...indexes: readonly number[]): void {
    this.before((path) => {
      const [, number = ''] = /^tile\/entries\/([x\d/]+)/.exec(path) ?? [];
      const bundle = number === '' ? -1 : Number(number.replace(/[x/]/g, ''));
      return indexes.some((index) => Math.floor(index / 256) === bundle) ? { status: 404, body: 'withheld' } : null;
    });
  }

  /** Serves the tile as the log has it now, with one bit of its last hash changed. */
  tamperTile(level: number, index: number): void {
    const path = tilePath({ level, index, width: widthAt(level, index, this.size) });
    this.before((asked) => {
      const { status, body } = this.answer(asked);
      return asked === path && status === 200 ? { status, body: flipLastBit(body) } : null;
    });
  }

  /** Serves the checkpoint that was published at `size`. */
  serveOldCheckpoint(size: number): void {
    this.#serveNote(() => this.checkpointAt(size));
  }

  /** Signs and serves a smaller tree with another root. */
  rollbackTo(size: number, root: Hash): void {
    const note = this.signCheckpoint({ size, root });
    this.#serveNote(() => note);
  }

  /** Serves the latest checkpoint with one bit of its signature changed. */
  badSignature(): void {
    this.#serveNote(() => {
      const [text = '', line = ''] = this.checkpoint.split(/(?<=\n\n)/);
      const [dash, name, signature = ''] = line.trimEnd().split(' ');
      return `${text}${dash} ${name} ${flipLastBit(Buffer.from(signature, 'base64')).toString('base64')}\n`;
    });
  }

  /** Serves a checkpoint of another origin, signed by this log's key. */
  wrongOrigin(origin = 'other.test'): void {
    this.#serveNote(() => this.signCheckpoint({ origin }));
  }

  /** Marks the latest checkpoint as the last one (sigstore/rekor-tiles cmd/freeze-checkpoint). */
  freeze(): void {
    this.#serveNote(() => this.signCheckpoint({ extensions: ['Log frozen — Sat Nov 21 02:05:09 UTC 2026'] }));
  }

  /** One request; for servers that are not {@link startFakeLog}'s. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const path = filePath(request.url ?? '/');
    this.requests.push(path);
    const hooked = this.#hooks.reduce<Misbehaviour | null>((found, hook) => found ?? hook(path, request), null);
    const answer = hooked ?? this.answer(path);
    if (answer === 'hang') {
      return;
    }
    if (answer === 'reset') {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('begun', () => request.socket.destroy());
      return;
    }
    const body = Buffer.from(answer.body);
    const headers = 'headers' in answer ? answer.headers : {};
    response.writeHead(answer.status, { 'content-length': body.length, ...headers });
    response.end(body);
  }

  #serveNote(note: () => string): void {
    this.#answer(CHECKPOINT, () => ({ status: 200, body: note() }));
  }

  #answer(paths: RegExp, answer: (path: string) => Misbehaviour): void {
    this.before((path) => (paths.test(path) ? answer(path) : null));
  }
}

function flipLastBit(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const last = copy.length - 1;
  copy.writeUInt8(copy.readUInt8(last) ^ 1, last);
  return copy;
}
