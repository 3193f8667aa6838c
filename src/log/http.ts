import { setMaxListeners } from 'node:events';
import { gunzipSync } from 'node:zlib';
import { Agent, request as send, type Dispatcher } from 'undici';
import { systemClock, type Clock } from '../lib/clock.ts';
import { excerpt } from './excerpt.ts';
import { LogUnavailable } from './log.ts';
import { createRateLimit } from './rate-limit.ts';
import { parseRetryAfter } from './retry-after.ts';

export interface HttpRequest {
  readonly url: string;
  /** Default: POST with `json`, else GET. */
  readonly method?: 'GET' | 'POST';
  readonly json?: unknown;
  /** Bound of the body of a 200, before and after decompression. */
  readonly maxBytes: number;
  /** In place of the client's. */
  readonly timeoutMs?: number;
  /** Asks every cache on the way to stand aside. */
  readonly fresh?: boolean;
  /** Statuses besides 200 that are answers, not failures (404 of a partial tile). Their bodies are only kept up to 64 KiB. */
  readonly accept?: readonly number[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** What was asked for, without credentials. */
  readonly url: string;
}

export interface HttpClient {
  /** One exchange. Throws LogUnavailable for everything that is no usable answer, and the reason of `signal` when that aborts. */
  fetch(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** Closes every connection; what is under way fails. */
  close(): Promise<void>;
}

export interface HttpOptions {
  readonly userAgent?: string;
  /** How long a server may be silent: until its headers, and between two pieces of its body. Default 30 s; the whole exchange may take twenty times as long. */
  readonly timeoutMs?: number;
  /** Per host; default 8. */
  readonly connections?: number;
  /** Requests of this client, over all hosts; default: no limit. */
  readonly ratePerMinute?: number;
  readonly clock?: Clock;
}

/** How much of a body is read that is only shown or thrown away. */
const ASIDE_BYTES = 64 * 1024;

/** A client that keeps connections alive, follows no redirect, and holds each exchange to its bounds in bytes and time. */
export function createHttpClient(options: HttpOptions = {}): HttpClient {
  const clock = options.clock ?? systemClock;
  // The deadline of the whole exchange is ours; undici's own ones for its parts are off.
  const agent = new Agent({ connections: options.connections ?? 8, headersTimeout: 0, bodyTimeout: 0 });
  const rateLimit = createRateLimit(options.ratePerMinute, clock);

  return {
    async fetch(request, signal) {
      const url = new URL(request.url);
      const shown = withoutCredentials(url);
      await rateLimit(signal);
      signal.throwIfAborted();

      const deadline = createDeadline(request.timeoutMs ?? options.timeoutMs ?? 30_000, signal);
      try {
        const response = await send(url, {
          dispatcher: agent,
          method: request.method ?? (request.json === undefined ? 'GET' : 'POST'),
          headers: requestHeaders(request, options.userAgent ?? 'sigwatch'),
          body: request.json === undefined ? null : JSON.stringify(request.json),
          signal: deadline.signal,
        });
        return await readAnswer(response, request, shown, clock, deadline.extend);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof LogUnavailable) {
          throw error;
        }
        const cause = deadline.signal.aborted ? `no complete answer within ${deadline.ms()} ms` : describe(error);
        throw new LogUnavailable(`Cannot fetch "${shown}": ${cause}`, { cause: error });
      } finally {
        deadline.clear();
      }
    },

    async close() {
      await agent.destroy();
    },
  };
}

function withoutCredentials(url: URL): string {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
}

/** A slow link may take so much longer than a silent server: a bundle of entries has half a megabyte, and up to 16 where people log long ones. */
const WHOLE = 20;

/** Aborts an exchange. */
interface Deadline {
  readonly signal: AbortSignal;
  /** What was waited for in vain, in milliseconds. */
  readonly ms: () => number;
  /** Something arrived. */
  readonly extend: () => void;
  readonly clear: () => void;
}

/** Aborts after `ms` of silence, after twenty times `ms` in all, or with `signal`. Its own timers and listener, because they go as soon as the exchange is over (AbortSignal.any and .timeout stay until collected). */
function createDeadline(ms: number, signal: AbortSignal): Deadline {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  let over = false;
  const silence = setTimeout(abort, ms);
  const whole = setTimeout(() => {
    over = true;
    abort();
  }, WHOLE * ms);
  // Many exchanges share one signal: Node's warning about leaks would be wrong.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    ms: () => (over ? WHOLE * ms : ms),
    extend() {
      silence.refresh();
    },
    clear() {
      clearTimeout(silence);
      clearTimeout(whole);
      signal.removeEventListener('abort', abort);
    },
  };
}

function requestHeaders(request: HttpRequest, userAgent: string): Record<string, string> {
  return {
    'user-agent': userAgent,
    // c2sp.org/tlog-tiles lets a log compress even when nobody asked for it.
    'accept-encoding': 'gzip, identity',
    ...(request.json === undefined ? {} : { 'content-type': 'application/json', accept: 'application/json' }),
    ...(request.fresh === true ? { 'cache-control': 'no-cache', pragma: 'no-cache' } : {}),
  };
}

async function readAnswer(
  response: Dispatcher.ResponseData,
  request: HttpRequest,
  url: string,
  clock: Clock,
  arrived: () => void,
): Promise<HttpAnswer> {
  const status = response.statusCode;
  if (status === 200) {
    return { status, url, body: await readWhole(response, request.maxBytes, url, arrived) };
  }

  const body = await readAside(response, arrived);
  if (request.accept?.includes(status) === true) {
    return { status, url, body };
  }

  const retryAfterMs = parseRetryAfter(header(response, 'retry-after'), clock.now());
  throw new LogUnavailable(`Cannot fetch "${url}": ${refusal(response, body, url)}`, { retryAfterMs });
}

/** The body of a 200, decoded. Bounded while it arrives: a server that never stops sending costs no more than `maxBytes`. */
async function readWhole(
  response: Dispatcher.ResponseData,
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
    throw new LogUnavailable(`Cannot fetch "${url}": broken gzip: ${describe(error)}`, { cause: error });
  }
}

function tooLarge(maxBytes: number, url: string): LogUnavailable {
  const message = `Cannot fetch "${url}": the answer is larger than ${maxBytes} bytes`;
  return new LogUnavailable(message, { tooLarge: true });
}

/** A body that is not used as data: cut, not refused, when it is long, and shown as it is when its compression is broken. */
async function readAside(response: Dispatcher.ResponseData, arrived: () => void): Promise<Buffer> {
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
  response: Dispatcher.ResponseData,
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

function refusal(response: Dispatcher.ResponseData, body: Buffer, url: string): string {
  const status = response.statusCode;
  const location = header(response, 'location');
  if (status >= 300 && status < 400 && location !== undefined) {
    return `status ${status} redirects to "${redirectHost(location, url)}", and redirects are not followed: configure the final URL`;
  }
  const text = excerpt(body);
  return text === '' ? `status ${status}` : `status ${status}: "${text}"`;
}

function redirectHost(location: string, base: string): string {
  const target = URL.canParse(location, base) ? new URL(location, base).host : '';
  return target === '' ? excerpt(Buffer.from(location), 80) : target;
}

function contentEncoding(response: Dispatcher.ResponseData): string {
  const encoding = header(response, 'content-encoding')?.trim().toLowerCase() ?? '';
  return encoding === '' ? 'identity' : encoding === 'x-gzip' ? 'gzip' : excerpt(Buffer.from(encoding), 40);
}

function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The message of an error; Node's "all addresses failed" has its messages inside. */
function describe(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(describe).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
