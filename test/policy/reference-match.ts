/**
 * The definition of a string pattern, written down without regard to time: `*` is any run without `/`, `**` any run; in a URL of
 * github.com the segments host, owner and repository of the pattern fold ASCII case until one that holds `**` has been passed.
 */
export function referenceMatch(pattern: string, value: string): boolean {
  const github = /^https:\/\/github\.com\//i.test(value) && value.startsWith('https://');
  const ends = tokensOf(pattern, github).reduce((reached, token) => step(reached, token, value), startOf(value));
  return ends[value.length] === 1;
}

/** `owner/repo`, and for an owner `owner`, as it is documented: in claims that are a repository, a workflow or an owner, not in a URL. */
export function referenceShorthand(text: string, claim: string): string {
  if (!['builder', 'source_repository', 'workflow', 'source_owner', 'slsa_builder'].includes(claim)) {
    return text;
  }
  const [owner = '', ...rest] = text.split('/');
  const isName = /^[A-Za-z0-9_*-]+$/.test(owner) && !owner.includes('**');
  return isName && !text.includes('://') && (rest.length > 0 || claim === 'source_owner')
    ? `https://github.com/${text}`
    : text;
}

/** A regular expression of a small grammar, as a tree. */
export type Regexp =
  | { readonly kind: 'letter'; readonly letter: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'one of'; readonly letters: string; readonly negated: boolean }
  | { readonly kind: 'sequence' | 'either'; readonly parts: readonly Regexp[] }
  | { readonly kind: 'repeated'; readonly part: Regexp; readonly least: 0 | 1; readonly most: 1 | 'many' };

const QUANTIFIERS = { 0: { 1: '?', many: '*' }, 1: { 1: '', many: '+' } } as const;

/** RE2 syntax for it. */
export function writeRegexp(regexp: Regexp): string {
  switch (regexp.kind) {
    case 'letter':
      return regexp.letter.replace(/[.*+?()[\]{}|\\^$]/, String.raw`\$&`);
    case 'any':
      return '.';
    case 'one of':
      return `[${regexp.negated ? '^' : ''}${regexp.letters}]`;
    case 'sequence':
      return regexp.parts.map(writeRegexp).join('');
    case 'either':
      return `(?:${regexp.parts.map(writeRegexp).join('|')})`;
    case 'repeated':
      return `(?:${writeRegexp(regexp.part)})${QUANTIFIERS[regexp.least][regexp.most]}`;
  }
}

/** Whether all of the value is what the expression says: `.` is anything but a line feed, and letters compare exactly. */
export function referenceRegexp(regexp: Regexp, value: string): boolean {
  return endsOf(regexp, value, new Set([0])).has(value.length);
}

function endsOf(regexp: Regexp, value: string, starts: ReadonlySet<number>): ReadonlySet<number> {
  switch (regexp.kind) {
    case 'letter':
      return past(value, starts, (letter) => letter === regexp.letter);
    case 'any':
      return past(value, starts, (letter) => letter !== '\n');
    case 'one of':
      return past(value, starts, (letter) => regexp.letters.includes(letter) !== regexp.negated);
    case 'sequence':
      return regexp.parts.reduce((from, part) => endsOf(part, value, from), starts);
    case 'either':
      return new Set(regexp.parts.flatMap((part) => [...endsOf(part, value, starts)]));
    case 'repeated': {
      const once = endsOf(regexp.part, value, starts);
      const ends = regexp.least === 0 ? union(starts, once) : once;
      return regexp.most === 1 ? ends : endsOfMore(regexp.part, value, ends);
    }
  }
}

/** Where any number of further repetitions ends. */
function endsOfMore(part: Regexp, value: string, ends: ReadonlySet<number>): ReadonlySet<number> {
  const more = union(ends, endsOf(part, value, ends));
  return more.size === ends.size ? ends : endsOfMore(part, value, more);
}

function union(some: ReadonlySet<number>, others: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...some, ...others]);
}

function past(value: string, starts: ReadonlySet<number>, fits: (letter: string) => boolean): ReadonlySet<number> {
  return new Set([...starts].filter((at) => at < value.length && fits(value.charAt(at))).map((at) => at + 1));
}

interface Token {
  readonly kind: 'letter' | 'star' | 'stars';
  readonly letter: string;
  readonly folded: boolean;
}

function tokensOf(pattern: string, github: boolean): Token[] {
  const tokens: Token[] = [];
  let passed = false;
  pattern.split('/').forEach((segment, position) => {
    if (position > 0) {
      tokens.push({ kind: 'letter', letter: '/', folded: false });
    }
    const folded = github && !passed && position >= 2 && position <= 4;
    for (const part of segment.match(/\*+|[^*]/g) ?? []) {
      const kind = part.startsWith('**') ? 'stars' : part === '*' ? 'star' : 'letter';
      tokens.push({ kind, letter: part, folded });
    }
    passed ||= segment.includes('**');
  });
  return tokens;
}

/** Positions in a value that the beginning of a pattern can reach, 1 each: first only its start. */
function startOf(value: string): Uint8Array {
  const reached = new Uint8Array(value.length + 1);
  reached[0] = 1;
  return reached;
}

function step(reached: Uint8Array, token: Token, value: string): Uint8Array {
  const next = token.kind === 'letter' ? new Uint8Array(reached.length) : Uint8Array.from(reached);
  for (let at = 0; at < value.length; at++) {
    const isOn =
      token.kind === 'letter'
        ? reached[at] === 1 && isSame(token, value.charAt(at))
        : next[at] === 1 && (token.kind === 'stars' || value.charAt(at) !== '/');
    if (isOn) {
      next[at + 1] = 1;
    }
  }
  return next;
}

function isSame({ letter, folded }: Token, found: string): boolean {
  return (
    letter === found || (folded && /[A-Za-z]{2}/.test(letter + found) && letter.toLowerCase() === found.toLowerCase())
  );
}
