import { describe, expect, it } from 'vitest';
import { versionedTag } from '../../src/import/versioned-tag.ts';
import { compileRegexp } from '../../src/policy/pattern.ts';

const accepts = (version: string, tag: string): boolean => {
  const regexp = versionedTag(version);
  return regexp !== null && compileRegexp(regexp)(tag);
};

describe('versionedTag()', () => {
  it.each([
    ['v1', 'v1', true],
    ['v1', 'v1.2', true],
    ['v1', 'v1.2.3-rc.1+build', true],
    ['v1', 'v10', false],
    ['v1', 'v1.x', false],
    ['v1', '1.2.3', false],
    ['v1.2', 'v1.2', true],
    ['v1.2', 'v1.2.9', true],
    ['v1.2', 'v1', false],
    ['v1.0', 'v1', true],
    ['v1.2', 'v1.20.0', false],
    ['v1.2.3', 'v1.2.3', true],
    ['v1.2.3', 'v1.2.3+build', true],
    ['v1.2.3', 'v1.2.3-rc1', false],
    ['v1.2.3', 'v1.2', false],
    ['v1.2.0', 'v1.2', true],
    ['v1.0.0', 'v1', true],
    ['v1.2.3-rc.1', 'v1.2.3-rc.2', true],
    ['v1.2.3-rc1', 'v1.2.3-rc2', false],
    ['v1.2.3-rc1', 'v1.2.3', false],
  ])('%s: %s is %s', (version, tag, expected) => {
    expect(accepts(version, tag)).toBe(expected);
  });

  it.each(['1.2.3', 'v01', 'v1.2.3.4', 'latest', ''])('refuses %s', (version) => {
    expect(versionedTag(version)).toBeNull();
  });
});
