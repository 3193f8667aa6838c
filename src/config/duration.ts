/** Milliseconds of each unit. */
export const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const MAX_MS = 3650 * 86_400_000;

/** What a duration looks like, for messages. */
export const DURATION_FORM = 'a duration such as 500ms, 10s, 5m, 24h or 7d';

/** Milliseconds of `500ms`, `10s`, `5m`, `24h` or `7d`, at most ten years. Throws SyntaxError. */
export function parseDuration(text: string): number {
  const [, count = '', unit = ''] = /^(0|[1-9][0-9]{0,12})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(count) * (DURATION_UNITS[unit] ?? NaN);
  if (!(ms <= MAX_MS)) {
    throw new SyntaxError(`Cannot parse duration "${text.slice(0, 40)}": expected ${DURATION_FORM}, at most 3650d`);
  }
  return ms;
}
