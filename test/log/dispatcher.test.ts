import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenOnLoopback, type Listening } from '../../src/demo/listen.ts';
import { createHttpClient, type HttpClient, type HttpOptions } from '../../src/log/http.ts';

const never = new AbortController().signal;
const CERT = readFileSync('test/fixtures/smtp-tls/cert.pem', 'utf8');
const KEY = readFileSync('test/fixtures/smtp-tls/key.pem', 'utf8');

let plain: Listening;
let tls: Listening;
let proxy: Listening;
/** Where the proxy was asked to connect to. */
let tunnels: string[];
let clients: HttpClient[];

beforeEach(async () => {
  [tunnels, clients] = [[], []];
  plain = await listenOnLoopback(createServer((_, response) => response.end('plain')));
  tls = await listenOnLoopback(createTlsServer({ cert: CERT, key: KEY }, (_, response) => response.end('secret')));
  const server = createServer((_, response) => response.writeHead(400).end());
  server.on('connect', (request, socket, head) => {
    const target = request.url ?? '';
    tunnels.push(target);
    // Whatever name is asked for, it is here.
    const onward = connect(Number(target.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  proxy = await listenOnLoopback(server);
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all([plain, tls, proxy].map((server) => server.close()));
});

async function get(url: string, options: HttpOptions): Promise<string> {
  const client = createHttpClient({ timeoutMs: 5000, ...options });
  clients.push(client);
  return (await client.fetch({ url, maxBytes: 100 }, never)).body.toString();
}

const portOf = (url: string): string => new URL(url).port;
const through = (noProxy = '') => ({ http: proxy.url, https: proxy.url, noProxy });
const secure = (host: string): string => `https://${host}:${portOf(tls.url)}/`;

describe('createHttpClient() with a proxy', () => {
  it('tunnels through it, for names that only the proxy knows', async () => {
    const url = `http://log.example:${portOf(plain.url)}/x`;
    expect(await get(url, { proxy: through() })).toBe('plain');
    expect(tunnels).toEqual([`log.example:${portOf(plain.url)}`]);
  });

  it('verifies the certificate of the host behind it', async () => {
    expect(await get(secure('localhost'), { proxy: through(), ca: CERT })).toBe('secret');
    await expect(get(secure('log.example'), { proxy: through(), ca: CERT })).rejects.toThrow(/altname|log\.example/);
    await expect(get(secure('localhost'), { proxy: through() })).rejects.toThrow(/self-signed certificate/);
    expect(tunnels).toContain(`localhost:${portOf(tls.url)}`);
  });

  it('asks hosts directly that are named as exceptions', async () => {
    expect(await get(plain.url, { proxy: through('other.example,127.0.0.1') })).toBe('plain');
    expect(tunnels).toEqual([]);
  });

  it('names the log and the reason when the proxy does not answer', async () => {
    await proxy.close();
    await expect(get(`${plain.url}/x`, { proxy: through() })).rejects.toThrow(
      new RegExp(`^Cannot fetch "${plain.url}/x": .*ECONNREFUSED`),
    );
    proxy = await listenOnLoopback(createServer());
  });

  it('does not look at the environment by itself', async () => {
    process.env['http_proxy'] = proxy.url;
    process.env['HTTP_PROXY'] = proxy.url;
    try {
      expect(await get(plain.url, {})).toBe('plain');
      expect(await get(plain.url, { proxy: null })).toBe('plain');
      expect(await get(plain.url, { proxy: { http: '', https: proxy.url, noProxy: '' } })).toBe('plain');
    } finally {
      delete process.env['http_proxy'];
      delete process.env['HTTP_PROXY'];
    }
    expect(tunnels).toEqual([]);
  });
});

describe('createHttpClient() with further CAs', () => {
  it('trusts them', async () => {
    expect(await get(secure('localhost'), { ca: CERT })).toBe('secret');
  });

  it('trusts nobody without them', async () => {
    await expect(get(secure('localhost'), {})).rejects.toThrow(/self-signed certificate/);
  });
});
