import { RE2JS } from 're2js';

const GITHUB = 'https://github.com/';

/** Segments of `https://github.com/owner/repo` between slashes that compare without regard to case: host, owner, repository. */
const FOLDED_SEGMENTS = [2, 3, 4];

/**
 * Compiles a string pattern: `*` stands for any run of characters but `/`, `**` for any run at all, everything else for itself.
 * In URLs of github.com the host, the owner and the repository compare without regard to ASCII case, the rest exactly; after a
 * segment that holds `**` nothing is known to be an owner or a repository, and all compares exactly.
 */
export function compileGlob(pattern: string): (value: string) => boolean {
  if (!pattern.includes('*')) {
    return literal(pattern);
  }
  const open = /^([^*]*)\*\*+$/.exec(pattern)?.[1];
  return open === undefined ? wildcards(pattern) : beginning(open);
}

/** `https://github.com/acme/**`, the most usual pattern: whoever writes a long value after it costs nothing. */
function beginning(prefix: string): (value: string) => boolean {
  const lax = foldCase(prefix);
  const segments = prefix.split('/');
  const scheme = segments.slice(0, FOLDED_SEGMENTS[0]).join('/');
  const rest = segments.slice(FOLDED_SEGMENTS.length + 2).join('/');
  return (value) =>
    startsFolded(value, lax) &&
    (isGitHub(value)
      ? value.startsWith(scheme) && value.startsWith(rest, prefix.length - rest.length)
      : value.startsWith(prefix));
}

function literal(pattern: string): (value: string) => boolean {
  if (!isGitHub(pattern)) {
    return (value) => value === pattern;
  }
  const folded = foldSegments(pattern);
  const lax = foldCase(pattern);
  return (value) => value.length === lax.length && startsFolded(value, lax) && foldSegments(value) === folded;
}

function wildcards(pattern: string): (value: string) => boolean {
  const exact = onDemand(pattern, false);
  const github = onDemand(pattern, true);
  // Nearly every value fails here: a test that is laxer than the pattern, and much cheaper than the expression.
  const prefix = foldCase(pattern.slice(0, pattern.indexOf('*')));
  return (value) => startsFolded(value, prefix) && (isGitHub(value) ? github : exact)().matches(value);
}

/** Compiled when it is first asked for: of thousands of watches hardly any pattern ever is, and each takes kilobytes. */
function onDemand(pattern: string, folding: boolean): () => RE2JS {
  let compiled: RE2JS | null = null;
  return () => (compiled ??= RE2JS.compile(toRegexp(pattern, folding)));
}

function isGitHub(url: string): boolean {
  return url.startsWith('https://') && startsFolded(url, GITHUB);
}

function foldSegments(url: string): string {
  return url
    .split('/')
    .map((segment, position) => (FOLDED_SEGMENTS.includes(position) ? foldCase(segment) : segment))
    .join('/');
}

/** RE2 for a pattern; with `folding`, host, owner and repository up to the first `**` in either case. */
function toRegexp(pattern: string, folding: boolean): string {
  const segments = pattern.split('/');
  const open = segments.findIndex((segment) => segment.includes('**'));
  return segments
    .map((segment, position) => {
      const folded = folding && FOLDED_SEGMENTS.includes(position) && (open === -1 || position <= open);
      return segmentRegexp(segment, folded);
    })
    .join('/');
}

function segmentRegexp(segment: string, folded: boolean): string {
  return segment
    .split(/(\*+)/)
    .map((part) => {
      if (part.startsWith('*')) {
        return part.length > 1 ? '(?s:.*)' : '[^/]*';
      }
      // RE2's own (?i) folds by Unicode, where the Kelvin sign is a `k`: write both ASCII cases out.
      return folded ? RE2JS.quote(part).replace(/[A-Za-z]/g, bothCases) : RE2JS.quote(part);
    })
    .join('');
}

function bothCases(letter: string): string {
  return `[${letter.toLowerCase()}${letter.toUpperCase()}]`;
}

function startsFolded(value: string, foldedPrefix: string): boolean {
  if (value.length < foldedPrefix.length) {
    return false;
  }
  // From the end: URLs differ late, they all begin alike.
  for (let i = foldedPrefix.length - 1; i >= 0; i--) {
    if (foldUnit(value.charCodeAt(i)) !== foldedPrefix.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

/** Lower case of ASCII letters; `toLowerCase` would also fold letters beyond ASCII. */
export function foldCase(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

function foldUnit(unit: number): number {
  return unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit;
}
