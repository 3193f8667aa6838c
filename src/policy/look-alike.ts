import { remembered } from '../lib/remembered.ts';
import { decodePunycode } from './punycode.ts';

/** Longest text that is looked at, in UTF-16 code units: names are short, and SANs may be a megabyte. */
export const MAX_NAME = 300;

/** A name is compared with hundreds of others, and to read it costs more than all of that. */
const REMEMBERED = { most: 4096, longest: MAX_NAME };

/** Letters in lower case that look like Latin ones and do not decompose into them: Cyrillic, Greek, Armenian, Latin (UTS 39, confusables). */
const CONFUSABLE: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    a: 'аαɑᴀ',
    b: 'ьƅßʙ',
    c: 'сϲᴄ',
    d: 'ԁđᴅ',
    e: 'еєεᴇ',
    f: 'ƒꞙ',
    g: 'ցɡɢ',
    h: 'һհħʜ',
    i: 'іιıɩɪ',
    j: 'јϳյᴊ',
    k: 'кκᴋ',
    l: 'ӏłʟǀ',
    m: 'мᴍ',
    n: 'ոηпɴ',
    o: 'оοσօøᴏ',
    p: 'рρᴘ',
    q: 'ԛզ',
    r: 'гʀ',
    s: 'ѕꜱ',
    t: 'тτŧᴛ',
    u: 'սυμᴜʋ',
    v: 'ѵνᴠ',
    w: 'ԝωшᴡ',
    x: 'хχ',
    y: 'уγʏү',
    z: 'ᴢʐ',
  }).flatMap(([latin, others]) => Array.from(others, (letter) => [letter, latin] as const)),
);

/**
 * A name as the eye takes it: equal for names that are easily taken for one another. Case, accents, full width, invisible characters,
 * hyphens, underscores, dots and spaces are lost; letters that look like Latin ones become those; `0` reads as `o`, `1` and `i` as `l`,
 * `rn` as `m`, `vv` as `w`. Of long texts only the beginning. Folding twice changes nothing.
 */
export const foldLookAlikes = remembered(fold, REMEMBERED);

function fold(text: string): string {
  const plain = text
    .slice(0, MAX_NAME)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}\p{Z}._-]/gu, '');
  return Array.from(plain, (letter) => CONFUSABLE[letter] ?? letter)
    .join('')
    .replace(/0/g, 'o')
    .replace(/[1i|!]/g, 'l')
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w');
}

/** A host name as it is shown: labels in punycode (RFC 5891 §4.4) by their letters, in lower case. */
export const shownHost = remembered(show, REMEMBERED);

function show(host: string): string {
  return host
    .slice(0, MAX_NAME)
    .toLowerCase()
    .split('.')
    .map((label) => (label.startsWith('xn--') ? (decodePunycode(label.slice(4)) ?? label) : label))
    .join('.');
}

/**
 * How many letters must be changed, left out, added or exchanged with their neighbour to make one name of the other, no letter being
 * touched twice; more than `most` counts as Infinity. Takes time in proportion to `most` times the shorter name.
 */
export function lettersApart(a: string, b: string, most: number): number {
  const [from, to] = [Array.from(a), Array.from(b)];
  if (Math.abs(from.length - to.length) > most) {
    return Infinity;
  }
  const width = to.length + 1;
  let [beforeLast, leastOfLast]: [number[], number] = [[], 0];
  let last = Array.from({ length: width }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const now = new Array<number>(width).fill(Infinity);
    now[0] = row;
    for (let column = Math.max(1, row - most); column <= Math.min(to.length, row + most); column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      now[column] = Math.min(
        at(last, column) + 1,
        at(now, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(beforeLast, column - 2) + 1 : Infinity,
      );
    }
    // Whatever follows is made of these two rows.
    const least = Math.min(...now.slice(Math.max(0, row - most), row + most + 1));
    if (Math.min(least, leastOfLast) > most) {
      return Infinity;
    }
    [beforeLast, last, leastOfLast] = [last, now, least];
  }
  const distance = at(last, to.length);
  return distance > most ? Infinity : distance;
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
