import { isObject } from '../entry/json.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { HttpAnswer, HttpClient } from '../log/http.ts';
import { LogUnavailable } from '../log/log.ts';
import { parseRetryAfter } from '../log/retry-after.ts';
import { candidatesOf, type Candidate } from './candidate.ts';
import { decodeSnappy } from './snappy.ts';

/** Nobody who asks as we do is answered for now, whatever he asks about: it says nothing about what is there. */
export class OutOfReach extends LogUnavailable {}

/** GitHub's attestation API, or that of a server of one's own. */
export interface GithubAttestations {
  /**
   * What was attested about a digest (`sha256:hex`) in a repository (`owner/name`); empty where nothing was. Of what the API says
   * nothing is believed yet. Throws LogUnavailable, OutOfReach where it is not for this digest, and the reason of `signal` when
   * that aborts.
   */
  about(repository: string, digest: string, signal: AbortSignal): Promise<readonly Candidate[]>;
}

/** The version in which answers hold the bundles themselves (docs.github.com, REST API versions). */
const API_VERSION = '2022-11-28';

const PER_PAGE = 100;
const MAX_PAGES = 3;
/** A bundle has some 15 KiB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_BUNDLE_BYTES = 8 * 1024 * 1024;
/** Bundles that lie elsewhere cost a request each. */
const MAX_ELSEWHERE = 100;

/** A limit without a time is over after a minute at the earliest; nothing keeps us away for longer than an hour. */
const LEAST_HOLD_MS = 60_000;
const LONGEST_HOLD_MS = 60 * 60_000;

/** `place`: base URL of the API, and the token that goes nowhere else; null: as anybody. */
export function createGithubAttestations(
  place: { readonly url: string; readonly token: string | null },
  http: HttpClient,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): GithubAttestations {
  let heldUntil = -Infinity;

  const ask = async (repository: string, digest: string, after: string | null, signal: AbortSignal) => {
    const held = heldUntil - clock.now().getTime();
    // A clock that was set back must not keep us away for longer.
    if (held > 0 && held <= LONGEST_HOLD_MS) {
      throw overLimit(place.url, held);
    }
    const url = new URL(`${place.url}/repos/${repository}/attestations/${digest}`);
    url.searchParams.set('per_page', String(PER_PAGE));
    if (after !== null) {
      url.searchParams.set('after', after);
    }
    const answer = await http.fetch(
      {
        url: url.href,
        headers: {
          accept: 'application/vnd.github+json',
          'x-github-api-version': API_VERSION,
          ...(place.token !== null && { authorization: `Bearer ${place.token}` }),
        },
        maxBytes: MAX_ANSWER_BYTES,
        accept: [401, 403, 404, 429, 500],
      },
      signal,
    );
    const wait = waitAsked(answer, clock.now());
    if (wait !== null) {
      heldUntil = clock.now().getTime() + wait;
      throw overLimit(place.url, wait);
    }
    if (answer.status === 401 || answer.status === 403) {
      const { url: asked, status } = answer;
      throw new OutOfReach(`Cannot fetch "${asked}": status ${status}, expected a token that may read attestations`);
    }
    if (answer.status === 500) {
      throw new OutOfReach(`Cannot fetch "${answer.url}": status 500`);
    }
    return answer;
  };

  return {
    async about(repository, digest, signal) {
      const found: Candidate[] = [];
      let after: string | null = null;
      let elsewhere = 0;
      for (let page = 1; page <= MAX_PAGES; page += 1) {
        const answer: HttpAnswer = await ask(repository, digest, after, signal);
        if (answer.status === 404) {
          return found;
        }
        for (const { bundle, url } of readAnswer(answer)) {
          if (url !== null && (elsewhere += 1) > MAX_ELSEWHERE) {
            logger.warn({ repository, digest }, 'attestations left out: too many lie elsewhere');
            return found;
          }
          found.push(...candidatesOf(url === null ? bundle : await fetchBundle(url, place.url, http, signal)));
        }
        after = nextPage(answer);
        if (after === null) {
          return found;
        }
      }
      logger.warn({ repository, digest }, 'attestations left out: too many');
      return found;
    },
  };
}

/** An attestation of an answer: itself, or where it lies. */
interface Listed {
  readonly bundle: unknown;
  readonly url: string | null;
}

function readAnswer(answer: HttpAnswer): readonly Listed[] {
  const json = readJson(answer.body, answer.url);
  const list: unknown = isObject(json) ? json['attestations'] : undefined;
  if (!Array.isArray(list)) {
    throw new LogUnavailable(`Cannot read attestations from "${answer.url}": expected a list named attestations`);
  }
  return (list as readonly unknown[])
    .slice(0, PER_PAGE)
    .filter(isObject)
    .map((item) => {
      const { bundle, bundle_url: url } = item;
      return isObject(bundle) || typeof url !== 'string' ? { bundle, url: null } : { bundle: null, url };
    });
}

/** A bundle that lies elsewhere, mostly with a store for blobs: who asks there shows no token. */
async function fetchBundle(text: string, api: string, http: HttpClient, signal: AbortSignal): Promise<unknown> {
  const url = URL.canParse(text) ? new URL(text) : null;
  // Only a test serves the API unencrypted.
  const isAllowed =
    url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && api.startsWith('http:')));
  if (!isAllowed || url.username !== '' || url.password !== '') {
    throw new LogUnavailable(`Cannot fetch a bundle that "${api}" names: expected an https URL without credentials`);
  }
  const shown = `${url.origin}${url.pathname}`;
  try {
    const { body, header } = await http.fetch(
      { url: url.href, headers: { accept: '*/*' }, maxBytes: MAX_BUNDLE_BYTES },
      signal,
    );
    const isSnappy = header?.('content-type')?.toLowerCase().startsWith('application/x-snappy') === true;
    return readJson(isSnappy ? decodeSnappy(body, MAX_BUNDLE_BYTES) : body, shown);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new LogUnavailable(`Cannot read bundle "${shown}": ${error.message}`, { cause: error });
    }
    if (error instanceof LogUnavailable) {
      // What stands behind the question mark is a key to the blob.
      const message = url.search === '' ? error.message : error.message.replaceAll(url.search, '');
      // Not out of order: the API itself is not.
      throw error.outOfOrder
        ? new OutOfReach(message, { retryAfterMs: error.retryAfterMs })
        : new LogUnavailable(message, { retryAfterMs: error.retryAfterMs });
    }
    throw error;
  }
}

function readJson(body: Buffer, url: string): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (cause) {
    throw new LogUnavailable(`Cannot read attestations from "${url}": the answer is not JSON`, { cause });
  }
}

/** The cursor of the next page (RFC 8288); only that of it is taken: where to ask is ours to say. */
function nextPage({ header }: HttpAnswer): string | null {
  const next = header?.('link')
    ?.slice(0, 4096)
    .split(',')
    .find((link) => /;\s*rel="?next"?/.test(link));
  const cursor = /[?&]after=([^&>]{1,512})[&>]/.exec(next ?? '')?.[1];
  try {
    return cursor === undefined ? null : decodeURIComponent(cursor);
  } catch {
    return null;
  }
}

/** How long the API asks to be left alone, where its limit is reached (docs.github.com, REST API rate limits); null where it does not. */
function waitAsked({ status, header }: HttpAnswer, now: Date): number | null {
  if (status !== 403 && status !== 429) {
    return null;
  }
  const retryAfter = parseRetryAfter(header?.('retry-after'), now);
  const reset = header?.('x-ratelimit-reset') ?? '';
  const isUsedUp = header?.('x-ratelimit-remaining')?.trim() === '0';
  if (retryAfter === undefined && !isUsedUp && status !== 429) {
    return null;
  }
  const untilReset = isUsedUp && /^\d{1,12}$/.test(reset) ? Number(reset) * 1000 - now.getTime() : 0;
  return Math.min(retryAfter ?? Math.max(untilReset, LEAST_HOLD_MS), LONGEST_HOLD_MS);
}

function overLimit(url: string, retryAfterMs: number): LogUnavailable {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return new LogUnavailable(`Cannot ask "${url}" for attestations: its rate limit is reached for ${seconds} s`, {
    retryAfterMs,
    outOfOrder: true,
  });
}
