/** Longest wait that a server can impose: a log must not be able to blind us for a day with one header. */
const LONGEST_MS = 60 * 60 * 1000;

/** Milliseconds to wait from `now` on, from a Retry-After header: seconds or a date (RFC 9110 §10.2.3), at most one hour. Undefined when absent or unreadable. */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  const text = value.trim();
  if (/^\d+$/.test(text)) {
    return Math.min(Number(text) * 1000, LONGEST_MS);
  }
  // Date.parse takes nearly anything ("-5" is a year): only what looks like an HTTP date may reach it.
  if (!/^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(text)) {
    return undefined;
  }
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.min(Math.max(0, time - now.getTime()), LONGEST_MS);
}
