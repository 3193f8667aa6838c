import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { FakeRekorV1 } from '../test/fakes/fake-rekor-v1.ts';
import { createDemoAuthority } from '../src/demo/certificate-authority.ts';
import { hashedRekordV1, hashedRekordV2 } from '../src/demo/entries.ts';
import { listenOnLoopback } from '../src/demo/listen.ts';
import { filePath, LocalLog } from '../src/demo/local-log.ts';

/** Certificates that entries are made from: signing each anew would take longer than the benchmark. */
const DISTINCT = 64;

/** What the benchmark's server tells its parent, one JSON line. */
export interface Served {
  readonly url: string;
  readonly publicKeyPem: string;
  readonly chainPem: string;
}

/** What the server was asked, as it tells its parent when that sends anything. */
export interface Asked {
  readonly requests: number;
  /** The most in any sixty seconds. */
  readonly mostInAMinute: number;
}

const MINUTE_MS = 60_000;

const [type, host = ''] = process.argv.slice(2);
const [count, oneIn, delayMs] = process.argv.slice(4).map(Number) as [number, number, number];
const authority = createDemoAuthority({ name: 'bench-ca' });
/** When each request came, in milliseconds. */
const arrivals: number[] = [];

const { log, handle } = type === 'v2' ? tiles() : api();
log.append(makeLeaves());
const server = createServer((request, response) => {
  arrivals.push(performance.now());
  if (delayMs === 0) {
    handle(request, response);
  } else {
    setTimeout(() => {
      handle(request, response);
    }, delayMs);
  }
});
const { url } = await listenOnLoopback(server);
process.on('message', () => {
  process.send?.({ requests: arrivals.length, mostInAMinute: mostInAMinute() } satisfies Asked);
});
process.send?.({ url, publicKeyPem: log.publicKeyPem, chainPem: authority.chainPem() } satisfies Served);

function tiles() {
  const local = new LocalLog(host);
  return {
    log: local,
    handle: (request: IncomingMessage, response: ServerResponse) => {
      const { status, body } = local.answer(filePath(request.url ?? '/'));
      response.writeHead(status, { 'content-length': body.length }).end(body);
    },
  };
}

function api() {
  const rekor = new FakeRekorV1({ host });
  return {
    log: rekor,
    handle: (request: IncomingMessage, response: ServerResponse) => void rekor.handle(request, response),
  };
}

function mostInAMinute(): number {
  let [most, first] = [0, 0];
  arrivals.forEach((time, last) => {
    while (time - (arrivals[first] ?? time) >= MINUTE_MS) {
      first += 1;
    }
    most = Math.max(most, last - first + 1);
  });
  return most;
}

/** One entry in `oneIn` is signed as `acme`, the others by strangers. */
function makeLeaves(): Buffer[] {
  const ours = Array.from({ length: DISTINCT }, (_, number) => makeLeaf('acme', number));
  const others = Array.from({ length: DISTINCT }, (_, number) => makeLeaf(`stranger-${number}`, number));
  return Array.from({ length: count }, (_, index) => {
    const pool = index % oneIn === 0 ? ours : others;
    // Buffers of their own, as a server holds them; a tree does not mind equal leaves.
    return Buffer.from(pool[Math.floor(index / oneIn + index) % DISTINCT] ?? Buffer.alloc(0));
  });
}

function makeLeaf(owner: string, number: number): Buffer {
  const repository = `https://github.com/${owner}/widget`;
  const workflow = `${repository}/.github/workflows/release.yml@refs/tags/v1`;
  const { certificate, privateKey } = authority.issue({
    subject: workflow,
    claims: {
      issuer: 'https://token.actions.githubusercontent.com',
      builder: workflow,
      builder_digest: 'c0ffee0123456789c0ffee0123456789c0ffee01',
      runner: 'github-hosted',
      source_repository: repository,
      source_digest: 'c0ffee0123456789c0ffee0123456789c0ffee01',
      source_ref: 'refs/tags/v1',
      source_repository_id: String(number),
      source_owner: `https://github.com/${owner}`,
      source_owner_id: String(number),
      workflow,
      workflow_digest: 'c0ffee0123456789c0ffee0123456789c0ffee01',
      trigger: 'push',
      run: `${repository}/actions/runs/${number}/attempts/1`,
      visibility: 'public',
    },
  });
  const make = type === 'v2' ? hashedRekordV2 : hashedRekordV1;
  return make({ certificate, privateKey, artifact: Buffer.from(String(number)) });
}
