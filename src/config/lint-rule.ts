import { expandShorthand } from '../policy/pattern.ts';
import type { ClaimRule } from '../policy/watch.ts';
import type { KeyPath } from './key-path.ts';
import { textsOf } from './pattern-texts.ts';
import type { Platform } from './platforms.ts';

/** What is wrong with one text of a pattern. */
export type Fault = readonly [rule: string, message: string];

/** Claims that stand together in one map, all of which must hold. */
export interface Scope {
  readonly rules: readonly ClaimRule[];
  readonly path: KeyPath;
  readonly place: 'select' | 'expect' | 'allow';
}

/** What stands around a text. */
export interface Context {
  /** The platforms that the watch speaks of. Empty: nothing is known. */
  readonly platforms: ReadonlySet<Platform>;
  /** The issuers beside it vouch for e-mail addresses and nothing else. */
  readonly isMailOnly: boolean;
}

/** Every string that a rule accepts, written out, wildcards and all; null when there are other patterns than strings. */
export function stringsOf(rule: ClaimRule): readonly string[] | null {
  const texts = rule.patterns.flatMap(
    ({ source }) => (Array.isArray(source) ? source : [source]) as readonly unknown[],
  );
  const strings = texts.filter((text): text is string => typeof text === 'string');
  return strings.length === texts.length ? strings.map((text) => expandShorthand(text, rule.claim)) : null;
}

/** Every value that a rule accepts; null when they cannot be listed. */
export function literalsOf(rule: ClaimRule): readonly string[] | null {
  const strings = stringsOf(rule);
  return strings !== null && strings.every((text) => !text.includes('*')) ? strings : null;
}

/** Whether a rule asks only that the claim is there. */
export function isAnyValue({ patterns }: ClaimRule): boolean {
  return patterns
    .flatMap(({ source }) => textsOf(source, []))
    .some(({ text, isRegexp, isNegated }) => !isNegated && isAnything(text, isRegexp));
}

/** Whether a text accepts every value there is, or every one without a slash. */
export function isAnything(text: string, isRegexp: boolean): boolean {
  return isRegexp ? /^\^?\(?\.[*+]\)?\$?$/.test(text) : /^\*+$/.test(text);
}
