/**
 * The definition of a string pattern, written down without regard to time: `*` is any run without `/`, `**` any run; in a URL of
 * github.com the segments host, owner and repository of the pattern fold ASCII case until one that holds `**` has been passed.
 */
export function referenceMatch(pattern: string, value: string): boolean {
  return matchFrom(tokensOf(pattern, /^https:\/\/github\.com\//i.test(value) && value.startsWith('https://')), value);
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

function matchFrom(tokens: readonly Token[], value: string): boolean {
  const [token, ...rest] = tokens;
  if (token === undefined) {
    return value === '';
  }
  if (token.kind === 'letter') {
    return value !== '' && isSame(token, value.charAt(0)) && matchFrom(rest, value.slice(1));
  }
  const longest = token.kind === 'stars' || !value.includes('/') ? value.length : value.indexOf('/');
  return Array.from({ length: longest + 1 }, (_, length) => value.slice(length)).some((left) => matchFrom(rest, left));
}

function isSame({ letter, folded }: Token, found: string): boolean {
  return letter === found || (folded && /[A-Za-z]/.test(letter) && letter.toLowerCase() === found.toLowerCase());
}
