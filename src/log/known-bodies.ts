import type { ReadHeader } from './rate-headers.ts';

/** A body that was served before, and by which words the server recognises it. */
export interface KnownBody {
  readonly body: Buffer;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** What was served at each address, to ask only whether it is still that. */
export interface KnownBodies {
  find(url: string): KnownBody | undefined;
  /** Keeps a body with the validators that came with it, in place of the one before; none where they could not tell two bodies apart. */
  learn(url: string, body: Buffer, header: ReadHeader): void;
}

/** Addresses that are remembered: one checkpoint for each log. */
const MAX_BODIES = 256;
/** The longest body that is kept, and the longest validator. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_VALIDATOR = 1024;
/** Below this age, what changes twice within the second in which it was read looks unchanged (RFC 9110 §8.8.2.2); some servers make their ETag of nothing but that second and a length. */
const SETTLED_MS = 2_000;

export function createKnownBodies(): KnownBodies {
  /** The most recently served last. */
  const bodies = new Map<string, KnownBody>();

  return {
    find: (url) => bodies.get(url),
    learn(url, body, header) {
      bodies.delete(url);
      const [etag, lastModified] = [validator(header('etag')), validator(header('last-modified'))];
      if (body.length > MAX_BODY_BYTES || !isReliable(etag, lastModified, header('date'))) {
        return;
      }
      bodies.set(url, { body, etag, lastModified });
      const [oldest] = bodies.keys();
      if (bodies.size > MAX_BODIES && oldest !== undefined) {
        bodies.delete(oldest);
      }
    },
  };
}

function validator(value: string | undefined): string | undefined {
  return value !== undefined && value !== '' && value.length <= MAX_VALIDATOR ? value : undefined;
}

/** A tag alone is trusted; what names the time of a change must be older than its clock is coarse. */
function isReliable(etag: string | undefined, lastModified: string | undefined, date: string | undefined): boolean {
  if (lastModified === undefined) {
    return etag !== undefined;
  }
  // NaN, where one of them is no date, is not reliable either.
  return Date.parse(date ?? '') - Date.parse(lastModified) >= SETTLED_MS;
}
