/** Texts of which all stand in whatever a pattern matches. */
export type Runs = readonly string[];

/** What was read of an expression: the alternatives it is made of, and where it ends. */
interface Parsed {
  readonly alternatives: readonly Runs[];
  readonly end: number;
}

/** One alternative, of which nothing is known. */
const NOTHING: readonly Runs[] = [[]];

/** With more alternatives than this, nothing is known of them. */
const MOST = 256;
/** With more groups than this, nothing is known of an expression. */
const MOST_GROUPS = 200;

/** What holds nothing (flags, an empty quotation) and then a quantifier: RE2 takes it for one of what stands before that. */
const QUANTIFIED_NOTHING = /(?:\(\?[a-zA-Z-]+\)|\\Q\\E)[*+?{]/;

/**
 * The texts without which nothing matches the expression (RE2 syntax), for each of its alternatives: what stands in it for itself, and need not be
 * left out. What is not understood counts for nothing, so that an alternative may have no texts. Never throws.
 */
export function regexpLiterals(regexp: string): readonly Runs[] {
  const isBeyond = regexp.split('(').length > MOST_GROUPS || QUANTIFIED_NOTHING.test(regexp);
  return isBeyond ? NOTHING : parseAlternatives(regexp, 0).alternatives;
}

/** Up to the end, or the parenthesis that closes the group. */
function parseAlternatives(text: string, from: number): Parsed {
  const alternatives: Runs[] = [];
  let at = from;
  for (;;) {
    const { alternatives: branch, end } = parseBranch(text, at);
    alternatives.push(...branch);
    if (text[end] !== '|') {
      return { alternatives: alternatives.length > MOST ? NOTHING : alternatives, end };
    }
    at = end + 1;
  }
}

/** What stands between two bars. */
function parseBranch(text: string, from: number): Parsed {
  let branch = NOTHING;
  let run = '';
  let at = from;
  const add = (found: readonly Runs[]) => {
    const product = branch.flatMap((before) => found.map((runs) => [...before, ...runs]));
    branch = product.length > MOST ? branch : product;
  };
  const endRun = () => {
    if (run !== '') {
      add([[run]]);
    }
    run = '';
  };
  while (at < text.length && text[at] !== '|' && text[at] !== ')') {
    const atom = readAtom(text, at);
    const quantifier = readQuantifier(text, atom.end);
    at = quantifier.end;
    if (quantifier.kind === 'once' && typeof atom.means === 'string') {
      run += atom.means;
      continue;
    }
    if (quantifier.kind === 'more' && typeof atom.means === 'string') {
      // At least once, and right behind what stands before it.
      run += atom.means;
    }
    endRun();
    if (quantifier.kind !== 'optional' && typeof atom.means !== 'string') {
      add(atom.means);
    }
  }
  endRun();
  return { alternatives: branch, end: at };
}

/** One thing that a quantifier may follow: a character, the alternatives of a group, or `[[]]` for what says nothing. */
interface Atom {
  readonly means: string | readonly Runs[];
  readonly end: number;
}

function readAtom(text: string, at: number): Atom {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  switch (character) {
    case '(':
      return readGroup(text, at);
    case '[':
      return readClass(text, at);
    case '\\':
      return readEscape(text, at);
    case '.':
    case '^':
    case '$':
      return { means: NOTHING, end: at + 1 };
    default:
      return { means: character, end: at + character.length };
  }
}

/** `(…)`, `(?:…)`, `(?P<name>…)`, `(?flags:…)`, or `(?flags)`, which holds nothing. */
function readGroup(text: string, at: number): Atom {
  const head = /^\((?:\?(?:P?<\w+>|[a-zA-Z-]*:?))?/.exec(text.slice(at, at + 200))?.[0] ?? '(';
  const { alternatives, end } = parseAlternatives(text, at + head.length);
  return { means: alternatives, end: Math.min(end + 1, text.length) };
}

/** A class of one character stands for it. */
function readClass(text: string, at: number): Atom {
  const [whole = '', escaped, single = escaped] =
    /^\[(?:\\([^\w\s])|([^\s\\^[\]]))\]/.exec(text.slice(at, at + 4)) ?? [];
  if (single !== undefined) {
    return { means: single, end: at + whole.length };
  }
  // A bracket that comes first stands for itself.
  let end = at + (text[at + 1] === '^' ? 2 : 1);
  end += text[end] === ']' ? 1 : 0;
  while (end < text.length && text[end] !== ']') {
    if (text.startsWith('[:', end)) {
      const close = text.indexOf(':]', end + 2);
      end = close === -1 ? end + 1 : close + 2;
    } else {
      end += text[end] === '\\' ? 2 : 1;
    }
  }
  return { means: NOTHING, end: Math.min(end + 1, text.length) };
}

function readEscape(text: string, at: number): Atom {
  if (text.startsWith('\\Q', at)) {
    const close = text.indexOf('\\E', at + 2);
    const end = close === -1 ? text.length : close;
    const quoted = text.slice(at + 2, end);
    return { means: [quoted === '' ? [] : [quoted]], end: Math.min(end + 2, text.length) };
  }
  const [escape = '', punctuation] =
    /^\\(?:([^\w\s])|[xpP]\{[^}]*\}|x[0-9A-Fa-f]{2}|[pP].|[0-7]{1,3}|.)?/su.exec(text.slice(at, at + 80)) ?? [];
  return { means: punctuation ?? NOTHING, end: at + Math.max(escape.length, 1) };
}

interface Quantifier {
  /** `more`: at least once. */
  readonly kind: 'once' | 'more' | 'optional';
  readonly end: number;
}

function readQuantifier(text: string, at: number): Quantifier {
  const [whole = '', sign, least] = /^(?:([*+?])|\{(\d+)(?:,\d*)?\})\??/.exec(text.slice(at, at + 30)) ?? [];
  const kind = whole === '' ? 'once' : sign === '+' || Number(least ?? 0) > 0 ? 'more' : 'optional';
  return { kind, end: at + whole.length };
}
