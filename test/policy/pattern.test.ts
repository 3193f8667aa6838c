import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, expandShorthand, isPatternSource, type PatternSource } from '../../src/policy/pattern.ts';
import { referenceMatch } from './reference-match.ts';

const REPO = 'https://github.com/acme/widget';

describe('compilePattern()', () => {
  it.each<[source: PatternSource, claim: string, value: string, expected: boolean]>([
    // Exact.
    ['refs/heads/main', 'source_ref', 'refs/heads/main', true],
    ['refs/heads/main', 'source_ref', 'refs/heads/main ', false],
    ['refs/heads/main', 'source_ref', 'refs/heads/Main', false],
    ['refs/heads/main', 'source_ref', 'xrefs/heads/main', false],
    ['', 'environment', '', true],
    ['', 'environment', 'x', false],
    ['a.c', 'trigger', 'abc', false],
    ['a+(b)[c]{d}^$|\\', 'trigger', 'a+(b)[c]{d}^$|\\', true],
    // One star stays inside a segment.
    ['refs/tags/v*', 'source_ref', 'refs/tags/v1.2.3', true],
    ['refs/tags/v*', 'source_ref', 'refs/tags/v', true],
    ['refs/tags/v*', 'source_ref', 'refs/tags/v1/x', false],
    ['refs/*/v*', 'source_ref', 'refs/tags/v1', true],
    ['a.*', 'source_ref', 'abc', false],
    ['*', 'trigger', '', true],
    ['*', 'trigger', 'a\nb', true],
    ['*', 'trigger', 'a/b', false],
    // Two stars cross everything.
    [`${REPO}/**`, 'subject', `${REPO}/.github/workflows/release.yml@refs/tags/v1`, true],
    [`${REPO}/**`, 'subject', REPO, false],
    [`${REPO}/**`, 'subject', `${REPO}-evil/x`, false],
    [`${REPO}/**`, 'subject', `${REPO}/\nx\u2028\u0000\ud800`, true],
    ['**', 'subject', '', true],
    ['https://g**', 'subject', 'https://GitHub.com/x', true],
    ['HTTPS://github.com/acme/**', 'subject', `${REPO}/x`, false],
    ['https://github.com/ACME/Wid***', 'subject', `${REPO}/x`, true],
    [`${REPO}/.github/**`, 'subject', `${REPO}/.GitHub/x`, false],
    ['https://gitlab.com/ACME/**', 'subject', 'https://gitlab.com/acme/x', false],
    ['**/x', 'subject', 'a/b\n/x', true],
    ['a***b', 'subject', 'a/x/b', true],
    ['**@refs/tags/*', 'builder', `${REPO}/x.yml@refs/tags/v1`, true],
    // Short for a URL of GitHub.
    ['acme/widget', 'source_repository', REPO, true],
    ['acme/widget', 'source_repository', 'acme/widget', false],
    ['acme/*-widget', 'source_repository', 'https://github.com/acme/big-widget', true],
    ['*/widget', 'source_repository', REPO, true],
    [
      'acme/widget/.github/workflows/r.yml@refs/tags/v*',
      'builder',
      `${REPO}/.github/workflows/r.yml@refs/tags/v1`,
      true,
    ],
    [
      'acme/widget/.github/workflows/r.yml@refs/tags/v*',
      'builder',
      `${REPO}/.github/workflows/r.yml@refs/heads/v1`,
      false,
    ],
    ['acme/widget/.github/workflows/r.yml@x', 'workflow', `${REPO}/.github/workflows/r.yml@x`, true],
    ['acme', 'source_owner', 'https://github.com/acme', true],
    ['acme', 'source_repository', 'https://github.com/acme', false],
    [{ not: 'acme/widget' }, 'source_repository', REPO, false],
    [['x/y', 'acme/widget'], 'source_repository', REPO, true],
    ['acme/widget', 'subject', REPO, false],
    ['acme/widget', 'oid:1.3.6.1.4.1.57264.1.5', 'acme/widget', true],
    [{ regexp: 'acme/widget' }, 'source_repository', REPO, false],
    ['**/widget', 'source_repository', REPO, true],
    ['gitlab.com/acme/widget', 'source_repository', 'https://github.com/gitlab.com/acme/widget', false],
    // Host, owner and repository of GitHub compare without regard to case; nothing else does.
    ['Acme/Widget', 'source_repository', REPO, true],
    ['acme/widget', 'source_repository', 'https://GitHub.com/ACME/wiDget', true],
    ['acme/widget', 'source_repository', 'HTTPS://github.com/acme/widget', false],
    ['https://github.com/Acme/Widget/**', 'subject', `${REPO}/.github/x`, true],
    ['acme/widget/.github/workflows/r.yml@v1', 'builder', `${REPO}/.github/workflows/R.yml@v1`, false],
    ['acme/widget/.github/workflows/*.yml@v1', 'builder', `${REPO}/.github/workflows/r.YML@v1`, false],
    ['Acme/*/x', 'workflow', `${REPO}/x`, true],
    ['Acme/*/x', 'workflow', `${REPO}/X`, false],
    ['https://*/Acme/Widget', 'source_repository', REPO, true],
    ['https://*/Acme/Widget', 'source_repository', 'https://gitlab.com/acme/widget', false],
    ['https://gitlab.com/Acme/Widget', 'source_repository', 'https://gitlab.com/acme/widget', false],
    ['https://github.com/Acme**', 'subject', `${REPO}/x`, true],
    ['https://github.com/**/Widget', 'subject', REPO, false],
    ['https://github.com/**/Widget', 'subject', 'https://github.com/acme/Widget', true],
    ['https://github.com/**/Widget', 'subject', 'https://GITHUB.com/acme/Widget', true],
    ['https://github.com.evil/acme', 'subject', 'https://github.com.evil/Acme', false],
    ['kite/S', 'source_repository', 'https://github.com/\u212aite/s', false],
    ['k*/s', 'source_repository', 'https://github.com/\u212aite/s', false],
    ['k*/s', 'source_repository', 'https://github.com/kite/\u017f', false],
    ['https://github.com/\u00c4/x', 'subject', 'https://github.com/\u00e4/x', false],
    // The builder of an attestation is a workflow.
    [
      'Slsa-Framework/slsa-github-generator/.github/workflows/*.yml@refs/tags/v*',
      'slsa_builder',
      'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/x.yml@refs/tags/v2.1.0',
      true,
    ],
    ['https://tekton.dev/chains/v2', 'slsa_builder', 'https://tekton.dev/chains/v2', true],
    ['https://tekton.dev/chains/v2', 'slsa_builder', 'https://tekton.dev/Chains/v2', false],
    ['acme/widget', 'source_uri', REPO, false],
    // Fingerprints as tools print them; those of SSH are base64.
    ['AB:CD:0E', 'key', 'abcd0e', true],
    ['ABCD  0EF1\n2', 'key', 'abcd0ef12', true],
    ['AB*0E', 'key', 'abcd0e', true],
    [{ not: ['AB:CD'] }, 'key', 'abcd', false],
    ['SHA256:ABcd+/e', 'key', 'SHA256:ABcd+/e', true],
    ['SHA256:ABcd+/e', 'key', 'sha256:abcd+/e', false],
    ['SHA256:AB*', 'key', 'SHA256:ABcd+e', true],
    ['AB:CD', 'artifact', 'abcd', false],
    [{ regexp: 'AB' }, 'key', 'ab', false],
    // Regular expressions are anchored and fold nothing.
    [{ regexp: 'v\\d+' }, 'source_ref', 'v12', true],
    [{ regexp: 'v\\d+' }, 'source_ref', 'v12x', false],
    [{ regexp: 'v\\d+' }, 'source_ref', 'xv12', false],
    [{ regexp: 'a|ab' }, 'source_ref', 'ab', true],
    [{ regexp: 'a$' }, 'source_ref', 'a\n', false],
    [{ regexp: 'https://github\\.com/Acme/.*' }, 'subject', `${REPO}/x`, false],
    [{ regexp: '(?i)https://github\\.com/Acme/.*' }, 'subject', `${REPO}/x`, true],
    // Negations and lists.
    [{ not: 'push' }, 'trigger', 'push', false],
    [{ not: 'push' }, 'trigger', 'release', true],
    [{ not: ['push', { regexp: 're.*' }] }, 'trigger', 'release', false],
    [{ not: { not: 'push' } }, 'trigger', 'push', true],
    [['push', { not: 'release' }], 'trigger', 'schedule', true],
  ])('matches %j of %s against %j: %s', (source, claim, value, expected) => {
    const pattern = compilePattern(source, claim);
    expect({ source: pattern.source, matches: pattern.matches(value) }).toEqual({ source, matches: expected });
  });

  it.each<[source: PatternSource, message: string]>([
    [{ regexp: '(' }, 'Cannot compile regexp "(": missing closing ): `(`; expected RE2 syntax'],
    [
      { regexp: 'a(?=b)' },
      'Cannot compile regexp "a(?=b)": invalid or unsupported Perl syntax: `(?=`; expected RE2 syntax',
    ],
    [{ regexp: '(a)\\1' }, 'Cannot compile regexp "(a)\\1": invalid escape sequence: `\\1`; expected RE2 syntax'],
    [{ not: ['x', { regexp: '[' }] }, 'Cannot compile regexp "[": missing closing ]: `[`; expected RE2 syntax'],
    ['x'.repeat(4097), `Cannot compile pattern "${'x'.repeat(100)}…": it has 4097 characters, expected at most 4096`],
  ])('refuses %j', (source, message) => {
    expect(() => compilePattern(source, 'subject')).toThrow(new SyntaxError(message));
  });

  it('agrees with the definition of a pattern, letter by letter', () => {
    const piece = fc.constantFrom('a', 'A', 'b', '/', '*', '**', '.', '@', '\n');
    const tail = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const start = fc.constantFrom(
      '',
      'https://github.com/',
      'https://GitHub.com/',
      'https://*/',
      'https://git**/',
      'https://',
    );
    const host = fc.constantFrom('', 'https://github.com/', 'https://GITHUB.com/', 'https://gitlab.com/', 'https://');
    const letters = fc.array(fc.constantFrom('a', 'A', 'b', 'B', '/', '.', '@', '\n'), { maxLength: 8 });
    fc.assert(
      fc.property(fc.tuple(start, tail), fc.tuple(host, letters), ([head, rest], [from, value]) => {
        const pattern = head + rest;
        const text = from + value.join('');
        expect(compilePattern(pattern, 'subject').matches(text)).toBe(referenceMatch(pattern, text));
      }),
      { numRuns: 5000 },
    );
  });

  it('agrees with the definition where the value was made from the pattern', () => {
    const piece = fc.constantFrom('ab', 'Cd', '/', '*', '**');
    const filled = fc.array(fc.tuple(piece, fc.constantFrom('', 'x', 'x/Y', 'zz'), fc.boolean()), { maxLength: 7 });
    fc.assert(
      fc.property(filled, (parts) => {
        const pattern = `https://github.com/${parts.map(([text]) => text).join('')}`;
        const value = parts.map(([text, filler, upper]) => fill(text, filler, upper)).join('');
        const url = `https://github.com/${value}`;
        expect(compilePattern(pattern, 'subject').matches(url)).toBe(referenceMatch(pattern, url));
      }),
      { numRuns: 3000 },
    );
  });

  it.each<[source: PatternSource]>([
    ['**a**b**c**d**e'],
    ['https://github.com/**a*a*a*a*a*b'],
    ['*a*a*a*a*a*a*a*b'],
    [{ regexp: '(a*)*b' }],
    [{ regexp: '((\\w+/?)+)+y' }],
    [{ regexp: '(a|aa)+b' }],
    [{ regexp: '.*[a-m].{30}x' }],
    [{ not: { regexp: '(x+x+)+y' } }],
  ])('answers for %j over hostile values of 64 KB and more', (source) => {
    const pattern = compilePattern(source, 'subject');
    const hostile = [
      'a'.repeat(65_536),
      `https://github.com/${'a/'.repeat(50_000)}`,
      'x'.repeat(100_000),
      '\ud800'.repeat(65_536),
    ];
    // With backtracking any of these would take longer than the universe has.
    expect(hostile.map((value) => pattern.matches(value))).toEqual(hostile.map(() => isNegation(source)));
  });
});

describe('expandShorthand()', () => {
  it.each([
    ['acme/widget', 'builder', REPO],
    ['acme/widget', 'run', 'acme/widget'],
    ['acme', 'source_owner', 'https://github.com/acme'],
    ['acme_corp', 'source_owner', 'https://github.com/acme_corp'],
    ['https://gitlab.com/a/b', 'builder', 'https://gitlab.com/a/b'],
    ['gitlab.com/a/b', 'builder', 'gitlab.com/a/b'],
    ['**', 'source_owner', '**'],
    ['**/x', 'builder', '**/x'],
    ['', 'source_owner', ''],
    ['/x', 'builder', '/x'],
    ['acme/widget/x.yml@y', 'slsa_builder', `${REPO}/x.yml@y`],
    ['AB:cd *', 'key', 'abcd*'],
    ['', 'key', ''],
    ['SHA256:Ab', 'key', 'SHA256:Ab'],
  ])('makes of %j in %s: %s', (text, claim, expected) => {
    expect(expandShorthand(text, claim)).toBe(expected);
  });
});

describe('isPatternSource()', () => {
  it.each([
    ['x', true],
    [{ regexp: 'x' }, true],
    [{ not: ['x', { not: 'y' }] }, true],
    [[], false],
    [null, false],
    [{ regexp: 1 }, false],
    [{}, false],
    [['x', 1], false],
  ])('says of %j: %s', (source, expected) => {
    expect(isPatternSource(source)).toBe(expected);
  });
});

function fill(text: string, filler: string, upper: boolean): string {
  const plain = text === '*' ? filler.replaceAll('/', '') : text === '**' ? filler : text;
  return upper ? plain.toUpperCase() : plain;
}

function isNegation(source: PatternSource): boolean {
  return typeof source === 'object' && 'not' in source;
}
