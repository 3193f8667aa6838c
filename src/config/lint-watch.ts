import { nameOfOid } from '../policy/claims.ts';
import type { ClaimRule, Watch } from '../policy/watch.ts';
import { formatPath, quote, type KeyPath } from './key-path.ts';
import { lintBuilders } from './lint-builder.ts';
import { lintExpect, lintSelectedStatements } from './lint-expect.ts';
import { globFaults } from './lint-glob.ts';
import { adviseIssuer, issuerFaults } from './lint-issuer.ts';
import { adviseIds, lintCtKinds, lintNotInList, lintProof, lintSelectsAll } from './lint-policy.ts';
import { regexpFaults } from './lint-regexp.ts';
import { literalsOf, stringsOf, type Context, type Fault, type Scope } from './lint-rule.ts';
import { areDisjoint, lintTogether } from './lint-together.ts';
import { valueFaults } from './lint-values.ts';
import type { Hint } from './lint.ts';
import { textsOf, type PatternText } from './pattern-texts.ts';
import { areOnly, platformsOf, type Platform } from './platforms.ts';
import type { Surroundings } from './surroundings.ts';

/** Where the issuer stood first: it shows by itself only in the odd certificate that names two. */
const FIRST_ISSUER = 'oid:1.3.6.1.4.1.57264.1.1';

/** Extensions that make no claim. */
const STANDARD_OIDS = ['2.5.29', '1.3.6.1.5.5.7.1', '1.3.6.1.4.1.11129.2.4'];

/** Rules of one watch that can never fire, that accept more than they seem to, or that contradict each other. */
export function lintWatch(watch: Watch, path: KeyPath, surroundings: Surroundings): readonly Hint[] {
  const scopes = scopesOf(watch, path);
  const platforms = platformsOf(scopes.filter(({ place }) => place !== 'allow').flatMap(({ rules }) => rules));
  const builders = lintBuilders(watch, path);
  const texts = scopes.flatMap((scope) =>
    lintScope(scope, scope.place === 'allow' ? platformsOf(scope.rules) : platforms),
  );
  const conflicts = without(lintTogether(watch, path), [...texts, ...builders]);
  return [
    ...texts,
    ...scopes.flatMap((scope) => lintCtKinds(scope, surroundings.ct)),
    ...conflicts,
    ...builders,
    ...without(lintContradictions(watch, path), [...builders, ...conflicts]),
    ...lintProof(watch, [...path, 'expect']),
    ...lintSelectsAll(watch, [...path, 'select'], surroundings.publicLogs),
    ...adviseIssuer(watch, [...path, 'expect'], surroundings.fulcio),
    ...adviseIds(watch, [...path, 'expect'], platforms),
    ...lintSelectedStatements(watch, [...path, 'select']),
    ...lintExpect(watch, [...path, 'expect'], surroundings),
  ];
}

/** The hints but for those at places of which something better is told. */
function without(hints: readonly Hint[], better: readonly Hint[]): readonly Hint[] {
  const told = new Set(better.map(({ path }) => formatPath(path)));
  return hints.filter(({ path }) => !told.has(formatPath(path)));
}

/** The maps of claims of a watch. */
function scopesOf({ select, expect, artifacts }: Watch, path: KeyPath): readonly Scope[] {
  return [
    ...select.map((rules, item): Scope => ({ rules, path: [...path, 'select', item], place: 'select' })),
    ...(expect === null || expect === 'none'
      ? []
      : [{ rules: expect, path: [...path, 'expect'], place: 'expect' } satisfies Scope]),
    ...(artifacts?.allow ?? []).map((rules, item): Scope => ({
      rules,
      path: [...path, 'artifacts', 'allow', item],
      place: 'allow',
    })),
  ];
}

function lintScope(scope: Scope, platforms: ReadonlySet<Platform>): readonly Hint[] {
  const { rules, path } = scope;
  const issuers = rules.filter(({ claim }) => claim === 'issuer');
  const context = { platforms, isMailOnly: areOnly(platformsOf(issuers), ['email']) };
  const texts = rules.flatMap(({ claim, patterns }) =>
    patterns.flatMap(({ source }) =>
      textsOf(source, [...path, claim]).flatMap((text) =>
        faultsOf(claim, text, context).map(([rule, message]) => ({ rule, path: text.path, message })),
      ),
    ),
  );
  return [...texts, ...rules.flatMap(({ claim }) => lintOid(claim, [...path, claim])), ...lintNotInList(scope)];
}

function faultsOf(claim: string, text: PatternText, context: Context): readonly Fault[] {
  return [
    ...(text.isRegexp ? regexpFaults(claim, text, context) : globFaults(claim, text, context)),
    ...(claim === 'issuer' ? issuerFaults(text.text, text.isRegexp) : []),
    ...valueFaults(claim, text, context),
  ];
}

function lintOid(claim: string, path: KeyPath): readonly Hint[] {
  const name = claim === FIRST_ISSUER ? 'issuer' : nameOfOid(claim);
  if (name !== null) {
    const message = `${quote(claim)} is the claim ${quote(name)}: it shows under that name only`;
    return [{ rule: 'never-matches', path, message }];
  }
  const isStandard = STANDARD_OIDS.some((prefix) => claim.startsWith(`oid:${prefix}.`));
  const message = `${quote(claim)} belongs to X.509 itself or to certificate transparency: it makes no claim`;
  return isStandard ? [{ rule: 'never-matches', path, message }] : [];
}

/** Claims of `select` of which `expect` allows no value. */
function lintContradictions({ select, expect }: Watch, path: KeyPath): readonly Hint[] {
  const expected = expect === null || expect === 'none' ? [] : expect;
  return select.flatMap((rules, item) =>
    rules.flatMap((rule) =>
      expected
        .filter((other) => other.claim === rule.claim && contradict(rule, other))
        .map((other) => ({
          rule: 'contradiction',
          path: [...path, 'select', item, rule.claim],
          message: `expect allows none of the values of ${quote(rule.claim)} that are selected here: every such signer will be unexpected${caseHint(rule, other)}`,
        })),
    ),
  );
}

/** SHA-256 of a SubjectPublicKeyInfo: the only name of a raw key or a certificate's. */
const SPKI_DIGEST = /^[0-9a-f]{64}$/;

/** True when no value can meet both rules. */
function contradict(select: ClaimRule, expect: ClaimRule): boolean {
  const [selected, expected] = [literalsOf(select), literalsOf(expect)];
  // Keys of PGP and minisign have several names: who is selected by one may be expected by another.
  if (select.claim === 'key' && ![...(selected ?? []), ...(expected ?? [])].every((key) => SPKI_DIGEST.test(key))) {
    return false;
  }
  const [these, those] = [stringsOf(select), stringsOf(expect)];
  return (
    neverMeet(selected, expect) ||
    neverMeet(expected, select) ||
    (these !== null && those !== null && areDisjoint(these, those))
  );
}

function neverMeet(values: readonly string[] | null, rule: ClaimRule): boolean {
  return values !== null && !values.some((value) => rule.patterns.some((pattern) => pattern.matches(value)));
}

/** Says so where only the case of letters differs. */
function caseHint(select: ClaimRule, expect: ClaimRule): string {
  const [selected, expected] = [literalsOf(select), literalsOf(expect)];
  const folded = new Set(selected?.map((value) => value.toLowerCase()));
  return expected?.some((value) => folded.has(value.toLowerCase())) === true
    ? '; they differ in capitals only, which count here'
    : '';
}
