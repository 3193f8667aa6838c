import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';

export interface StaticLog extends Listening {
  /** The file that is served as `checkpoint`. */
  checkpoint: string;
  /** Path of each request, with its status. */
  readonly requests: string[];
}

/** Serves a recorded tile log as any static file server would: bytes for everything that there is, HTML for the rest. */
export async function serveStaticLog(folder: string, checkpoint: string): Promise<StaticLog> {
  const log = { checkpoint, requests: [] as string[] };
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const file = path === '/checkpoint' ? log.checkpoint : join(folder, path);
    const found = existsSync(file) && statSync(file).isFile();
    log.requests.push(`${found ? 200 : 404} ${path}`);
    response.writeHead(found ? 200 : 404, {
      'content-type': found ? 'application/octet-stream' : 'text/html; charset=utf-8',
    });
    response.end(found ? readFileSync(file) : '<!doctype html>\n<title>404 Not Found</title>\n');
  });
  return Object.assign(log, await listenOnLoopback(server));
}
