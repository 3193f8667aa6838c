import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readSlack } from './read-slack.ts';

/** One post as it arrived. */
export interface SlackPost {
  readonly path: string;
  /** The exact bytes of the body, as text. */
  readonly body: string;
  readonly at: Date;
}

/** What the receiver does with a post: it answers, never answers, or breaks the connection. */
export type SlackAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'hang'
  | 'reset';

/** A place on loopback that takes posts as a Slack incoming webhook does. */
export interface SlackReceiver {
  /** Address of the webhook. */
  readonly url: string;
  /** Every post, also those that were answered with an error. */
  readonly posts: readonly SlackPost[];
  /** The posts that were answered with a status of 200. */
  readonly taken: readonly SlackPost[];
  /** The messages that were taken, as a person reads them. */
  texts(): readonly string[];
  /** From now on every post is answered like this, until the next call. */
  answer(next: (post: SlackPost) => SlackAnswer): void;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** Starts a receiver on a free port of 127.0.0.1, or on `port`. */
export async function startSlackReceiver(options: { readonly port?: number } = {}): Promise<SlackReceiver> {
  const posts: SlackPost[] = [];
  const taken: SlackPost[] = [];
  let decide: (post: SlackPost) => SlackAnswer = () => ({ status: 200, body: 'ok' });

  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => {
        const post = { path: request.url ?? '', body, at: new Date() };
        posts.push(post);
        const answer = decide(post);
        if (answer !== 'hang' && answer !== 'reset' && answer.status === 200) {
          taken.push(post);
        }
        reply(request, response, answer);
      },
      () => request.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/services/T000/B000/secret-of-the-webhook`,
    posts,
    taken,
    texts: () => taken.map(({ body }) => readSlack(body)),
    answer: (next) => {
      decide = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function reply(request: IncomingMessage, response: ServerResponse, answer: SlackAnswer): void {
  if (answer === 'hang') {
    return;
  }
  if (answer === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  response.writeHead(answer.status, { 'content-type': 'text/plain', ...answer.headers });
  response.end(answer.body ?? '');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // A request without an encoding yields buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new RangeError(`Cannot take a post of more than ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
