import { existsSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';

export interface RecordedRekorV1 extends Listening {
  /** The file that `/api/v1/log` answers with; relative to where the recording lies. */
  head: string;
  /** Where recorded entries are looked for, the first folder that has one wins. */
  folders: readonly string[];
  /** Shards whose proofs have names of their own, `proof-NAME-M-N.json`, by tree ID. */
  shardNames: Readonly<Record<string, string>>;
  /** Path and query of each request for a proof, with its status. */
  readonly proofs: string[];
}

/** Serves recorded answers of a real Rekor v1 server: `log/…`, `entries/NNN.json` by global index, `proofs/proof-MMM-NNN.json`. */
export async function serveRecordedRekorV1(
  root: string,
  head: string,
  folders: readonly string[] = ['entries'],
): Promise<RecordedRekorV1> {
  const recorded = { head, folders, shardNames: {} as Readonly<Record<string, string>>, proofs: [] as string[] };
  const readEntry = (index: number): string[] => {
    const files = recorded.folders.map((folder) => join(root, folder, `${number(index)}.json`));
    return files
      .filter((file) => existsSync(file))
      .slice(0, 1)
      .map((file) => readFileSync(file, 'utf8'));
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    switch (url.pathname) {
      case '/api/v1/log':
        send(response, resolve(root, recorded.head));
        return;
      case '/api/v1/log/proof': {
        send(response, join(root, `proofs/${proofName(url.searchParams, recorded.shardNames)}.json`));
        recorded.proofs.push(`${response.statusCode} ${url.search}`);
        return;
      }
      default:
        void json(request).then((body) => {
          const { logIndexes } = body as { readonly logIndexes: readonly number[] };
          response.end(`[${logIndexes.flatMap(readEntry).join(',')}]`);
        });
    }
  });
  return Object.assign(recorded, await listenOnLoopback(server));
}

function proofName(query: URLSearchParams, shardNames: Readonly<Record<string, string>>): string {
  const [first, last] = [query.get('firstSize'), query.get('lastSize')];
  const name = shardNames[query.get('treeID') ?? ''];
  return name === undefined
    ? `proof-${number(first)}-${number(last)}`
    : `proof-${name}-${Number(first)}-${Number(last)}`;
}

function send(response: ServerResponse, file: string): void {
  const found = existsSync(file);
  response.writeHead(found ? 200 : 404);
  response.end(found ? readFileSync(file) : '');
}

function number(value: number | string | null): string {
  return String(value).padStart(3, '0');
}
