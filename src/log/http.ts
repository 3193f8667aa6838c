import { request as send, type Dispatcher } from 'undici';
import { systemClock, type Clock } from '../lib/clock.ts';
import { describeError, headerOf, readAside, readWhole } from './answer-body.ts';
import { createDeadline } from './deadline.ts';
import { createDispatcher, type ProxySettings } from './dispatcher.ts';
import { excerpt } from './excerpt.ts';
import { createHostManners, PATIENCE_MS, type HostManners } from './host-manners.ts';
import { createKnownBodies, type KnownBody } from './known-bodies.ts';
import { LogUnavailable } from './log.ts';
import { parseRateWindow, type ReadHeader } from './rate-headers.ts';
import { parseRetryAfter } from './retry-after.ts';

export interface HttpRequest {
  readonly url: string;
  /** Default: POST with `json`, else GET. */
  readonly method?: 'GET' | 'POST';
  readonly json?: unknown;
  /** Besides those that every request has, by lower-case name. With them the answer's headers are given as well. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bound of the body of a 200, before and after decompression. */
  readonly maxBytes: number;
  /** In place of the client's. */
  readonly timeoutMs?: number;
  /** Asks every cache on the way to stand aside. */
  readonly fresh?: boolean;
  /** Asks only whether what was served here before is still that (RFC 9110 §13), unless `fresh`: the answer is then the same 200 again. For small things that are asked for over and over. */
  readonly conditional?: boolean;
  /** Statuses besides 200 that are answers, not failures (404 of a partial tile). Their bodies are only kept up to 64 KiB. */
  readonly accept?: readonly number[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** What was asked for, without credentials. */
  readonly url: string;
  /** Its headers, where the request had some of its own. */
  readonly header?: ReadHeader;
}

export interface HttpClient {
  /**
   * One answer. A host that says it is overloaded (429, 503) is asked again a few times within ten seconds. Throws
   * LogUnavailable for everything that is no usable answer, and the reason of `signal` when that aborts.
   */
  fetch(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** Closes every connection; what is under way fails. */
  close(): Promise<void>;
}

export interface HttpOptions {
  readonly userAgent?: string;
  /** How long a server may be silent: until its headers, and between two pieces of its body. Default 30 s; the whole exchange may take twenty times as long. */
  readonly timeoutMs?: number;
  /** Per host; default 24. */
  readonly connections?: number;
  /** Requests to each host in any minute; default: no limit before it refuses some. */
  readonly ratePerMinute?: number;
  /** How long a host that fails again and again is left alone at most; default 20 s. */
  readonly longestPauseMs?: number;
  readonly proxy?: ProxySettings | null;
  /** PEM certificates that are trusted besides the usual ones. */
  readonly ca?: string | null;
  readonly clock?: Clock;
}

/** A host that is overloaded is asked so often in all, before the caller is told. */
const TRIES = 4;
/** The first wait between two of them; each is twice as long as the one before. */
const FIRST_WAIT_MS = 1_000;

/** RFC 6585 §4. */
const TOO_MANY = 429;
/** Besides, not available for now (RFC 9110 §15.6.4): the same request may be answered soon. */
const OVERLOADED = [TOO_MANY, 503];
/** With these it says, or who stands before it, that the host is out of order. Other statuses are about one request. */
const OUT_OF_ORDER = [TOO_MANY, 502, 503, 504];

/** The host answered, but not what was asked for. */
class Refusal extends LogUnavailable {
  readonly status: number;
  readonly problem: string;

  constructor(message: string, { status, problem }: RefusedAnswer, retryAfterMs: number | undefined) {
    super(message, { retryAfterMs, outOfOrder: OUT_OF_ORDER.includes(status) });
    this.status = status;
    this.problem = problem;
  }
}

/** The host did not answer, or not to the end. */
class NoAnswer extends LogUnavailable {
  readonly problem: string;

  constructor(message: string, problem: string, cause: unknown) {
    super(message, { cause, outOfOrder: true });
    this.problem = problem;
  }
}

/**
 * A client that keeps connections alive, follows no redirect, and holds each exchange to its bounds in bytes and time. It
 * keeps to the rate of each host, waits as it asks, and leaves one alone that fails again and again.
 */
export function createHttpClient(options: HttpOptions = {}): HttpClient {
  const clock = options.clock ?? systemClock;
  const dispatcher = createDispatcher(options.connections ?? 24, options.proxy ?? null, options.ca ?? null);
  const known = createKnownBodies();
  const hosts = new Map<string, HostManners>();

  const mannersOf = (url: URL): HostManners => {
    const manners =
      hosts.get(url.host) ??
      createHostManners(
        url.host,
        { perMinute: options.ratePerMinute, longestPauseMs: options.longestPauseMs ?? 20_000 },
        clock,
      );
    hosts.set(url.host, manners);
    return manners;
  };

  /** One exchange, begun at `sentAt`. */
  const exchange = async (
    request: HttpRequest,
    url: URL,
    { timeoutMs, sentAt }: { readonly timeoutMs: number; readonly sentAt: number },
    signal: AbortSignal,
  ): Promise<HttpAnswer> => {
    const shown = withoutCredentials(url);
    const manners = mannersOf(url);
    const before = request.conditional === true && request.fresh !== true ? known.find(url.href) : undefined;
    const deadline = createDeadline(timeoutMs, signal);
    try {
      const response = await send(url, {
        dispatcher,
        method: request.method ?? (request.json === undefined ? 'GET' : 'POST'),
        headers: { ...requestHeaders(request, options.userAgent ?? 'sigwatch'), ...conditions(before) },
        body: request.json === undefined ? null : JSON.stringify(request.json),
        signal: deadline.signal,
      });
      const header = (name: string): string | undefined => headerOf(response, name);
      manners.noted(header);
      const answer = await readAnswer(response, request, shown, before, deadline.extend);
      if ('problem' in answer) {
        const retryAfterMs = waitAsked(answer.status, header, clock.now());
        if (answer.status === TOO_MANY) {
          manners.tooMany(sentAt, retryAfterMs);
        }
        throw new Refusal(`Cannot fetch "${shown}": ${answer.problem}`, answer, retryAfterMs);
      }
      if (request.conditional === true && answer.status === 200 && answer.body !== before?.body) {
        known.learn(url.href, answer.body, header);
      }
      return { ...answer, url: shown, ...(request.headers && { header }) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LogUnavailable) {
        throw error;
      }
      const problem = deadline.signal.aborted ? `no complete answer within ${deadline.ms()} ms` : describeError(error);
      throw new NoAnswer(`Cannot fetch "${shown}": ${problem}`, problem, error);
    } finally {
      deadline.clear();
    }
  };

  /** One exchange, or a few while the host says that it is overloaded. */
  const exchangePatiently = async (
    request: HttpRequest,
    url: URL,
    most: number,
    signal: AbortSignal,
  ): Promise<HttpAnswer> => {
    const manners = mannersOf(url);
    const timeoutMs = request.timeoutMs ?? options.timeoutMs ?? 30_000;
    // Asking in vain and waiting, without the waits that our own rate costs.
    let spent = 0;
    for (let tries = 1; ; tries += 1) {
      const sentAt = await manners.turn(withoutCredentials(url), signal);
      try {
        // A host that was slow to refuse has less time left to answer.
        const left = Math.max(timeoutMs - spent, timeoutMs / 3);
        return await exchange(request, url, { timeoutMs: left, sentAt }, signal);
      } catch (error) {
        if (!(error instanceof Refusal) || !OVERLOADED.includes(error.status) || tries >= most) {
          throw error;
        }
        const wait = waitMs(error.retryAfterMs, tries);
        spent += Math.max(0, clock.now().getTime() - sentAt) + wait;
        if (spent > PATIENCE_MS) {
          throw error;
        }
        await clock.sleep(wait, signal);
      }
    }
  };

  return {
    async fetch(request, signal) {
      const url = new URL(request.url);
      const admission = await mannersOf(url).admit(withoutCredentials(url), signal);
      try {
        signal.throwIfAborted();
        const answer = await exchangePatiently(request, url, admission.trial ? 1 : TRIES, signal);
        admission.succeeded();
        return answer;
      } catch (error) {
        if (error instanceof NoAnswer || (error instanceof Refusal && OUT_OF_ORDER.includes(error.status))) {
          admission.failed(error.problem);
        } else if (error instanceof Refusal) {
          admission.succeeded();
        } else {
          admission.abandoned();
        }
        throw error;
      }
    },

    async close() {
      await dispatcher.destroy();
    },
  };
}

function withoutCredentials(url: URL): string {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
}

/** Longer each time, with jitter, so that many clients do not come back together; never less than the host asked. */
function waitMs(retryAfterMs: number | undefined, tries: number): number {
  return Math.max(retryAfterMs ?? 0, FIRST_WAIT_MS * 2 ** (tries - 1) * (0.5 + Math.random() / 2));
}

/** How long the host asked to wait: by Retry-After or, having had too many requests, by what it says of its limit. */
function waitAsked(status: number, header: ReadHeader, now: Date): number | undefined {
  const retryAfter = parseRetryAfter(header('retry-after'), now);
  return retryAfter ?? (status === TOO_MANY ? parseRateWindow(header, now)?.resetMs : undefined);
}

function requestHeaders(request: HttpRequest, userAgent: string): Record<string, string> {
  return {
    'user-agent': userAgent,
    // c2sp.org/tlog-tiles lets a log compress even when nobody asked for it.
    'accept-encoding': 'gzip, identity',
    ...(request.json === undefined ? {} : { 'content-type': 'application/json', accept: 'application/json' }),
    ...(request.fresh === true ? { 'cache-control': 'no-cache', pragma: 'no-cache' } : {}),
    ...request.headers,
  };
}

function conditions(known: KnownBody | undefined): Record<string, string> {
  return {
    ...(known?.etag === undefined ? {} : { 'if-none-match': known.etag }),
    ...(known?.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified }),
  };
}

interface RefusedAnswer {
  readonly status: number;
  readonly problem: string;
}

async function readAnswer(
  response: Dispatcher.ResponseData,
  request: HttpRequest,
  url: string,
  known: KnownBody | undefined,
  arrived: () => void,
): Promise<Omit<HttpAnswer, 'url'> | RefusedAnswer> {
  const status = response.statusCode;
  if (status === 200) {
    return { status, body: await readWhole(response, request.maxBytes, url, arrived) };
  }

  const body = await readAside(response, arrived);
  if (status === 304 && known !== undefined) {
    return { status: 200, body: known.body };
  }
  return request.accept?.includes(status) === true
    ? { status, body }
    : { status, problem: refusal(response, body, url) };
}

function refusal(response: Dispatcher.ResponseData, body: Buffer, url: string): string {
  const status = response.statusCode;
  const location = headerOf(response, 'location');
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
