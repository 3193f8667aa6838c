import { gunzipSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { excerpt } from './excerpt.ts';
import { LogUnavailable } from './log.ts';

type Response = Dispatcher.ResponseData;

/** How much of a body is read that is only shown or thrown away. */
const ASIDE_BYTES = 64 * 1024;

/** The first value of a header, by its lower-case name. */
export function headerOf(response: Response, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * The body of a 200, decoded. Bounded while it arrives: a server that never stops sending costs no more than `maxBytes`.
 * `arrived` is called for each piece. Throws LogUnavailable, or what the connection fails with.
 */
export async function readWhole(
  response: Response,
  maxBytes: number,
  url: string,
  arrived: () => void,
): Promise<Buffer> {
  const encoding = contentEncoding(response);
  if (encoding !== 'identity' && encoding !== 'gzip') {
    await readAside(response, arrived);
    throw new LogUnavailable(`Cannot fetch "${url}": Content-Encoding is "${encoding}", expected gzip or none`);
  }
  // What does not compress grows by some bytes per block (RFC 1951 §3.2.4), and the header may name a file (RFC 1952 §2.3).
  const wireBytes = encoding === 'gzip' ? maxBytes + Math.ceil(maxBytes / 1000) + 1024 : maxBytes;

  if (Number(headerOf(response, 'content-length')) > wireBytes) {
    // Destroying it is an error to the stream, which we know of.
    response.body.on('error', () => undefined).destroy();
    throw tooLarge(maxBytes, url);
  }
  const { body, complete } = await readUpTo(response, wireBytes, arrived);
  if (!complete) {
    throw tooLarge(maxBytes, url);
  }
  if (encoding === 'identity') {
    return body;
  }
  try {
    return gunzipSync(body, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (error) {
    if (error instanceof RangeError) {
      throw tooLarge(maxBytes, url);
    }
    throw new LogUnavailable(`Cannot fetch "${url}": broken gzip: ${describeError(error)}`, { cause: error });
  }
}

function tooLarge(maxBytes: number, url: string): LogUnavailable {
  const message = `Cannot fetch "${url}": the answer is larger than ${maxBytes} bytes`;
  return new LogUnavailable(message, { tooLarge: true });
}

/** A body that is not used as data: cut, not refused, when it is long, and shown as it is when its compression is broken. */
export async function readAside(response: Response, arrived: () => void): Promise<Buffer> {
  const { body } = await readUpTo(response, ASIDE_BYTES, arrived);
  if (contentEncoding(response) !== 'gzip') {
    return body;
  }
  try {
    return gunzipSync(body, { maxOutputLength: ASIDE_BYTES });
  } catch {
    return Buffer.from('(compressed)');
  }
}

async function readUpTo(
  response: Response,
  limit: number,
  arrived: () => void,
): Promise<{ readonly body: Buffer; readonly complete: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  // undici's body is a stream of Buffers, typed for any stream.
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    arrived();
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) {
      return { body: Buffer.concat(chunks, limit), complete: false };
    }
  }
  return { body: Buffer.concat(chunks, length), complete: true };
}

function contentEncoding(response: Response): string {
  const encoding = headerOf(response, 'content-encoding')?.trim().toLowerCase() ?? '';
  return encoding === '' ? 'identity' : encoding === 'x-gzip' ? 'gzip' : excerpt(Buffer.from(encoding), 40);
}

/** The message of an error; Node's "all addresses failed" has its messages inside. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(describeError).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
