import { compilePattern, type PatternSource } from '../src/policy/pattern.ts';
import type { ClaimRule, Selector, Watch } from '../src/policy/watch.ts';

export function rule(claim: string, source: PatternSource): ClaimRule {
  return { claim, patterns: [compilePattern(source, claim)] };
}

/** A watch of the releases of one repository, or with another `select`. */
export function watchOf(owner: string, select: readonly [Selector, ...Selector[]] = releasesOf(owner)): Watch {
  return {
    name: owner,
    description: null,
    select,
    expect: [rule('source_ref', 'refs/tags/v*')],
    mode: 'enforce',
    severity: 'high',
    notify: null,
    attestations: null,
    firstSeen: [],
    burst: null,
    cadenceMs: null,
    artifacts: null,
  };
}

function releasesOf(owner: string): readonly [Selector, Selector] {
  return [[rule('source_repository', `${owner}/widget`)], [rule('subject', `https://github.com/${owner}/widget/**`)]];
}
