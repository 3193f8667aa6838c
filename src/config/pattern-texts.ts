import { isPatternSource } from '../policy/pattern.ts';
import type { KeyPath } from './key-path.ts';

/** One string of a pattern: as it is, or as a regular expression. */
export interface PatternText {
  readonly text: string;
  readonly isRegexp: boolean;
  /** It says what must not match. */
  readonly isNegated: boolean;
  readonly path: KeyPath;
}

/** Every string of the pattern that stands at `path`, also inside `not` and lists. */
export function textsOf(source: unknown, path: KeyPath, isNegated = false): readonly PatternText[] {
  if (!isPatternSource(source)) {
    return [];
  }
  if (typeof source === 'string') {
    return [{ text: source, isRegexp: false, isNegated, path }];
  }
  if ('regexp' in source) {
    return [{ text: source.regexp, isRegexp: true, isNegated, path: [...path, 'regexp'] }];
  }
  return 'not' in source
    ? textsOf(source.not, [...path, 'not'], !isNegated)
    : source.flatMap((item, index) => textsOf(item, [...path, index], isNegated));
}
