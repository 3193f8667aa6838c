import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderSlack } from '../../src/alert/render-slack.ts';
import { createSlackSink } from '../../src/alert/slack.ts';
import { DeliveryError } from '../../src/alert/sink.ts';
import { createDispatcher } from '../../src/log/dispatcher.ts';
import { startSlackReceiver, type SlackReceiver } from '../../src/demo/slack-receiver.ts';
import { branchDraft, stored } from '../support/alert-drafts.ts';

const HEAD = { id: '6f1c2f0e-5f0e-4a52-9a4e-0d3f6a1b2c3d', createdAt: new Date(0) };
const ALERT = stored(branchDraft());
const NEVER = new AbortController().signal;

let slack: SlackReceiver;
beforeEach(async () => {
  slack = await startSlackReceiver();
});
afterEach(() => slack.close());

async function failureOf(url: string, signal: AbortSignal = NEVER): Promise<DeliveryError> {
  const sink = createSlackSink('security', { type: 'slack', webhookUrl: url });
  const error: unknown = await sink
    .send(HEAD.id, sink.render([ALERT], 1, HEAD), signal)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeliveryError);
  return error as DeliveryError;
}

describe('createSlackSink()', () => {
  it('posts what it rendered, byte for byte, when it is sent twice', async () => {
    const sink = createSlackSink('security', { type: 'slack', webhookUrl: slack.url });
    const content = sink.render([ALERT], 1, HEAD);
    await sink.send(HEAD.id, content, NEVER);
    await sink.send(HEAD.id, content, NEVER);
    expect(sink.name).toBe('security');
    expect(slack.posts.map(({ body, path }) => ({ body, path }))).toEqual([
      { body: content, path: '/services/T000/B000/secret-of-the-webhook' },
      { body: content, path: '/services/T000/B000/secret-of-the-webhook' },
    ]);
    expect(JSON.parse(content)).toEqual(renderSlack([ALERT], 1));
  });

  it.each([
    [400, 'invalid_payload', true, 'status 400, "invalid_payload"'],
    [403, 'action_prohibited', true, 'status 403'],
    [404, 'no_service', true, 'status 404'],
    [410, 'channel_is_archived', true, 'status 410'],
    [408, '', false, 'status 408; expected 200'],
    [429, 'rate_limited', false, 'status 429'],
    [500, 'oops', false, 'status 500, "oops"; expected 200'],
    [503, 'upstream\u001b[2J', false, 'status 503, "upstream\\u{001B}[2J"'],
  ])('says what Slack answered when it is %i', async (status, body, refused, text) => {
    slack.answer(() => ({ status, body }));
    const error = await failureOf(slack.url);
    expect(error.message).toContain(`Cannot post to Slack: ${text}`);
    expect(error).toMatchObject({ refused, retryAfter: undefined });
    expect(slack.posts).toHaveLength(1);
  });

  it.each(['120', 'Sat, 21 Nov 2026 10:00:00 GMT'])('hands on Retry-After when it is %s', async (header) => {
    slack.answer(() => ({ status: 429, headers: { 'retry-after': header } }));
    expect(await failureOf(slack.url)).toMatchObject({ retryAfter: header, refused: false });
    expect(slack.posts).toHaveLength(1);
  });

  it('does not follow a redirect', async () => {
    slack.answer(() => ({ status: 302, headers: { location: '/elsewhere' } }));
    await failureOf(slack.url);
    expect(slack.posts).toHaveLength(1);
  });

  it('fails when the connection is broken', async () => {
    slack.answer(() => 'reset');
    expect((await failureOf(slack.url)).message).toMatch(/^Cannot post to Slack: /);
  });

  it('fails when nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect((await failureOf(`http://127.0.0.1:${port}/services/T0/B0/secret`)).message).toContain('ECONNREFUSED');
  });

  it('ends when it is told to while Slack hangs', async () => {
    const stop = new AbortController();
    slack.answer(() => {
      stop.abort();
      return 'hang';
    });
    await failureOf(slack.url, stop.signal);
    expect(slack.posts).toHaveLength(1);
  });

  it('takes no more of an endless answer than it needs', async () => {
    slack.answer(() => ({ status: 500, body: 'x'.repeat(5_000_000) }));
    expect((await failureOf(slack.url)).message.length).toBeLessThan(300);
  });

  it.each([
    [404, (url: string) => `no hook at ${url}`],
    [500, (url: string) => `cannot serve ${new URL(url).pathname}`],
  ])('never shows the address, which is a credential, when a server answers %i with it', async (status, body) => {
    slack.answer(() => ({ status, body: body(slack.url) }));
    const error = await failureOf(slack.url);
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain('secret-of-the-webhook');
    expect(error.message).toContain('[redacted]');
  });

  it('never shows the address when it cannot be used', async () => {
    const error = await failureOf('http://127.0.0.1:1/services/T000/B000/secret-of-the-webhook');
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain('secret-of-the-webhook');
  });
});

describe('createSlackSink() where the webhook is not reached directly', () => {
  const CERTIFICATES = join(import.meta.dirname, '..', 'fixtures', 'smtp-tls');
  const cert = readFileSync(join(CERTIFICATES, 'cert.pem'), 'utf8');

  const send = async (url: string, way?: ReturnType<typeof createDispatcher>): Promise<void> => {
    const sink = createSlackSink('security', { type: 'slack', webhookUrl: url }, way);
    await sink.send(HEAD.id, sink.render([ALERT], 1, HEAD), NEVER);
  };

  it('believes a server whose certificate only the CA bundle knows', async () => {
    const key = readFileSync(join(CERTIFICATES, 'key.pem'));
    const server = createTlsServer({ key, cert }, (_request, response) => response.end('ok'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://localhost:${(server.address() as AddressInfo).port}/x`;
    const way = createDispatcher(1, null, cert);
    await expect(send(url)).rejects.toBeInstanceOf(DeliveryError);
    await expect(send(url, way)).resolves.toBeUndefined();
    await way.destroy();
    server.close();
  });

  it('goes through the proxy', async () => {
    const asked: string[] = [];
    const proxy = createHttpServer();
    proxy.on('connect', (request, socket) => {
      asked.push(String(request.url));
      const { hostname, port } = new URL(`http://${String(request.url)}`);
      const there = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        there.pipe(socket).pipe(there);
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const http = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const way = createDispatcher(1, { http, https: http, noProxy: '' }, null);
    await send(slack.url, way);
    await way.destroy();
    proxy.close();
    expect([asked, slack.posts.length]).toEqual([[new URL(slack.url).host], 1]);
  });
});
