import { compilePattern, expandShorthand, type PatternSource } from '../policy/pattern.ts';
import { ANYTHING, anchored, literalPrefix } from './go-regexp.ts';

/** Meets `text` and nothing else, also where a pattern would read more into it (`*`, `owner/repo`). */
export function exactly(text: string, claim: string): PatternSource {
  const isPlain = !text.includes('*') && expandShorthand(text, claim) === text;
  return isPlain ? text : { regexp: escapeRegexp(text) };
}

/**
 * The wildcards of Kyverno (package wildcard of IGLOU-EU/go-wildcard v1): `*` is any run of characters, slashes too, and `?` is one
 * character.
 */
export function wildcard(text: string, claim: string): PatternSource {
  if (!/[*?]/.test(text)) {
    return exactly(text, claim);
  }
  const glob = text.replace(/\*+/g, '**');
  if (!text.includes('?') && expandShorthand(glob, claim) === glob) {
    return glob;
  }
  return {
    regexp: glob
      .split(/(\*\*|\?)/)
      .map(wildcardRegexp)
      .join(''),
  };
}

function wildcardRegexp(part: string): string {
  return part === '**' ? ANYTHING : part === '?' ? '(?s:.)' : escapeRegexp(part);
}

/** A regular expression of Go that may match anywhere in a value (regexp.MatchString). Throws SyntaxError. */
export function anywhere(regexp: string): PatternSource {
  return regexp === '.*' ? '**' : { regexp: anchored(regexp) };
}

/** Meets what either of some patterns meets. */
export function anyOf(sources: readonly PatternSource[]): PatternSource {
  const texts = new Map(sources.flatMap(alternativesOf).map((source) => [JSON.stringify(source), source]));
  const [first, ...others] = texts.values();
  if (first === undefined) {
    throw new RangeError('Cannot make a pattern of nothing, expected one at least');
  }
  return others.length === 0 ? first : [first, ...others];
}

/** Meets what both patterns meet; null where that is certainly nothing. */
export function both(a: PatternSource, b: PatternSource, claim: string): PatternSource | null {
  const [exactA, exactB] = [exactValues(a), exactValues(b)];
  if (exactA !== null) {
    return kept(exactA, b, claim);
  }
  if (exactB !== null) {
    return kept(exactB, a, claim);
  }
  if (JSON.stringify(a) === JSON.stringify(b) || covers(a, b)) {
    return b;
  }
  // There is no AND of patterns, but a NOT and an OR.
  return covers(b, a) ? a : { not: anyOf([...refusalsOf(a), ...refusalsOf(b)]) };
}

/** Whether the first pattern certainly meets all that the second one does: it is a beginning, and the second one begins so. */
function covers(wide: PatternSource, narrow: PatternSource): boolean {
  const beginning = typeof wide === 'string' ? /^([^*]*)\*\*+$/.exec(wide)?.[1] : undefined;
  return beginning !== undefined && alternativesOf(narrow).every((item) => prefixOf(item).startsWith(beginning));
}

/** Meets what `inside` meets and none of `outside` does. */
export function without(inside: PatternSource, outside: readonly PatternSource[]): PatternSource {
  if (outside.length === 0) {
    return inside;
  }
  return { not: anyOf(inside === '**' ? outside : [...refusalsOf(inside), ...outside]) };
}

/** What must not match for a pattern to match. */
function refusalsOf(source: PatternSource): readonly PatternSource[] {
  return typeof source === 'object' && 'not' in source ? alternativesOf(source.not) : [{ not: source }];
}

function kept(values: readonly string[], other: PatternSource, claim: string): PatternSource | null {
  const pattern = compilePattern(other, claim);
  const met = values.filter((value) => pattern.matches(value));
  return met.length === 0 ? null : anyOf(met);
}

/** The patterns of which any will do. */
export function alternativesOf(source: PatternSource): readonly PatternSource[] {
  return Array.isArray(source) ? (source as readonly PatternSource[]).flatMap(alternativesOf) : [source];
}

/** The values that a pattern lists; null where it is more than a list. */
export function exactValues(source: PatternSource): readonly string[] | null {
  const values = alternativesOf(source).filter((item) => typeof item === 'string' && !item.includes('*'));
  return values.length === alternativesOf(source).length ? (values as readonly string[]) : null;
}

/** The text with which every value begins that a pattern meets. */
export function prefixOf(source: PatternSource): string {
  if (typeof source === 'string') {
    return source.split('*', 1).join('');
  }
  return 'regexp' in source ? literalPrefix(source.regexp) : '';
}

/** True for a pattern that every value meets, but for odd ones. */
export function isAnything(source: PatternSource): boolean {
  return alternativesOf(source).some((item) =>
    typeof item === 'string'
      ? /^\*\*+$/.test(item)
      : 'regexp' in item && item.regexp !== '' && /^(?:\.[*+]\??)?$/.test(item.regexp.split(ANYTHING).join('')),
  );
}

/** An expression that matches `text` and nothing else. */
export function escapeRegexp(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}
