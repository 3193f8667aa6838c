import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';
import { createHttpClient, type HttpClient } from '../../src/log/http.ts';

const NEVER = new AbortController().signal;
let asked: IncomingHttpHeaders[];
let server: Listening;
let http: HttpClient;

beforeEach(async () => {
  asked = [];
  http = createHttpClient();
  server = await listenOnLoopback(
    createServer((request, response) => {
      asked.push(request.headers);
      response.writeHead(request.url === '/none' ? 404 : 200, { link: '<x>; rel="next"' }).end('body');
    }),
  );
});

afterEach(() => Promise.all([http.close(), server.close()]));

describe('a request with headers of its own', () => {
  it('sends them beside the usual ones, and gives those of the answer', async () => {
    const request = { url: server.url, headers: { accept: 'application/vnd.x+json', 'x-own': '1' }, maxBytes: 100 };
    const answer = await http.fetch(request, NEVER);
    expect(asked[0]).toMatchObject({ accept: 'application/vnd.x+json', 'x-own': '1', 'user-agent': 'sigwatch' });
    expect([answer.body.toString(), answer.header?.('link'), answer.header?.('retry-after')]).toEqual([
      'body',
      '<x>; rel="next"',
      undefined,
    ]);
    const none = await http.fetch({ ...request, url: `${server.url}/none`, accept: [404] }, NEVER);
    expect([none.status, none.header?.('link')]).toEqual([404, '<x>; rel="next"']);
  });

  it('is the only one that gets any', async () => {
    expect(await http.fetch({ url: server.url, maxBytes: 100 }, NEVER)).toEqual({
      status: 200,
      body: Buffer.from('body'),
      url: `${server.url}/`,
    });
    expect(asked[0]).not.toHaveProperty('x-own');
  });
});
