import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';
import { leafHash } from '../../src/tlog/hash.ts';
import type { WireEntry, WireShard } from './fake-rekor-v1-shard.ts';
import { HonestRekorV1, type Answer, type RekorV1Options, type WireLogInfo } from './honest-rekor-v1.ts';

/** What a hook makes of a request in place of the server's own answer; `hang` is none at all. */
export type Misbehaviour =
  { readonly status: number; readonly headers?: OutgoingHttpHeaders; readonly body: string } | 'hang';

/** Looks at a request (`GET /api/v1/log`, `POST /api/v1/log/entries/retrieve`); null leaves it to the next hook and then to the server. */
export type Hook = (request: string) => Misbehaviour | null;

/** Which requests a misbehaviour concerns. */
const EVERYTHING = /^/;
export const LOG_INFO = /^GET \/api\/v1\/log$/;
export const RETRIEVE = /^POST \/api\/v1\/log\/entries\/retrieve$/;
export const PROOF = /^GET \/api\/v1\/log\/proof/;

export type RunningFakeRekorV1 = FakeRekorV1 & Listening;

/**
 * Starts a Rekor v1 server with one empty shard: real ECDSA keys, trees, proofs and signed entry timestamps over HTTP.
 *
 *     const rekor = await startFakeRekorV1({ host: 'rekor.test' });
 *     rekor.append(['first', 'second']);   // leaves of the active shard
 *     rekor.rollOver();                    // the next ones go to a new shard, under a new key
 *     rekor.omit(1);                       // misbehave, until heal()
 *     await rekor.close();
 */
export async function startFakeRekorV1(options: RekorV1Options = {}): Promise<RunningFakeRekorV1> {
  const rekor = new FakeRekorV1(options);
  const server = createServer((request, response) => {
    void rekor.handle(request, response);
  });
  return Object.assign(rekor, await listenOnLoopback(server));
}

/** An {@link HonestRekorV1} that misbehaves on demand. `shards` have more: other histories, heads and proofs of other sizes. */
export class FakeRekorV1 extends HonestRekorV1 {
  /** `METHOD path` of each request, in order. */
  readonly requests: string[] = [];
  /** The global indexes that each retrieval asked for. */
  readonly retrievals: (readonly number[])[] = [];
  /** The `cache-control` of each request, where it had one. */
  readonly cacheControls: string[] = [];
  #hooks: Hook[] = [];
  #entryChanges: ((entries: WireEntry[]) => WireEntry[])[] = [];
  #infoChanges: ((info: WireLogInfo) => unknown)[] = [];
  readonly #spoiled = new Map<number, Misbehaviour>();

  /** Adds a hook before those that are there. */
  before(hook: Hook): void {
    this.#hooks.unshift(hook);
  }

  /** Changes the entries of each answer of `entries/retrieve`. */
  changeEntries(change: (entries: WireEntry[]) => WireEntry[]): void {
    this.#entryChanges.push(change);
  }

  /** Changes the one entry at this global index wherever it is served. */
  changeEntry(globalIndex: number, change: (entry: WireEntry) => WireEntry): void {
    this.changeEntries((entries) =>
      entries.map((entry) => (entry.logIndex === globalIndex ? change(structuredClone(entry)) : entry)),
    );
  }

  /** Changes each answer of `/api/v1/log`. */
  changeLogInfo(change: (info: WireLogInfo) => unknown): void {
    this.#infoChanges.push(change);
  }

  /** Ends every misbehaviour but a fork. */
  heal(): void {
    this.#hooks = [];
    this.#entryChanges = [];
    this.#infoChanges = [];
    this.#spoiled.clear();
    for (const shard of this.shards) {
      shard.heal();
    }
  }

  /** Leaves these global indexes out of every answer. */
  omit(...globalIndexes: readonly number[]): void {
    this.changeEntries((entries) => entries.filter((entry) => !globalIndexes.includes(entry.logIndex)));
  }

  /** Answers every retrieval so that asks for this global index, whatever else it asks for. */
  spoil(globalIndex: number, answer: Misbehaviour = { status: 500, body: '{"code":500,"message":"spoiled"}' }): void {
    this.#spoiled.set(globalIndex, answer);
  }

  /** Serves the entries of each answer backwards. */
  reorder(): void {
    this.changeEntries((entries) => entries.toReversed());
  }

  /** Serves every entry three times, and one that was not asked for. */
  duplicate(): void {
    const extra = this.active.entryAt(this.active.offset);
    this.changeEntries((entries) => [...entries, extra, ...entries, ...entries]);
  }

  /** Serves another body at this global index: under the honest ID or, `consistent`, under the one that fits it. */
  tamper(globalIndex: number, body = Buffer.from('tampered'), options: { readonly consistent?: boolean } = {}): void {
    this.changeEntry(globalIndex, (entry) => ({
      ...entry,
      uuid: options.consistent === true ? entry.uuid.slice(0, 16) + leafHash(body).toString('hex') : entry.uuid,
      body: body.toString('base64'),
    }));
  }

  /** Serves these bytes as the attestation that is stored beside an entry; unchecked, as a real server does. */
  attest(globalIndex: number, attestation: Buffer): void {
    this.serveAttestation(globalIndex, { data: attestation.toString('base64') });
  }

  /** Serves this as the member `attestation` of an entry. */
  serveAttestation(globalIndex: number, attestation: unknown): void {
    this.changeEntry(globalIndex, (entry) => ({ ...entry, attestation }));
  }

  /** Serves the ID of another tree at this global index. */
  wrongTreeId(globalIndex: number): void {
    this.changeEntry(globalIndex, (entry) => ({ ...entry, uuid: `00000000000000ff${entry.uuid.slice(16)}` }));
  }

  /** Serves a timestamp that signs another index. */
  badTimestamp(globalIndex: number): void {
    this.changeEntry(globalIndex, (entry) => {
      entry.verification.signedEntryTimestamp = this.active.signTimestamp({ ...entry, logIndex: globalIndex + 1 });
      return entry;
    });
  }

  /** Lists a shard with a size that nobody signed. */
  lieAboutSize(treeId: string, size: number): void {
    const lie = <T extends WireShard>(shard: T): T => (shard.treeID === treeId ? { ...shard, treeSize: size } : shard);
    this.changeLogInfo((info) => ({ ...lie(info), inactiveShards: info.inactiveShards?.map(lie) ?? null }));
  }

  failWith(status: number, headers: OutgoingHttpHeaders = {}, requests: RegExp = EVERYTHING): void {
    this.#answer(requests, { status, headers, body: `{"code":${status},"message":"failed on purpose"}` });
  }

  hang(requests: RegExp = EVERYTHING): void {
    this.#answer(requests, 'hang');
  }

  serveHtml(requests: RegExp = EVERYTHING): void {
    const body = '<!doctype html>\n<title>Sign in to the hotel network</title>\n';
    this.#answer(requests, { status: 200, headers: { 'content-type': 'text/html' }, body });
  }

  serveText(body: string, requests: RegExp = EVERYTHING): void {
    this.#answer(requests, { status: 200, headers: { 'content-type': 'application/json' }, body });
  }

  countRequests(requests: RegExp = EVERYTHING): number {
    return this.requests.filter((request) => requests.test(request)).length;
  }

  /** One request; for servers that are not {@link startFakeRekorV1}'s. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const asked = `${request.method ?? ''} ${url.pathname}`;
    this.requests.push(asked);
    this.cacheControls.push(...[request.headers['cache-control'] ?? []].flat());
    const spoiled = RETRIEVE.test(asked) ? this.#spoils(body) : null;
    const hooked = this.#hooks.reduce<Misbehaviour | null>((found, hook) => found ?? hook(asked), spoiled);
    if (hooked === 'hang') {
      return;
    }
    const answer = hooked ?? this.#serve(asked, url, body);
    const headers = 'headers' in answer ? answer.headers : {};
    response.writeHead(answer.status, { 'content-type': 'application/json', ...headers });
    response.end('json' in answer ? JSON.stringify(answer.json) : answer.body);
  }

  #serve(asked: string, url: URL, body: string): Answer {
    if (LOG_INFO.test(asked)) {
      const change = (info: unknown, next: (info: WireLogInfo) => unknown) => next(info as WireLogInfo);
      return { status: 200, json: this.#infoChanges.reduce(change, this.logInfo()) };
    }
    if (RETRIEVE.test(asked)) {
      return this.#retrieve(JSON.parse(body) as { logIndexes: readonly number[] });
    }
    return PROOF.test(asked) ? this.consistencyProof(url.searchParams) : { status: 404, json: { code: 404 } };
  }

  #retrieve({ logIndexes }: { readonly logIndexes: readonly number[] }): Answer {
    this.retrievals.push(logIndexes);
    if (logIndexes.length === 0 || logIndexes.length > 10) {
      return { status: 422, json: { code: 610, message: 'logIndexes in body should have 1 to 10 items' } };
    }
    const served = this.#entryChanges.reduce((entries, change) => change(entries), this.retrieve(logIndexes));
    return { status: 200, json: served.map(({ uuid, ...entry }) => ({ [uuid]: entry })) };
  }

  #spoils(body: string): Misbehaviour | null {
    const { logIndexes } = JSON.parse(body) as { readonly logIndexes: readonly number[] };
    const index = logIndexes.find((each) => this.#spoiled.has(each));
    return index === undefined ? null : (this.#spoiled.get(index) ?? null);
  }

  #answer(requests: RegExp, answer: Misbehaviour): void {
    this.before((asked) => (requests.test(asked) ? answer : null));
  }
}
