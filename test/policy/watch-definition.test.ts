import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, type PatternSource } from '../../src/policy/pattern.ts';
import { watchDefinition } from '../../src/policy/watch-definition.ts';
import type { ClaimRule, Watch } from '../../src/policy/watch.ts';
import { makeWatch } from '../support/alert-drafts.ts';

const rule = (claim: string, source: PatternSource): ClaimRule => ({
  claim,
  patterns: [compilePattern(source, claim)],
});

const HOUR = 3_600_000;

describe('watchDefinition()', () => {
  it('has the keys of the configuration, and nothing that it leaves out', () => {
    const watch = makeWatch({
      name: 'widget',
      description: null,
      select: [[rule('subject', 'https://github.com/acme/**'), rule('issuer', { regexp: 'https://.*' })]],
      expect: null,
      severity: 'high',
    });
    expect(JSON.parse(watchDefinition(watch))).toEqual({
      name: 'widget',
      select: [{ issuer: { regexp: 'https://.*' }, subject: 'https://github.com/acme/**' }],
      mode: 'enforce',
      severity: 'high',
    });
  });

  it('writes every key as the configuration would', () => {
    const watch = makeWatch({
      name: 'widget',
      description: 'Releases',
      select: [[rule('source_repository', 'acme/widget')]],
      expect: [rule('source_ref', ['refs/tags/v*', { not: 'refs/tags/v0*' }])],
      mode: 'audit',
      severity: 'low',
      notify: ['security'],
      attestations: { kind: 'github', url: 'https://api.github.com', token: 'ghp_secret' },
      firstSeen: ['source_ref', 'builder'],
      burst: { perMs: 90_000, over: 'auto' },
      cadenceMs: 30 * 24 * HOUR,
      artifacts: { follow: true, allow: [[rule('subject', 'https://github.com/downstream/**')]] },
    });
    expect(JSON.parse(watchDefinition(watch))).toEqual({
      name: 'widget',
      description: 'Releases',
      select: [{ source_repository: 'acme/widget' }],
      expect: { source_ref: ['refs/tags/v*', { not: 'refs/tags/v0*' }] },
      mode: 'audit',
      severity: 'low',
      notify: ['security'],
      attestations: { github: true, url: 'https://api.github.com' },
      first_seen: ['builder', 'source_ref'],
      burst: { per: '90s', over: 'auto' },
      cadence: '30d',
      artifacts: { follow: true, allow: [{ subject: 'https://github.com/downstream/**' }] },
    });
    expect(watchDefinition(watch)).not.toContain('ghp_secret');
  });

  it.each<[string, Partial<Watch>, unknown]>([
    [
      'a directory',
      { attestations: { kind: 'directory', path: '/srv/att' } },
      { attestations: { directory: '/srv/att' } },
    ],
    ['nothing may sign', { expect: 'none' }, { expect: 'none' }],
    ['odd milliseconds', { cadenceMs: 60_001 }, { cadence: '60001ms' }],
    ['no cadence at all', { cadenceMs: 0 }, { cadence: '0ms' }],
    ['an empty allowance', { artifacts: { follow: false, allow: [] } }, { artifacts: { follow: false } }],
  ])('writes %s', (_, differing, expected) => {
    expect(JSON.parse(watchDefinition(makeWatch(differing)))).toMatchObject(expected as object);
  });

  it('is the same in whatever order claims are written, and another one for any other text', () => {
    const claims = fc.uniqueArray(fc.constantFrom('issuer', 'subject', 'builder', 'key', '__proto__', 'oid:1.2.3'), {
      minLength: 1,
    });
    fc.assert(
      fc.property(claims, fc.string(), fc.string(), (names, one, other) => {
        const of = (order: readonly string[], text: string): string => {
          const rules = order.map((claim): ClaimRule => ({ claim, patterns: [{ source: text, matches: () => true }] }));
          return watchDefinition(makeWatch({ expect: rules }));
        };
        expect(of(names.toReversed(), one)).toBe(of(names, one));
        expect(of(names, other) === of(names, one)).toBe(one === other);
      }),
    );
  });
});
