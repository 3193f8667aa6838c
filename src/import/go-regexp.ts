import { compileRegexp } from '../policy/pattern.ts';

/** Any run of characters, line feeds too. */
export const ANYTHING = '(?s:.*)';

/**
 * What stands for an expression that may match anywhere (as in Go's regexp.MatchString) where expressions are anchored at both ends.
 * `^` and `$` at its ends are left out. Throws SyntaxError for what is no RE2 syntax.
 */
export function anchored(regexp: string): string {
  compileRegexp(regexp);
  const { hasBar, hasFlags, opensQuote } = scan(regexp);
  const whole = opensQuote ? `${regexp}\\E` : regexp;
  if (hasBar || hasFlags || opensQuote) {
    return checked(`${ANYTHING}(?:${whole})${ANYTHING}`);
  }
  const atStart = /^\^(?![*+?{])/.test(whole);
  const atEnd = /(?<!\\)(?:\\\\)*\$$/.test(whole) && !/\\Q/.test(whole);
  const body = whole.slice(atStart ? 1 : 0, atEnd ? -1 : undefined);
  return checked(`${atStart ? '' : ANYTHING}${body}${atEnd ? '' : ANYTHING}`);
}

function checked(regexp: string): string {
  compileRegexp(regexp);
  return regexp;
}

interface Scanned {
  /** A bar outside of every group: what stands at its ends belongs to one branch only. */
  readonly hasBar: boolean;
  /** `(?i)`, `(?m)`: what stands behind means something else. */
  readonly hasFlags: boolean;
  /** A `\Q` to which there is no `\E`. */
  readonly opensQuote: boolean;
}

function scan(regexp: string): Scanned {
  let depth = 0;
  let hasBar = false;
  for (let at = 0; at < regexp.length; at = atomEnd(regexp, at)) {
    if (regexp.startsWith('\\Q', at) && !regexp.includes('\\E', at)) {
      return { hasBar, hasFlags: false, opensQuote: true };
    }
    const character = regexp[at];
    depth += character === '(' ? 1 : character === ')' ? -1 : 0;
    hasBar ||= character === '|' && depth === 0;
  }
  return { hasBar, hasFlags: /\(\?[A-Za-z-]*[)ms-]/.test(regexp), opensQuote: false };
}

/** Where the atom at `at` ends: an escape, a quotation or a class counts as one. */
function atomEnd(regexp: string, at: number): number {
  if (regexp.startsWith('\\Q', at)) {
    return regexp.indexOf('\\E', at) + 2;
  }
  if (regexp[at] === '\\') {
    return at + 2;
  }
  return regexp[at] === '[' ? classEnd(regexp, at) : at + 1;
}

function classEnd(regexp: string, at: number): number {
  let end = at + (regexp[at + 1] === '^' ? 2 : 1);
  end += regexp[end] === ']' ? 1 : 0;
  while (end < regexp.length && regexp[end] !== ']') {
    const close = regexp.startsWith('[:', end) ? regexp.indexOf(':]', end + 2) : -1;
    end = close !== -1 ? close + 2 : end + (regexp[end] === '\\' ? 2 : 1);
  }
  return end + 1;
}

/** The text with which everything begins that an anchored expression matches. */
export function literalPrefix(regexp: string): string {
  const { hasBar } = scan(regexp);
  return hasBar ? '' : readLiteral(regexp, false);
}

/**
 * The text that an expression seems to mean: it may begin anywhere, and a dot stands for a dot, because people forget to escape it.
 * Good for looking at more, never for looking at less.
 */
export function likelyText(regexp: string): string {
  const start = /^(?:\(\?s:\.\*\)|\(\?:|\^|\.[*+]\??|\()*/.exec(regexp)?.[0].length ?? 0;
  return readLiteral(regexp.slice(start), true);
}

function readLiteral(regexp: string, dotsAreDots: boolean): string {
  let text = '';
  for (let at = 0; at < regexp.length;) {
    const found = /^(?:\\([^\w\s])|\[\\?([^\\\]^\w])\]|([^\\^$|?*+()[\]{}.]))/u.exec(regexp.slice(at, at + 8));
    const isDot = dotsAreDots && regexp[at] === '.';
    const literal = isDot ? '.' : (found?.[1] ?? found?.[2] ?? found?.[3]);
    const end = at + (isDot ? 1 : (found?.[0].length ?? 0));
    if (literal === undefined || /[*?{]/.test(regexp[end] ?? '') || (isDot && regexp[end] === '+')) {
      return text;
    }
    text += literal;
    if (regexp[end] === '+') {
      return text;
    }
    at = end;
  }
  return text;
}
