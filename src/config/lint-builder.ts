import { textsOf } from './pattern-texts.ts';
import { expandShorthand } from '../policy/pattern.ts';
import type { ClaimRule, Watch } from '../policy/watch.ts';
import type { KeyPath } from './key-path.ts';
import { stringsOf } from './lint-rule.ts';
import type { Hint } from './lint.ts';
import { GITHUB, unescape } from './platforms.ts';

/** Repositories whose reusable workflows everybody may call: what they sign is of whoever called them. */
const PUBLIC_BUILDERS = [
  'slsa-framework/slsa-github-generator',
  'slsa-framework/source-actions',
  'bazel-contrib/.github',
  'bazel-contrib/publish-to-bcr',
];

/** Claims by which a signer of a public builder is ours. */
const NARROWING: ReadonlySet<string> = new Set([
  ...['source_repository', 'source_repository_id', 'source_owner', 'source_owner_id', 'source_digest', 'source_uri'],
  ...['workflow', 'workflow_digest', 'run', 'token_subject', 'artifact', 'key', 'subject_name', 'source_sha'],
]);

/** The old extensions that say for which repository, commit or workflow. */
const OLD_SOURCE = /^oid:1\.3\.6\.1\.4\.1\.57264\.1\.[3-6]$/;

/** A builder taken for the source of what it builds, or for the workflow that called it; and strangers who call the same builder. */
export function lintBuilders(watch: Watch, path: KeyPath): readonly Hint[] {
  const { select, expect } = watch;
  const expected = expect === null || expect === 'none' ? [] : expect;
  const scopes = [
    ...select.map((rules, item) => ({ rules, at: [...path, 'select', item] as KeyPath })),
    { rules: expected, at: [...path, 'expect'] as KeyPath },
  ];
  const everything = scopes.flatMap(({ rules }) => rules);
  return [
    ...scopes.flatMap(({ rules, at }) =>
      rules.flatMap((rule) => builderAsSource(rule, [...at, rule.claim], everything)),
    ),
    ...scopes.flatMap(({ rules, at }) => rules.flatMap((rule) => builderAsWorkflow(rule, [...at, rule.claim]))),
    ...select.flatMap((rules, item) => strangers(rules, [...path, 'select', item])),
  ];
}

/** `source_repository` names a public builder, while another claim names an owner of ours. */
function builderAsSource(rule: ClaimRule, path: KeyPath, all: readonly ClaimRule[]): readonly Hint[] {
  const builder = rule.claim === 'source_repository' ? builderOf(rule) : null;
  if (builder === null) {
    return [];
  }
  const owner = `${GITHUB}${builder.slice(0, builder.indexOf('/'))}`.toLowerCase();
  const isForeign = all
    .filter(
      (other) => other !== rule && ['source_repository', 'source_owner', 'workflow', 'subject'].includes(other.claim),
    )
    .some((other) =>
      (stringsOf(other) ?? []).some(
        (text) => /^https:\/\/github\.com\/[^*/]/i.test(text) && !`${text}/`.toLowerCase().startsWith(`${owner}/`),
      ),
    );
  const message = `${builder} is where the builder comes from, which is the claim builder; source_repository is the repository that was built: write yours`;
  return isForeign ? [{ rule: 'builder-as-source', path, message }] : [];
}

/** `workflow` names a reusable workflow: that is never what was started. */
function builderAsWorkflow({ claim, patterns }: ClaimRule, path: KeyPath): readonly Hint[] {
  if (claim !== 'workflow') {
    return [];
  }
  return patterns
    .flatMap(({ source }) => textsOf(source, path))
    .filter(({ text, isRegexp }) => {
      const full = isRegexp ? unescape(text) : expandShorthand(text, claim);
      return /github\.com\/slsa-framework\/slsa-github-generator\/\.github\/workflows\/(?:generator|builder|delegator)_/i.test(
        full,
      );
    })
    .map(({ path: place }) => ({
      rule: 'builder-as-workflow',
      path: place,
      message:
        'a reusable workflow is the builder, and never the workflow that was started: write it under builder, and under workflow the one of yours that calls it',
    }));
}

function strangers(rules: readonly ClaimRule[], path: KeyPath): readonly Hint[] {
  const rule = rules.find(({ claim }) => claim === 'builder' || claim === 'subject');
  const builder = rule === undefined ? null : builderOf(rule);
  if (
    rule === undefined ||
    builder === null ||
    rules.some(({ claim }) => NARROWING.has(claim) || OLD_SOURCE.test(claim))
  ) {
    return [];
  }
  const message = `everybody may call the workflows of ${builder}: this selects what strangers build as well; add source_repository or source_owner to the item`;
  return [{ rule: 'strangers-selected', path: [...path, rule.claim], message }];
}

/** The public builder from which all that a rule accepts comes; null when there is none. */
function builderOf(rule: ClaimRule): string | null {
  const strings = stringsOf(rule);
  return (
    PUBLIC_BUILDERS.find((builder) => {
      const home = `${GITHUB}${builder}/`.toLowerCase();
      return strings?.every((text) => `${text}/`.toLowerCase().startsWith(home)) === true;
    }) ?? null
  );
}
