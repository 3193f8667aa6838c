import { DURATION_FORM, parseDuration } from '../config/duration.ts';

/** RFC 3339, or only its date, which means that day's first moment in UTC. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d))?$/;

/** A moment as an option says it: RFC 3339, a date, or how long before `now`. Throws SyntaxError naming `option`. */
export function parseTimeBound(text: string, option: string, now: Date): Date {
  const [, date] = TIME.exec(text) ?? [];
  if (date !== undefined && isCalendarDate(date) && !Number.isNaN(Date.parse(text))) {
    return new Date(text);
  }
  try {
    return new Date(now.getTime() - parseDuration(text));
  } catch (cause) {
    throw new SyntaxError(
      `Cannot parse ${option} "${text.slice(0, 40)}": expected ${DURATION_FORM}, or a time such as 2026-11-21T13:00:00Z`,
      { cause },
    );
  }
}

/** JavaScript takes 30 February for 2 March. */
function isCalendarDate(date: string): boolean {
  const time = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(date);
}
