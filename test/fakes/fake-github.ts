import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';

/** What was asked for. */
export interface AskedGithub {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** An answer in place of the API's own. */
export type GithubAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** The attestation API of GitHub, and beside it the store for blobs that its answers point at. */
export interface FakeGithub extends Listening {
  readonly requests: AskedGithub[];
  /** Lists items (`{bundle, bundle_url}`) under a digest of a repository, after those that are listed already. */
  publish(repository: string, digest: string, ...items: readonly unknown[]): void;
  /** Forgets what was published. */
  withdraw(): void;
  /** Serves a blob; the URL of it, with a key in its query. */
  store(name: string, content: Buffer, type?: string): string;
  /** Answers every request for attestations like this; null: as it should. */
  answer(how: GithubAnswer | null): void;
  /** So many items make a page, whatever is asked for. */
  pageSize: number;
}

export async function startFakeGithub(): Promise<FakeGithub> {
  const requests: AskedGithub[] = [];
  const listed = new Map<string, unknown[]>();
  const blobs = new Map<string, { readonly content: Buffer; readonly type: string }>();
  let instead: GithubAnswer | null = null;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', fake.url);
    requests.push({ path: url.pathname, query: url.searchParams, headers: request.headers });
    const blob = blobs.get(url.pathname);
    if (blob !== undefined) {
      response.writeHead(200, { 'content-type': blob.type }).end(blob.content);
    } else if (instead === null) {
      list(url, response);
    } else {
      instead(request, response);
    }
  });
  const list = (url: URL, response: ServerResponse): void => {
    const items = listed.get(url.pathname);
    if (items === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"Not Found","status":"404"}');
      return;
    }
    const from = Number(url.searchParams.get('after') ?? 0);
    const to = from + Math.min(fake.pageSize, Number(url.searchParams.get('per_page')));
    const next = new URL(url);
    next.searchParams.set('after', String(to));
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      ...(to < items.length && {
        link: `<https://elsewhere.example/?after=9>; rel="prev", <${next.href}>; rel="next"`,
      }),
    });
    response.end(JSON.stringify({ attestations: items.slice(from, to) }));
  };
  const fake: FakeGithub = {
    ...(await listenOnLoopback(server)),
    requests,
    pageSize: 100,
    publish(repository, digest, ...items) {
      const path = `/repos/${repository}/attestations/${digest}`;
      listed.set(path, [...(listed.get(path) ?? []), ...items]);
    },
    withdraw() {
      listed.clear();
    },
    store(name, content, type = 'application/x-snappy') {
      blobs.set(`/blobs/${name}`, { content, type });
      return `${fake.url}/blobs/${name}?sig=key`;
    },
    answer(how) {
      instead = how;
    },
  };
  return fake;
}
