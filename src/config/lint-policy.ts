import { COMPUTED_CLAIMS, isCertificateClaim, LIST_CLAIMS } from '../policy/claims.ts';
import type { ClaimRule, Selector, Watch } from '../policy/watch.ts';
import { quote, type KeyPath } from './key-path.ts';
import { isAnyValue, literalsOf, stringsOf, type Scope } from './lint-rule.ts';
import type { Hint } from './lint.ts';
import { areOnly, type Platform } from './platforms.ts';

/** A list in which one pattern says what must not match: any of a list will do, so that the others mean nothing. */
export function lintNotInList({ rules, path }: Scope): readonly Hint[] {
  return rules
    .filter(({ patterns }) => patterns.some(({ source }) => isListWithNot(source)))
    .map(({ claim }) => ({
      rule: 'not-in-list',
      path: [...path, claim],
      message:
        'any pattern of a list will do, so that { not: … } alone lets in all but what it names: write { not: [a, b] }, or only what may be there',
    }));
}

function isListWithNot(source: unknown): boolean {
  return (
    Array.isArray(source) &&
    source.length > 1 &&
    source.some((item: unknown) => typeof item === 'object' && item !== null && 'not' in item)
  );
}

/** An `expect` that every signer meets whom `select` lets in, or nearly every one. */
export function lintProof({ select, expect }: Watch, path: KeyPath): readonly Hint[] {
  if (expect === null || expect === 'none') {
    return [];
  }
  if (expect.every((rule) => isOnlyNot(rule))) {
    const message = 'expect only says what must not be: whatever else signs is expected; say who may';
    return [{ rule: 'proves-nothing', path, message }];
  }
  if (expect.every((rule) => isDemanded(rule, select) || (OF_ALL.has(rule.claim) && isAnyValue(rule)))) {
    const message =
      'every signer that is selected meets expect: it asks for nothing that select does not; say what must hold besides';
    return [{ rule: 'proves-nothing', path, message }];
  }
  return [];
}

/** Claims that every certificate has, and every entry. */
const OF_ALL: ReadonlySet<string> = new Set(['issuer', 'subject', 'kind']);

/** What is computed has few values: to rule one out says enough. */
function isOnlyNot({ claim, patterns }: ClaimRule): boolean {
  if (COMPUTED_CLAIMS.has(claim)) {
    return false;
  }
  return patterns.every(({ source }) => typeof source === 'object' && source !== null && 'not' in source);
}

/** Whether each item of `select` lets in only what the rule accepts. Of a list of values `select` asks for one and `expect` for all. */
function isDemanded(rule: ClaimRule, select: readonly Selector[]): boolean {
  return select.every((rules) =>
    rules.some((selected) => {
      if (selected.claim !== rule.claim || (LIST_CLAIMS.has(rule.claim) && rule.claim !== 'subject')) {
        return false;
      }
      const same =
        JSON.stringify(selected.patterns.map(({ source }) => source)) ===
        JSON.stringify(rule.patterns.map(({ source }) => source));
      const values = literalsOf(selected);
      return same || values?.every((value) => rule.patterns.some((pattern) => pattern.matches(value))) === true;
    }),
  );
}

/** An item that lets in whatever is in a public log. */
export function lintSelectsAll({ select }: Watch, path: KeyPath, readsPublicLogs: boolean): readonly Hint[] {
  return select.flatMap((rules, item) =>
    readsPublicLogs && rules.every((rule) => isAnyValue(rule))
      ? [
          {
            rule: 'selects-all',
            path: [...path, item],
            message: 'this selects the signatures of everybody in the public logs: name what is yours',
          },
        ]
      : [],
  );
}

/** Claims that name one workflow: whoever writes them says exactly who may sign. */
const EXACT = ['builder', 'workflow'];
const IDS = ['source_repository_id', 'source_owner_id'];

/** A policy for one repository of GitHub that would hold for another of the same name. One hint for each watch. */
export function adviseIds({ select, expect }: Watch, path: KeyPath, platforms: ReadonlySet<Platform>): readonly Hint[] {
  // Others, too, build what lies on GitHub, and know no ids.
  if (
    !areOnly(platforms, ['github']) ||
    expect === null ||
    expect === 'none' ||
    !expect.some(({ claim }) => EXACT.includes(claim))
  ) {
    return [];
  }
  const isPinned = (rules: readonly ClaimRule[]): boolean =>
    rules.some((rule) => IDS.includes(rule.claim) && !isAnyValue(rule));
  const repository = [...expect, ...select.flat()].find(
    (rule) => rule.claim === 'source_repository' && stringsOf(rule)?.every(isOneRepository) === true,
  );
  if (repository === undefined || isPinned(expect) || select.every(isPinned)) {
    return [];
  }
  const name = quote((stringsOf(repository)?.[0] ?? '').replace(/^https:\/\/github\.com\//i, ''));
  const message = `names are given away when a repository is deleted or renamed: add source_repository_id, which \`gh api repos/OWNER/REPO --jq .id\` shows for ${name}, or source_owner_id`;
  return [{ rule: 'advice-id', path, message }];
}

function isOneRepository(text: string): boolean {
  return /^https:\/\/github\.com\/[^*/]+\/[^*/]+$/i.test(text);
}

/** Kinds of entries of CT logs, where none is followed. */
export function lintCtKinds({ rules, path, place }: Scope, readsCt: boolean): readonly Hint[] {
  return rules
    .filter((rule) => place === 'select' && rule.claim === 'kind' && !readsCt)
    .filter((rule) => literalsOf(rule)?.every((kind) => kind === 'certificate' || kind === 'precertificate') === true)
    .map(({ claim }) => ({
      rule: 'never-matches',
      path: [...path, claim],
      message:
        'only CT logs hold certificates as such, and none is followed: write "ct: true" under logs, or another kind',
    }));
}

/** Whether any rule is about certificates. */
export function isAboutCertificates(rules: readonly ClaimRule[]): boolean {
  return rules.some(({ claim }) => isCertificateClaim(claim));
}
