import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generalize } from '../../src/policy/generalize.ts';
import { compilePattern } from '../../src/policy/pattern.ts';

const WORKFLOW = 'https://github.com/acme/widget/.github/workflows/release.yml';

describe('generalize()', () => {
  it.each<readonly [claim: string, value: string, pattern: unknown]>([
    ['source_ref', 'refs/tags/v1.2.3', 'refs/tags/v*'],
    ['source_ref', 'refs/tags/v1', 'refs/tags/v*'],
    ['source_ref', 'refs/tags/V2', 'refs/tags/V*'],
    ['source_ref', 'refs/tags/v1.2.3/arm64', 'refs/tags/v**'],
    ['source_ref', 'refs/tags/cli/v1.2.3', 'refs/tags/cli/v*'],
    ['source_ref', 'refs/tags/@acme/cli@1.2.3', 'refs/tags/@acme/cli@*'],
    ['source_ref', 'refs/tags/release-2026.1', 'refs/tags/release-*'],
    ['source_ref', 'refs/tags/1.2.3', { regexp: 'refs/tags/[0-9][^/]*' }],
    ['source_ref', 'refs/tags/cli/1.2.3', { regexp: 'refs/tags/cli/[0-9][^/]*' }],
    ['source_ref', 'refs/tags/2026/1', { regexp: 'refs/tags/[0-9].*' }],
    ['source_ref', 'refs/tags/nightly', 'refs/tags/nightly'],
    ['source_ref', 'refs/tags/rev1', 'refs/tags/rev1'],
    ['source_ref', 'refs/tags/a*b-1', { regexp: 'refs/tags/a\\*b-[0-9][^/]*' }],
    ['source_ref', 'refs/heads/main', 'refs/heads/main'],
    ['source_ref', 'refs/heads/v1.2.3', 'refs/heads/v1.2.3'],
    ['source_ref', 'refs/heads/*', { regexp: 'refs/heads/\\*' }],
    ['source_ref', 'refs/pull/1/merge', 'refs/pull/1/merge'],
    ['oid:1.3.6.1.4.1.57264.1.6', 'refs/tags/v1', 'refs/tags/v*'],
    ['builder', `${WORKFLOW}@refs/tags/v1.2.3`, 'acme/widget/.github/workflows/release.yml@refs/tags/v*'],
    ['builder', `${WORKFLOW}@refs/heads/main`, 'acme/widget/.github/workflows/release.yml@refs/heads/main'],
    ['builder', `${WORKFLOW}@${'ab'.repeat(20)}`, `acme/widget/.github/workflows/release.yml@${'ab'.repeat(20)}`],
    [
      'builder',
      'https://gitlab.com/acme/w//.gitlab-ci.yml@refs/tags/v1',
      'https://gitlab.com/acme/w//.gitlab-ci.yml@refs/tags/v*',
    ],
    ['builder', 'acme/widget', { regexp: 'acme/widget' }],
    ['subject', `${WORKFLOW}@refs/tags/v1.2.3`, `${WORKFLOW}@refs/tags/v*`],
    ['subject', 'alice@acme.example', 'alice@acme.example'],
    [
      'subject',
      'https://github.com/evil/x@refs/tags/v1@refs/heads/x',
      'https://github.com/evil/x@refs/tags/v1@refs/heads/x',
    ],
    [
      'source_uri',
      'git+https://github.com/acme/widget@refs/tags/v1.0',
      'git+https://github.com/acme/widget@refs/tags/v*',
    ],
    ['source_repository', 'https://github.com/Acme/widget', 'Acme/widget'],
    ['source_owner', 'https://github.com/123', '123'],
    ['source_owner', 'https://gitlab.com/acme', 'https://gitlab.com/acme'],
    ['source_repository_id', '123456', '123456'],
    ['trigger', 'refs/tags/v1', 'refs/tags/v1'],
    ['environment', 'a:b', 'a:b'],
    ['environment', '', ''],
    ['key', 'ab'.repeat(32), 'ab'.repeat(32)],
    ['key', `SHA256:${'A+/b'.repeat(10)}abc`, `SHA256:${'A+/b'.repeat(10)}abc`],
  ])('makes of %s %j the pattern %j', (claim, value, pattern) => {
    expect(generalize(claim, value)).toEqual(pattern);
  });

  it.each(['a\nb', '\u001b[2J', '\u202eabc', 'a\u200bb', 'a\u00a0b', '\ud800', 'x'.repeat(1001)])(
    'makes none of %j',
    (value) => {
      expect(generalize('environment', value)).toBeNull();
    },
  );

  const part = fc.constantFrom(
    ...['refs/tags/', 'refs/heads/', 'v', '1', '.2', '/', '@', '-', '*', '**', 'x', WORKFLOW],
  );
  const value = fc.oneof(
    fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );
  const claim = fc.constantFrom(
    'source_ref',
    'builder',
    'subject',
    'source_repository',
    'source_owner',
    'trigger',
    'key',
  );

  it('makes a pattern that the value meets, whatever the value', () => {
    fc.assert(
      fc.property(claim, value, (name, text) => {
        const source = generalize(name, text);
        return source === null || compilePattern(source, name).matches(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('lets in only versions of the same thing: no branch by a tag, no other workflow, nothing else for what is no ref', () => {
    const widget = fc.constantFrom('source_ref', 'builder', 'subject');
    const kept = fc.nat({ max: 120 });
    fc.assert(
      fc.property(widget, value, value, kept, kept, (name, seen, middle, begin, end) => {
        const other = `${seen.slice(0, begin)}${middle}${seen.slice(Math.max(seen.length - end, 0))}`;
        const source = generalize(name, seen);
        if (source === null || other === seen || !compilePattern(source, name).matches(other)) {
          return true;
        }
        const at = name === 'source_ref' ? 0 : seen.lastIndexOf('@refs/') + 1;
        return seen.startsWith('refs/tags/', at) && other.startsWith(seen.slice(0, at + 'refs/tags/'.length));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes no longer for a long value than for reading it', () => {
    const hostile = `refs/tags/${'-v'.repeat(400)}`;
    expect(generalize('source_ref', hostile)).toBe(hostile);
    expect(generalize('source_ref', `refs/tags/${'-'.repeat(64 * 1024)}1`)).toBeNull();
  });
});
