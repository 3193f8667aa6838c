/** What a host says about how many more requests it answers. */
export interface RateWindow {
  readonly remaining: number;
  /** Milliseconds until the window starts anew. */
  readonly resetMs: number;
}

/** Headers by lower-case name. */
export type ReadHeader = (name: string) => string | undefined;

/** A window never holds us up for longer: what a host means to be longer, it says by a refusal with Retry-After. */
const LONGEST_MS = 60_000;
/** Some hosts write the time itself, in seconds since 1970, where the draft has the seconds until then. */
const EPOCH_SECONDS = 1_000_000_000;

/**
 * The tightest window that an answer names at the time `now`, by draft-ietf-httpapi-ratelimit-headers: `RateLimit:
 * "default";r=50;t=30`, as earlier versions had it `RateLimit: limit=100, remaining=50, reset=30`, or `RateLimit-Remaining` and
 * `RateLimit-Reset`. Null when it names none that can be read.
 */
export function parseRateWindow(header: ReadHeader, now: Date): RateWindow | null {
  const policies = header('ratelimit')?.slice(0, 1000);
  const windows =
    policies === undefined
      ? [windowOf(header('ratelimit-remaining'), header('ratelimit-reset'), now)]
      : [
          ...policies.split(',').map((policy) => windowOf(field(policy, 'r'), field(policy, 't'), now)),
          windowOf(field(policies, 'remaining'), field(policies, 'reset'), now),
        ];
  const [tightest] = windows.filter((window) => window !== null).sort((a, b) => a.remaining - b.remaining);
  return tightest ?? null;
}

function field(text: string, name: string): string | undefined {
  return new RegExp(`(?:^|[;,\\s])${name}\\s*=\\s*(\\d+)(?![\\d.])`).exec(text)?.[1];
}

function windowOf(remaining: string | undefined, reset: string | undefined, now: Date): RateWindow | null {
  if (remaining === undefined || reset === undefined || !isCount(remaining) || !isCount(reset)) {
    return null;
  }
  const seconds = Number(reset) >= EPOCH_SECONDS ? Number(reset) - now.getTime() / 1000 : Number(reset);
  return { remaining: Number(remaining), resetMs: Math.min(Math.max(0, seconds * 1000), LONGEST_MS) };
}

function isCount(text: string): boolean {
  return /^\s*\d{1,15}\s*$/.test(text);
}
