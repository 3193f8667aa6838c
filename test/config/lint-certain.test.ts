import { array, assert, constantFrom, oneof, property, record, string, tuple, type Arbitrary } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { addressFaults } from '../../src/config/lint-address.ts';
import { refFaults } from '../../src/config/lint-ref.ts';
import { CLAIMS, COMPUTED_CLAIMS } from '../../src/policy/claims.ts';
import { compilePattern } from '../../src/policy/pattern.ts';
import { createConfigFolder, type ConfigFolder } from './config-folder.ts';
import { rulesOf } from './warnings-of.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
});

afterAll(() => {
  folder.remove();
});

const name = constantFrom('acme', 'Acme', 'widget', 'blob', '.github', 'v1', 'main', 'a-b');
const ref: Arbitrary<string> = tuple(
  constantFrom('refs/heads/', 'refs/tags/', 'refs/pull/'),
  array(name, { minLength: 1, maxLength: 3 }),
).map(([kind, names]) => `${kind}${names.join('/')}`);
const repository = tuple(name, name).map((names) => `https://github.com/${names.join('/')}`);
const workflow = tuple(repository, constantFrom('release.yml', 'sub/x.yaml'), ref).map(
  ([home, file, at]) => `${home}/.github/workflows/${file}@${at}`,
);

/** A pattern made of a value, with parts of it replaced by stars: most of them match it, and many do not. */
function patternOf(value: Arbitrary<string>): Arbitrary<readonly [value: string, pattern: string]> {
  const stars = array(constantFrom('', '', '', '', '*', '**', 'x'), { minLength: 12, maxLength: 12 });
  return tuple(value, stars).map(([text, replacements]) => {
    const parts = text.split(/(?<=[/@.])|(?=[/@.])/);
    return [text, parts.map((part, at) => replacements[at % 12] || part).join('')] as const;
  });
}

describe('what is told to match nothing', () => {
  it.each<[claim: string, values: Arbitrary<string>]>([
    ['builder', workflow],
    ['workflow', workflow],
    ['subject', workflow],
    ['source_repository', repository],
    ['source_owner', name.map((owner) => `https://github.com/${owner}`)],
  ])('matches no %s', (claim, values) => {
    let matching = 0;
    assert(
      property(patternOf(values), ([value, pattern]) => {
        if (compilePattern(pattern, claim).matches(value)) {
          matching += 1;
          expect(addressFaults(claim, pattern).filter(([rule]) => rule !== 'single-star')).toEqual([]);
        }
      }),
      { numRuns: 2000 },
    );
    expect(matching).toBeGreaterThan(100);
  });

  it('matches no ref', () => {
    assert(
      property(patternOf(ref), ([value, pattern]) => {
        if (compilePattern(pattern, 'source_ref').matches(value)) {
          expect(refFaults(pattern)).toEqual([]);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('any configuration that loads', () => {
  const texts = oneof(
    string({ maxLength: 20 }),
    array(
      constantFrom(
        'https://',
        'github.com/',
        'gitlab.com/',
        'acme',
        '/',
        '*',
        '**',
        '@',
        'refs/',
        'tags/',
        '.yml',
        ':',
        '\\',
      ).map(String),
      { maxLength: 8 },
    ).map((parts) => parts.join('')),
  );
  const regexps = array(
    constantFrom('^', '$', '|', '(', ')', '[', ']', '.*', '.', '\\.', '(?i)', 'a', '@', 'github.com', '/'),
    {
      maxLength: 8,
    },
  ).map((parts) => ({ regexp: parts.join('') }));
  const pattern = oneof(
    texts,
    regexps,
    texts.map((not) => ({ not })),
    array(oneof(texts, regexps), { minLength: 1, maxLength: 3 }),
  );
  const claim = constantFrom(...[...CLAIMS].filter((known) => !COMPUTED_CLAIMS.has(known)), 'oid:1.2.3');
  const claims = array(tuple(claim, pattern), { minLength: 1, maxLength: 4 }).map(
    (pairs) => Object.fromEntries(pairs) as object,
  );
  const watch = record({ select: array(claims, { minLength: 1, maxLength: 3 }), expect: claims });

  it('is looked at without a fault of ours, with a place and a remedy for each warning', () => {
    let loaded = 0;
    assert(
      property(watch, (given) => {
        const yaml = JSON.stringify({ version: 1, watches: [{ name: 'w', ...given }] });
        try {
          expect(rulesOf(folder, yaml).filter((rule) => !/^[a-z-]+ \S/.test(rule))).toEqual([]);
          loaded += 1;
        } catch (error) {
          if (!(error instanceof ConfigError)) {
            throw error;
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(loaded).toBeGreaterThan(50);
  });
});
