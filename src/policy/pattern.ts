import { RE2JS } from 're2js';
import { REPOSITORY_CLAIMS } from './claims.ts';
import { compileGlob } from './glob.ts';

/** A pattern as YAML writes it; a list means any of them. */
export type PatternSource =
  string | { readonly regexp: string } | { readonly not: PatternSource } | readonly [PatternSource, ...PatternSource[]];

/** A test for one value of a claim. */
export interface Pattern {
  /** As written in YAML. */
  readonly source: unknown;
  matches(value: string): boolean;
}

/** Longest pattern, in UTF-16 code units. */
export const MAX_PATTERN = 4096;

/**
 * Compiles the pattern of `claim`, which decides whether `owner/repo` is short for a GitHub URL. Matching takes time linear in the
 * value, whatever the value. Throws SyntaxError.
 */
export function compilePattern(source: PatternSource, claim: string): Pattern {
  return { source, matches: compile(source, claim) };
}

/** Compiles RE2 syntax, anchored at both ends. Throws SyntaxError. */
export function compileRegexp(regexp: string): (value: string) => boolean {
  requireShort(regexp);
  try {
    const compiled = RE2JS.compile(regexp);
    return (value) => compiled.matches(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace('error parsing regexp: ', '') : String(error);
    throw new SyntaxError(`Cannot compile regexp "${excerpt(regexp)}": ${reason}; expected RE2 syntax`, {
      cause: error,
    });
  }
}

/**
 * What a string pattern stands for: the GitHub URL where it is `owner/repo` (or `owner`, for an owner), a fingerprint in hex as it
 * is recorded, else itself.
 */
export function expandShorthand(text: string, claim: string): string {
  if (claim === 'key') {
    return bareFingerprint(text);
  }
  if (!REPOSITORY_CLAIMS.has(claim) || text.includes('://')) {
    return text;
  }
  const slash = text.indexOf('/');
  const owner = slash === -1 ? text : text.slice(0, slash);
  const short = isOwnerLike(owner) && (slash !== -1 || claim === 'source_owner');
  return short ? `https://github.com/${text}` : text;
}

/**
 * A fingerprint in hex, or a pattern for one, without the colons and spaces that openssl and gpg print between its digits, in lower case;
 * anything else as it is: those of SSH are base64.
 */
export function bareFingerprint(text: string): string {
  return /^[0-9A-Fa-f*:\s]+$/.test(text) ? text.replace(/[:\s]/g, '').toLowerCase() : text;
}

/** Whether something of unknown origin is written as a pattern. */
export function isPatternSource(source: unknown): source is PatternSource {
  if (typeof source !== 'object' || source === null) {
    return typeof source === 'string';
  }
  if (Array.isArray(source)) {
    return source.length > 0 && source.every(isPatternSource);
  }
  return ('regexp' in source && typeof source.regexp === 'string') || ('not' in source && isPatternSource(source.not));
}

function compile(source: PatternSource, claim: string): (value: string) => boolean {
  if (typeof source === 'string') {
    requireShort(source);
    return compileGlob(expandShorthand(source, claim));
  }
  if ('regexp' in source) {
    return compileRegexp(source.regexp);
  }
  if ('not' in source) {
    const inner = compile(source.not, claim);
    return (value) => !inner(value);
  }
  const any = source.map((item) => compile(item, claim));
  return (value) => any.some((matches) => matches(value));
}

/** GitHub's owner names: letters, digits, hyphens, an underscore for managed users; here also `*`, which does not cross a slash. */
function isOwnerLike(segment: string): boolean {
  return /^[A-Za-z0-9_*-]+$/.test(segment) && !segment.includes('**');
}

function requireShort(pattern: string): void {
  if (pattern.length > MAX_PATTERN) {
    throw new SyntaxError(
      `Cannot compile pattern "${excerpt(pattern)}": it has ${pattern.length} characters, expected at most ${MAX_PATTERN}`,
    );
  }
}

function excerpt(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
