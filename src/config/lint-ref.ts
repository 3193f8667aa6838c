import { form, formsMeet, globForm, REST } from './forms.ts';
import { quote } from './key-path.ts';
import type { Fault } from './lint-rule.ts';
import type { PatternText } from './pattern-texts.ts';
import { WORKFLOW_CLAIMS } from './platforms.ts';

const REFS = ['heads', 'tags', 'pull', 'merge-requests'].map((kind) => form(`refs/${kind}/`, REST));

/** What is wrong with a ref of GitHub or GitLab, which is always whole: `refs/heads/…`, `refs/tags/…`, `refs/pull/…`. */
export function refFaults(text: string): readonly Fault[] {
  const remedy = refRemedy(text);
  return remedy === null ? [] : [['incomplete-ref', `${quote(text)} is no whole ref: write ${remedy}`]];
}

/** What to write instead of a ref, or of a pattern for one, that no whole ref meets; null where one does. */
export function refRemedy(text: string): string | null {
  const accepted = globForm(text);
  if (REFS.some((whole) => formsMeet(accepted, whole))) {
    return null;
  }
  const rest = /^(?:\/?refs?\/)?(heads?|tags?)\/(.+)$/.exec(text);
  if (rest !== null) {
    const [, kind = '', name = ''] = rest;
    return quote(`refs/${kind.startsWith('head') ? 'heads' : 'tags'}/${name}`);
  }
  const name = text.replace(/^\/?refs?\//, '').replace(/^\/+/, '') || '*';
  if (/^\*+$/.test(name)) {
    return '"refs/heads/**" or "refs/tags/**"';
  }
  if (/^v[0-9*]|^[0-9]+\./.test(name)) {
    return quote(`refs/tags/${name}`);
  }
  return /^(?:main|master|develop|trunk)$/.test(name)
    ? quote(`refs/heads/${name}`)
    : `${quote(`refs/heads/${name}`)}, or ${quote(`refs/tags/${name}`)}`;
}

/**
 * "All branches" or "all tags" written with one star, which leaves out those with a slash in their names; behind a `not` it lets them
 * in. What stands after `@` in the address of a workflow is a ref as well.
 */
export function oneStarFaults(claim: string, { text, isRegexp, isNegated }: PatternText): readonly Fault[] {
  if (isRegexp || !(claim === 'source_ref' || WORKFLOW_CLAIMS.has(claim))) {
    return [];
  }
  const ref = claim === 'source_ref' ? text : (/@(.*)$/.exec(text)?.[1] ?? '');
  const kind = /^refs\/(heads|tags)\/\*$/.exec(ref)?.[1];
  if (kind === undefined) {
    return [];
  }
  const [what, example] = kind === 'heads' ? ['branches', 'feature/x'] : ['tags', 'cli/v1'];
  const effect = isNegated ? `is not met by ${what} such as` : `leaves out ${what} such as`;
  const message = `${quote(ref)} ${effect} ${example}: "*" stops at a slash; write "refs/${kind}/**", or { regexp: 'refs/${kind}/[^/]+' } if that is meant`;
  return [['single-star', message]];
}
