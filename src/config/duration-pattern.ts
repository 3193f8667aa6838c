import { DURATION_UNITS, parseDuration } from './duration.ts';

/** An expression (ECMA-262) for the durations from `least` to `most`, and for nothing else: for a JSON Schema. */
export function durationPattern(least: string, most: string): string {
  const [from, to] = [parseDuration(least), parseDuration(most)];
  const units = Object.entries(DURATION_UNITS).flatMap(([unit, ms]) => {
    const [first, last] = [Math.ceil(from / ms), Math.floor(to / ms)];
    return first > last ? [] : [`(?:${wholeNumbers(first, last)})${unit}`];
  });
  return `^(?:${units.join('|')})$`;
}

/** An expression for the whole numbers from `first` to `last`, written without leading zeros. */
export function wholeNumbers(first: number, last: number): string {
  const parts: string[] = [];
  // Numbers of so many digits, all of them.
  const full: number[] = [];
  for (let from = first; from <= last;) {
    const { length } = String(from);
    const to = Math.min(last, 10 ** length - 1);
    if (from === 10 ** (length - 1) && to === 10 ** length - 1) {
      full.push(length);
    } else {
      parts.push(ofOneLength(String(from), String(to)));
    }
    from = to + 1;
  }
  const [least, most] = [full.at(0), full.at(-1)];
  return [
    ...(least === undefined || most === undefined ? [] : [`[1-9]${anyDigits(least - 1, most - 1)}`]),
    ...parts,
  ].join('|');
}

/** Both have the same number of digits. */
function ofOneLength(from: string, to: string): string {
  if (from === to) {
    return from;
  }
  const [low, high] = [from.charAt(0), to.charAt(0)];
  const [lowRest, highRest] = [from.slice(1), to.slice(1)];
  if (low === high) {
    return `${low}(?:${ofOneLength(lowRest, highRest)})`;
  }
  const zeros = '0'.repeat(lowRest.length);
  const nines = '9'.repeat(lowRest.length);
  // The first and the last digit stand apart only where what follows them is limited.
  const isLowCut = lowRest !== zeros;
  const isHighCut = highRest !== nines;
  const [firstFull, lastFull] = [Number(low) + (isLowCut ? 1 : 0), Number(high) - (isHighCut ? 1 : 0)];
  return [
    ...(isLowCut ? [`${low}(?:${ofOneLength(lowRest, nines)})`] : []),
    ...(firstFull > lastFull ? [] : [`${digits(firstFull, lastFull)}${anyDigits(lowRest.length)}`]),
    ...(isHighCut ? [`${high}(?:${ofOneLength(zeros, highRest)})`] : []),
  ].join('|');
}

function digits(first: number, last: number): string {
  return first === last ? String(first) : `[${first}-${last}]`;
}

function anyDigits(least: number, most = least): string {
  return most === 0 ? '' : least === most ? `[0-9]{${least}}` : `[0-9]{${least},${most}}`;
}
