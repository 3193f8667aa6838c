import { z } from 'zod';
import type { LogType, Start } from '../log/log.ts';
import { quote } from './key-path.ts';
import { converted } from './schema-parts.ts';

const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

const START_FORM =
  'head, genesis, an index, or (for rekor-v1 and ct) a date such as 2026-01-31 or 2026-01-31T12:00:00Z';

/** What is said of a date where entries carry no time. */
export const NO_TIMES =
  'a date needs entries with a time, and those of rekor-v2 have none; expected head, genesis or an index';

const LEAP_YEAR = '(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)';
const DAY =
  '(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))' +
  `|${LEAP_YEAR}-02-29)`;
const TIME =
  '(?:(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,9})?)?|24:00(?::00(?:\\.0{1,9})?)?)' +
  '(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])';

/** The dates that {@link start} takes, for a JSON Schema. */
const DATE_PATTERN = `^${DAY}(?:T${TIME})?$`;

/** Where to begin with a log. A date only where entries carry a time. */
export function start(type: LogType): z.ZodType<Start, number | string> {
  const words = { enum: ['head', 'genesis'] };
  const text = z.string().meta(type === 'rekor-v2' ? words : { anyOf: [words, { pattern: DATE_PATTERN }] });
  const form = z.union([z.int().min(0, `expected ${START_FORM}`), text], { error: `expected ${START_FORM}` });
  return converted(form, (value) => {
    if (typeof value === 'number' || value === 'head' || value === 'genesis') {
      return value;
    }
    const date = new Date(value);
    // The day must exist: the engine would take the 30th of February for the 1st of March.
    if (!ISO_DATE.test(value) || Number.isNaN(date.getTime()) || !dayExists(value)) {
      throw new SyntaxError(`Cannot use ${quote(value)} as a start: expected ${START_FORM}`);
    }
    if (type === 'rekor-v2') {
      throw new SyntaxError(NO_TIMES);
    }
    return date;
  });
}

function dayExists(iso: string): boolean {
  const day = iso.slice(0, 10);
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().slice(0, 10) === day;
}
