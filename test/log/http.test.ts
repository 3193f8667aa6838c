import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createHttpClient, type HttpClient, type HttpRequest } from '../../src/log/http.ts';
import { LogUnavailable } from '../../src/log/log.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const never = new AbortController().signal;
const stopped: Clock = { now: () => new Date('2026-11-21T12:00:00Z'), sleep: async () => undefined };

let handler: Handler;
let seen: IncomingMessage[];
let bodies: string[];
let sockets: Set<Socket>;
let server: Listening;
let http: HttpClient;

beforeEach(async () => {
  [seen, bodies, sockets] = [[], [], new Set()];
  handler = (_, response) => response.end('hello');
  const node = createServer((request, response) => {
    seen.push(request);
    sockets.add(request.socket);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      handler(request, response);
    });
  });
  server = await listenOnLoopback(node);
  http = createHttpClient({ clock: stopped });
});

afterEach(async () => {
  await http.close();
  await server.close();
});

async function failure(request: Partial<Parameters<HttpClient['fetch']>[0]> = {}): Promise<LogUnavailable> {
  const error: unknown = await http.fetch({ url: `${server.url}/x`, maxBytes: 1000, ...request }, never).then(
    (answer) => answer,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LogUnavailable);
  return error as LogUnavailable; // Just asserted.
}

const unavailable = (message: string, retryAfterMs?: number, tooLarge = false) => ({
  name: 'LogUnavailable',
  message,
  retryAfterMs,
  tooLarge,
});
const facts = ({ name, message, retryAfterMs, tooLarge }: LogUnavailable) => ({
  name,
  message,
  retryAfterMs,
  tooLarge,
});

describe('fetch()', () => {
  it('gives status, body and URL of a 200', async () => {
    const answer = await http.fetch({ url: `${server.url}/a?b=c`, maxBytes: 5 }, never);
    expect(answer).toEqual({ status: 200, body: Buffer.from('hello'), url: `${server.url}/a?b=c` });
  });

  it('sends a GET that takes gzip, under its own name', async () => {
    await http.fetch({ url: server.url, maxBytes: 5 }, never);
    const headers = seen[0]?.headers;
    expect({ method: seen[0]?.method, ...headers }).toMatchObject({
      method: 'GET',
      'accept-encoding': 'gzip, identity',
      'user-agent': 'sigwatch',
    });
    expect(headers).not.toHaveProperty('cache-control');
  });

  it('asks caches to stand aside when fresh', async () => {
    await http.fetch({ url: server.url, maxBytes: 5, fresh: true }, never);
    expect(seen[0]?.headers).toMatchObject({ 'cache-control': 'no-cache', pragma: 'no-cache' });
  });

  it('posts JSON when given some', async () => {
    await http.fetch({ url: server.url, maxBytes: 5, json: { logIndexes: [1, 2] } }, never);
    expect(seen[0]?.method).toBe('POST');
    expect(seen[0]?.headers).toMatchObject({ 'content-type': 'application/json', accept: 'application/json' });
    expect(bodies).toEqual(['{"logIndexes":[1,2]}']);
  });

  it('uses the userAgent of the options', async () => {
    const named = createHttpClient({ userAgent: 'sigwatch/1.2.3' });
    await named.fetch({ url: server.url, maxBytes: 5 }, never);
    await named.close();
    expect(seen[0]?.headers['user-agent']).toBe('sigwatch/1.2.3');
  });

  it('keeps the connection alive, also after a failure and an accepted 404', async () => {
    const single = createHttpClient({ connections: 1 });
    const statuses = [200, 500, 404, 200];
    handler = (_, response) => response.writeHead(statuses[seen.length - 1] ?? 500).end('hello');
    await single.fetch({ url: server.url, maxBytes: 5 }, never);
    await expect(single.fetch({ url: server.url, maxBytes: 5 }, never)).rejects.toThrow('status 500');
    await single.fetch({ url: server.url, maxBytes: 5, accept: [404] }, never);
    await single.fetch({ url: server.url, maxBytes: 5 }, never);
    await single.close();
    expect({ requests: seen.length, connections: sockets.size }).toEqual({ requests: 4, connections: 1 });
  });

  it('opens no more connections than allowed', async () => {
    const narrow = createHttpClient({ connections: 2 });
    await Promise.all(Array.from({ length: 20 }, () => narrow.fetch({ url: server.url, maxBytes: 5 }, never)));
    await narrow.close();
    expect({ requests: seen.length, connections: sockets.size }).toEqual({ requests: 20, connections: 2 });
  });

  it('gives an accepted status with its body', async () => {
    handler = (_, response) => response.writeHead(404).end('not here');
    const answer = await http.fetch({ url: `${server.url}/t`, maxBytes: 5, accept: [404, 410] }, never);
    expect(answer).toEqual({ status: 404, body: Buffer.from('not here'), url: `${server.url}/t` });
  });

  it('cuts the body of an accepted status at 64 KiB instead of refusing it', async () => {
    handler = (_, response) => response.writeHead(404).end('x'.repeat(200_000));
    const answer = await http.fetch({ url: server.url, maxBytes: 5, accept: [404] }, never);
    expect(answer.body.length).toBe(65_536);
  });

  it('names status and the beginning of the body, without control characters, when the status is not accepted', async () => {
    handler = (_, response) => response.writeHead(500).end(`\u001b[31mboom\r\n\u202edetails ${'y'.repeat(500)}`);
    expect(facts(await failure())).toEqual(
      unavailable(`Cannot fetch "${server.url}/x": status 500: "[31mboom details ${'y'.repeat(183)}"`),
    );
  });

  it('names the status alone when the refusal has no body', async () => {
    handler = (_, response) => response.writeHead(502).end();
    expect(facts(await failure())).toEqual(unavailable(`Cannot fetch "${server.url}/x": status 502`));
  });

  it('shows the text of a compressed refusal', async () => {
    handler = (_, response) => response.writeHead(500, { 'content-encoding': 'gzip' }).end(gzipSync('sorry'));
    expect((await failure()).message).toBe(`Cannot fetch "${server.url}/x": status 500: "sorry"`);
  });

  it('shows no text of a refusal whose compression is broken', async () => {
    handler = (_, response) => response.writeHead(500, { 'content-encoding': 'gzip' }).end('sorry');
    expect((await failure()).message).toBe(`Cannot fetch "${server.url}/x": status 500: "(compressed)"`);
  });

  it.each([
    ['seconds', '17', 17_000],
    ['zero seconds', '0', 0],
    ['a date', 'Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['a date of the past', 'Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['more than an hour', '999999999999', 3_600_000],
    ['a date next year', 'Sun, 21 Nov 2027 12:00:00 GMT', 3_600_000],
    ['a negative number', '-5', undefined],
    ['no number', 'soon', undefined],
  ])('gives the wait of a Retry-After that holds %s', async (_name, value, expected) => {
    handler = (_, response) => response.writeHead(429, { 'retry-after': value }).end('slow down');
    expect(facts(await failure())).toEqual(
      unavailable(`Cannot fetch "${server.url}/x": status 429: "slow down"`, expected),
    );
  });

  it('names the target of a redirect and does not go there', async () => {
    handler = (_, response) =>
      response.writeHead(302, { location: 'https://user:secret@login.example/?token=abc' }).end();
    expect(facts(await failure())).toEqual(
      unavailable(
        `Cannot fetch "${server.url}/x": status 302 redirects to "login.example", and redirects are not followed: configure the final URL`,
      ),
    );
    expect(seen.length).toBe(1);
  });

  it('takes a relative redirect for one to the same host', async () => {
    handler = (_, response) => response.writeHead(307, { location: '/y' }).end();
    const { host } = new URL(server.url);
    expect((await failure()).message).toContain(`status 307 redirects to "${host}"`);
  });

  it('decodes gzip', async () => {
    handler = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1000)));
    const answer = await http.fetch({ url: server.url, maxBytes: 1000 }, never);
    expect(answer.body.toString()).toBe('x'.repeat(1000));
  });

  it('takes a compressed body that is larger than its content', async () => {
    handler = (_, response) => response.writeHead(200, { 'content-encoding': 'x-gzip' }).end(gzipSync('abc'));
    const answer = await http.fetch({ url: server.url, maxBytes: 3 }, never);
    expect(answer.body.toString()).toBe('abc');
  });

  it('refuses a gzip bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    handler = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    expect(facts(await failure({ maxBytes: 2000 }))).toEqual(
      unavailable(`Cannot fetch "${server.url}/x": the answer is larger than 2000 bytes`, undefined, true),
    );
  });

  it.each([
    ['no gzip at all', Buffer.from('plain')],
    ['half of it', gzipSync('x'.repeat(1000)).subarray(0, 20)],
    ['a wrong checksum', Buffer.concat([gzipSync('abc').subarray(0, -8), Buffer.alloc(8)])],
  ])('refuses gzip that is %s', async (_name, body) => {
    handler = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
    expect((await failure()).message).toMatch(/^Cannot fetch "http:.*\/x": broken gzip: /);
  });

  it('refuses an encoding it does not know', async () => {
    handler = (_, response) => response.writeHead(200, { 'content-encoding': 'br' }).end('x');
    expect((await failure()).message).toBe(
      `Cannot fetch "${server.url}/x": Content-Encoding is "br", expected gzip or none`,
    );
  });

  it('accepts a body of exactly maxBytes and refuses one byte more', async () => {
    handler = (_, response) => response.end('x'.repeat(1001));
    expect((await http.fetch({ url: server.url, maxBytes: 1001 }, never)).body.length).toBe(1001);
    expect(facts(await failure({ maxBytes: 1000 }))).toEqual(
      unavailable(`Cannot fetch "${server.url}/x": the answer is larger than 1000 bytes`, undefined, true),
    );
  });

  it('does not read a body that says that it is larger than maxBytes', async () => {
    handler = (_, response) => {
      response.writeHead(200, { 'content-length': 1001 }).flushHeaders();
    };
    expect((await failure({ timeoutMs: 5000 })).tooLarge).toBe(true);
  });

  it('stops reading a body that never ends once it is over maxBytes', async () => {
    handler = (_, response) => {
      const pump = (): void => {
        response.write(Buffer.alloc(4096), (error) => {
          setImmediate(error ? () => undefined : pump);
        });
      };
      pump();
    };
    expect((await failure()).message).toBe(`Cannot fetch "${server.url}/x": the answer is larger than 1000 bytes`);
  });

  it.each([
    ['before the headers', () => undefined],
    [
      'in the body',
      (_: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('begun');
      },
    ],
  ])('gives up a server that hangs %s', async (_name, hanging: Handler) => {
    handler = hanging;
    expect(facts(await failure({ timeoutMs: 50 }))).toEqual(
      unavailable(`Cannot fetch "${server.url}/x": no complete answer within 50 ms`),
    );
  });

  it('waits for a slow body as long as something arrives', async () => {
    handler = (_, response) => {
      response.writeHead(200);
      const pieces = Array.from('a slow link'.repeat(2));
      const drip = setInterval(() => {
        response.write(pieces.shift() ?? '', () => undefined);
        if (pieces.length === 0) {
          clearInterval(drip);
          response.end();
        }
      }, 100);
    };
    const { body } = await http.fetch({ url: server.url, maxBytes: 1000, timeoutMs: 1_500 }, never);
    expect(body.toString()).toBe('a slow linka slow link');
  });

  it('gives up a body that drips without end', async () => {
    handler = (_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 5);
      response.on('close', () => {
        clearInterval(drip);
      });
    };
    expect((await failure({ timeoutMs: 150 })).message).toBe(
      `Cannot fetch "${server.url}/x": no complete answer within 3000 ms`,
    );
  });

  it('reports a connection that breaks in mid-body', async () => {
    handler = (request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('begun', () => request.socket.destroy());
    };
    expect((await failure()).message).toMatch(/^Cannot fetch "http:.*\/x": \S/);
  });

  it('reports a body that is shorter than its Content-Length', async () => {
    handler = (request, response) => {
      response.writeHead(200, { 'content-length': 100, connection: 'close' });
      response.write('begun', () => request.socket.end());
    };
    expect((await failure()).message).toMatch(/^Cannot fetch "http:.*\/x": \S/);
  });

  it('reports what is no HTTP', async () => {
    handler = (request) => {
      request.socket.end('220 smtp.example ESMTP\r\n');
    };
    expect((await failure()).message).toMatch(/^Cannot fetch "http:.*\/x": \S/);
  });

  it('reports headers without end', async () => {
    handler = (request) => {
      request.socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n`);
    };
    expect((await failure()).message).toMatch(/^Cannot fetch "http:.*\/x": .*[Hh]eaders/);
  });

  it('reports a refused connection, by address, without the credentials of the URL', async () => {
    await server.close();
    const { host } = new URL(server.url);
    const error = await failure({ url: `http://user:secret@${host}/y` });
    expect(facts(error)).toEqual(unavailable(`Cannot fetch "http://${host}/y": connect ECONNREFUSED ${host}`));
    server = await listenOnLoopback(createServer());
  });

  it('leaves the credentials out of the answer', async () => {
    const { host } = new URL(server.url);
    const answer = await http.fetch({ url: `http://user:secret@${host}/y`, maxBytes: 5 }, never);
    expect(answer.url).toBe(`http://${host}/y`);
  });

  it('reports a host that has several addresses, none of which answers', async () => {
    await server.close();
    const { port } = new URL(server.url);
    expect((await failure({ url: `http://localhost:${port}/` })).message).toMatch(
      /^Cannot fetch "http:\/\/localhost:\d+\/": .*ECONNREFUSED/,
    );
    server = await listenOnLoopback(createServer());
  });

  it('rejects with the reason of the caller when the caller aborts', async () => {
    const controller = new AbortController();
    const reason = new Error('shutting down');
    handler = () => {
      controller.abort(reason);
    };
    await expect(http.fetch({ url: server.url, maxBytes: 5 }, controller.signal)).rejects.toBe(reason);
  });

  it('sends nothing when the caller aborted before', async () => {
    const reason = new Error('shutting down');
    await expect(http.fetch({ url: server.url, maxBytes: 5 }, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(seen.length).toBe(0);
  });

  it('fails what is under way when the client closes', async () => {
    handler = () => {
      void http.close();
    };
    await failure();
    http = createHttpClient();
  });
});

describe('fetch() with ratePerMinute', () => {
  it('lets some requests go at once and spaces the others', async () => {
    const clock = sleepingClock();
    const limited = createHttpClient({ ratePerMinute: 300, clock });
    for (let sent = 0; sent < 8; sent++) await limited.fetch({ url: server.url, maxBytes: 5 }, never);
    await limited.close();
    expect(clock.sleeps).toEqual([203, 203, 203]);
  });

  it('counts for each host by itself', async () => {
    const clock = sleepingClock();
    const limited = createHttpClient({ ratePerMinute: 60, clock });
    const [first, second] = [server.url, server.url.replace('127.0.0.1', 'localhost')];
    for (const url of [first, second, first]) await limited.fetch({ url, maxBytes: 5 }, never);
    await limited.close();
    expect(clock.sleeps).toEqual([1000]);
  });

  it('sends nothing when the caller aborts while it waits', async () => {
    const controller = new AbortController();
    const reason = new Error('shutting down');
    const clock: Clock = {
      now: () => new Date(0),
      sleep: async () => {
        controller.abort(reason);
      },
    };
    const limited = createHttpClient({ ratePerMinute: 1, clock });
    await limited.fetch({ url: server.url, maxBytes: 5 }, controller.signal);
    await expect(limited.fetch({ url: server.url, maxBytes: 5 }, controller.signal)).rejects.toBe(reason);
    await limited.close();
    expect(seen.length).toBe(1);
  });
});

describe('fetch() from a host that is overloaded', () => {
  let clock: SleepingClock;
  let client: HttpClient;

  beforeEach(() => {
    clock = sleepingClock();
    client = createHttpClient({ clock });
  });

  afterEach(() => client.close());

  const fetch = (path = '/x') => client.fetch({ url: `${server.url}${path}`, maxBytes: 1000 }, never);
  /** The statuses of the first answers; then 200. */
  const answer = (statuses: readonly number[], headers: OutgoingHttpHeaders = {}): void => {
    const left = [...statuses];
    handler = (_, response) => {
      const status = left.shift();
      response.writeHead(status ?? 200, status === undefined ? {} : headers).end('body');
    };
  };

  it.each([429, 503])('asks again after %i, later each time', async (status) => {
    // So fast that half of it makes nobody wait.
    client = createHttpClient({ clock, ratePerMinute: 60_000 });
    answer([status, status, status]);
    expect((await fetch()).status).toBe(200);
    expect(seen.length).toBe(4);
    const [first = 0, second = 0, third = 0] = clock.sleeps;
    expect(clock.sleeps.length).toBe(3);
    expect([first >= 500, first <= 1000, second >= 1000, second <= 2000, third >= 2000, third <= 4000]).not.toContain(
      false,
    );
  });

  it.each([500, 502, 504, 404])('does not ask again after %i', async (status) => {
    answer([status]);
    await expect(fetch()).rejects.toThrow(`status ${status}`);
    expect(seen.length).toBe(1);
  });

  it('gives up after four tries', async () => {
    answer(Array.from({ length: 9 }, () => 503));
    await expect(fetch()).rejects.toThrow('status 503: "body"');
    expect(seen.length).toBe(4);
  });

  it('waits as it asked, if that is soon', async () => {
    answer([503], { 'retry-after': '7' });
    expect((await fetch()).status).toBe(200);
    expect(clock.sleeps).toEqual([7000]);
  });

  it('leaves a longer wait to the caller', async () => {
    answer([503], { 'retry-after': '11' });
    await expect(fetch()).rejects.toMatchObject({ retryAfterMs: 11_000 });
    expect({ sleeps: clock.sleeps, requests: seen.length }).toEqual({ sleeps: [], requests: 1 });
  });

  it('does not wait longer than ten seconds in all', async () => {
    answer([503, 503, 503], { 'retry-after': '4' });
    await expect(fetch()).rejects.toMatchObject({ retryAfterMs: 4000 });
    expect(clock.sleeps).toEqual([4000, 4000]);
  });

  it('keeps every other request from the host, too, while it said 429 with Retry-After', async () => {
    answer([429], { 'retry-after': '90' });
    await expect(fetch()).rejects.toMatchObject({ retryAfterMs: 90_000 });
    clock.time += 30_000;
    const other: unknown = await fetch('/other').catch((error: unknown) => error);
    expect(facts(other as LogUnavailable)).toEqual(
      unavailable(
        `Cannot fetch "${server.url}/other": "${new URL(server.url).host}" answers no more requests for 60 s, as it said`,
        60_000,
      ),
    );
    expect(seen.length).toBe(1);
    clock.time += 55_000;
    expect((await fetch('/other')).status).toBe(200);
    expect(clock.sleeps).toEqual([5000]);
  });

  it('asks for other things while one is not available', async () => {
    answer([503], { 'retry-after': '90' });
    await expect(fetch()).rejects.toMatchObject({ retryAfterMs: 90_000 });
    expect((await fetch('/other')).status).toBe(200);
    expect(clock.sleeps).toEqual([]);
  });

  it('takes the wait after a 429 from RateLimit headers where Retry-After is absent', async () => {
    answer([429], { ratelimit: '"default";r=0;t=3' });
    expect((await fetch()).status).toBe(200);
    expect(clock.sleeps).toEqual([3000]);
  });

  it('waits when an answer said that no more are left', async () => {
    handler = (_, response) =>
      response.writeHead(200, { 'ratelimit-remaining': '0', 'ratelimit-reset': '8' }).end('body');
    await fetch();
    await fetch();
    expect(clock.sleeps).toEqual([8000]);
  });

  it('spreads what an answer said is left', async () => {
    handler = (_, response) => response.writeHead(200, { ratelimit: 'limit=100, remaining=50, reset=10' }).end('body');
    for (let sent = 0; sent < 12; sent++) await fetch();
    expect(clock.sleeps).toEqual([200, 200, 200]);
  });

  it('halves its rate once, after a 429 to several requests at once', async () => {
    client = createHttpClient({ clock, ratePerMinute: 600 });
    answer([429, 429], { 'retry-after': '1' });
    await Promise.all([fetch(), fetch()]);
    clock.sleeps.length = 0;
    for (let sent = 0; sent < 12; sent++) await fetch();
    const spacing = Math.max(...clock.sleeps);
    expect([spacing > 190, spacing < 215]).toEqual([true, true]);
  });

  it('stops waiting when the caller aborts', async () => {
    const controller = new AbortController();
    const reason = new Error('shutting down');
    clock.sleep = async () => {
      controller.abort(reason);
    };
    answer([503]);
    await expect(client.fetch({ url: server.url, maxBytes: 5 }, controller.signal)).rejects.toBe(reason);
    expect(seen.length).toBe(1);
  });
});

describe('fetch() from a host that is out of order', () => {
  let clock: SleepingClock;
  let client: HttpClient;

  beforeEach(() => {
    clock = sleepingClock();
    client = createHttpClient({ clock, longestPauseMs: 3000 });
    handler = (request) => request.socket.destroy();
  });

  afterEach(() => client.close());

  const fetch = (path = '/x') => client.fetch({ url: `${server.url}${path}`, maxBytes: 1000 }, never);
  const fail = async (times: number): Promise<unknown> => {
    let last: unknown;
    for (let failed = 0; failed < times; failed++) last = await fetch().catch((error: unknown) => error);
    return last;
  };

  it('is not asked for a second after five failures in a row, and says since when and why', async () => {
    await fail(5);
    clock.time += 400;
    const refused = facts((await fail(1)) as LogUnavailable);
    expect(refused).toMatchObject({ name: 'LogUnavailable', retryAfterMs: 600, tooLarge: false });
    expect(refused.message).toMatch(
      /^Cannot fetch "http:.*\/x": "127\.0\.0\.1:\d+" failed 5 times in a row and is left alone for 1 s; the last time: \S/,
    );
    expect(seen.length).toBe(5);
  });

  it('is asked once when the pause is over, and left alone for longer if that fails, up to a bound', async () => {
    await fail(5);
    for (const pause of [1000, 2000, 3000, 3000]) {
      const before = seen.length;
      clock.time += pause - 1;
      await fail(1);
      clock.time += 1;
      await fail(2);
      expect(seen.length - before).toBe(1);
    }
  });

  it('is asked as before once it answered', async () => {
    await fail(5);
    clock.time += 1000;
    handler = (_, response) => response.end('hello');
    const answers = await Promise.all([fetch(), fetch(), fetch()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    handler = (request) => request.socket.destroy();
    const before = seen.length;
    await fail(5);
    expect(seen.length - before).toBe(5);
  });

  it('fails those who waited for the trial with it', async () => {
    await fail(5);
    clock.time += 1000;
    const before = seen.length;
    const failed = await Promise.allSettled([fetch(), fetch(), fetch()]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(seen.length - before).toBe(1);
  });

  it('counts failures of requests that were under way together once', async () => {
    await Promise.allSettled(Array.from({ length: 20 }, () => fetch()));
    handler = (_, response) => response.end('hello');
    expect((await fetch()).status).toBe(200);
  });

  it('does not wait out a trial that its caller gave up', async () => {
    await fail(5);
    clock.time += 1000;
    const controller = new AbortController();
    handler = () => {
      controller.abort(new Error('shutting down'));
    };
    await expect(client.fetch({ url: server.url, maxBytes: 5 }, controller.signal)).rejects.toThrow('shutting down');
    handler = (_, response) => response.end('hello');
    expect((await fetch()).status).toBe(200);
  });

  it.each([404, 500])('is none that says %i', async (status) => {
    handler = (_, response) => response.writeHead(status).end();
    await fail(20);
    expect(seen.length).toBe(20);
  });

  it('is one behind a gateway that says so', async () => {
    handler = (_, response) => response.writeHead(502).end();
    await fail(20);
    expect(seen.length).toBe(5);
  });

  it('leaves other hosts alone', async () => {
    await fail(5);
    handler = (_, response) => response.end('hello');
    const other = server.url.replace('127.0.0.1', 'localhost');
    expect((await client.fetch({ url: other, maxBytes: 5 }, never)).status).toBe(200);
  });
});

describe('fetch() with conditional', () => {
  let headers: OutgoingHttpHeaders;
  let body: string;

  beforeEach(() => {
    [headers, body] = [{ etag: '"1"' }, 'first'];
    handler = ({ headers: asked }, response) => {
      const [tag, since] = [asked['if-none-match'], asked['if-modified-since']];
      const known = tag === undefined ? since === (headers['last-modified'] ?? '') : tag === headers['etag'];
      response.writeHead(known ? 304 : 200, headers);
      response.end(response.statusCode === 304 ? undefined : body);
    };
  });

  const fetch = (differing: Partial<HttpRequest> = {}) =>
    http.fetch({ url: `${server.url}/checkpoint`, maxBytes: 1000, conditional: true, ...differing }, never);
  const asked = () => seen.map(({ headers: sent }) => [sent['if-none-match'], sent['if-modified-since']]);

  it('asks only whether it is still the same, and gives that again', async () => {
    const first = await fetch();
    body = 'not sent';
    expect(await fetch()).toEqual(first);
    expect(asked()).toEqual([
      [undefined, undefined],
      ['"1"', undefined],
    ]);
  });

  it('takes what is new', async () => {
    await fetch();
    [headers, body] = [{ etag: '"2"' }, 'second'];
    expect((await fetch()).body.toString()).toBe('second');
    expect((await fetch()).body.toString()).toBe('second');
    expect(asked().map(([tag]) => tag)).toEqual([undefined, '"1"', '"2"']);
  });

  it('never asks so when fresh, but learns from that, too', async () => {
    await fetch();
    [headers, body] = [{ etag: '"2"' }, 'second'];
    expect((await fetch({ fresh: true })).body.toString()).toBe('second');
    await fetch();
    expect(asked().map(([tag]) => tag)).toEqual([undefined, undefined, '"2"']);
  });

  it('forgets the tag when an answer comes without one', async () => {
    await fetch();
    headers = {};
    await fetch({ fresh: true });
    await fetch();
    expect(asked().map(([tag]) => tag)).toEqual([undefined, undefined, undefined]);
  });

  it('asks by the time of the last change, where that lies back', async () => {
    const date = 'Sat, 21 Nov 2026 12:00:02 GMT';
    headers = { date, 'last-modified': 'Sat, 21 Nov 2026 12:00:00 GMT' };
    await fetch();
    expect((await fetch()).body.toString()).toBe('first');
    expect(asked().at(-1)).toEqual([undefined, 'Sat, 21 Nov 2026 12:00:00 GMT']);
  });

  it.each([
    ['changed in the second in which it was read', { 'last-modified': 'Sat, 21 Nov 2026 12:00:01 GMT' }],
    ['changed at no time that can be read', { 'last-modified': 'lately' }],
    ['has neither tag nor time', {}],
    ['has a tag without end', { etag: `"${'x'.repeat(1100)}"` }],
  ])('asks anew for what %s', async (_, given) => {
    headers = { date: 'Sat, 21 Nov 2026 12:00:02 GMT', ...given };
    await fetch();
    await fetch();
    expect(asked()).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('does not ask so without being told to, nor for another address', async () => {
    await fetch();
    await fetch({ conditional: false });
    await fetch({ url: `${server.url}/other` });
    expect(asked().map(([tag]) => tag)).toEqual([undefined, undefined, undefined]);
  });

  it('refuses a 304 that it did not ask for', async () => {
    handler = (_, response) => response.writeHead(304).end();
    await expect(fetch()).rejects.toThrow('status 304');
  });

  it('does not keep a long body', async () => {
    body = 'x'.repeat(70_000);
    await fetch({ maxBytes: 100_000 });
    await fetch({ maxBytes: 100_000 });
    expect(asked().map(([tag]) => tag)).toEqual([undefined, undefined]);
  });
});

type SleepingClock = Clock & { readonly sleeps: number[]; time: number };

/** Time passes only by sleeping. */
function sleepingClock(): SleepingClock {
  const sleeps: number[] = [];
  return {
    sleeps,
    time: 1_000_000,
    now() {
      return new Date(this.time);
    },
    async sleep(ms) {
      sleeps.push(ms);
      this.time += ms;
    },
  };
}
