import { compilePattern } from '../policy/pattern.ts';
import { quote } from './key-path.ts';
import { refFaults } from './lint-ref.ts';
import type { Context, Fault } from './lint-rule.ts';
import { nearest } from './nearest.ts';
import type { PatternText } from './pattern-texts.ts';
import { areOnly } from './platforms.ts';

/** Events that start a workflow (GitHub's documentation, "Events that trigger workflows"). A reusable workflow has that of its caller. */
const GITHUB_EVENTS = [
  ...['branch_protection_rule', 'check_run', 'check_suite', 'create', 'delete', 'deployment', 'deployment_status'],
  ...['discussion', 'discussion_comment', 'dynamic', 'fork', 'gollum', 'image_version', 'issue_comment', 'issues'],
  ...['label', 'merge_group', 'milestone', 'page_build', 'project', 'project_card', 'project_column', 'public'],
  ...['pull_request', 'pull_request_review', 'pull_request_review_comment', 'pull_request_target', 'push'],
  ...['registry_package', 'release', 'repository_dispatch', 'schedule', 'status', 'watch', 'workflow_dispatch'],
  'workflow_run',
];

/** What people write for an event whose name is quite another. */
const MEANT_EVENTS: Readonly<Record<string, string>> = {
  tag: 'push',
  tags: 'push',
  commit: 'push',
  manual: 'workflow_dispatch',
  cron: 'schedule',
  scheduled: 'schedule',
  workflow_call: 'push, or whatever started the workflow that called it',
};

const RUNNERS = { github: ['github-hosted', 'self-hosted'], gitlab: ['gitlab-hosted', 'self-hosted'] };
const VISIBILITIES = ['public', 'private', 'internal'];

/** Values that a claim never has in certificates for GitHub Actions and GitLab; nothing is said where others may sign too. */
export function valueFaults(claim: string, pattern: PatternText, { platforms }: Context): readonly Fault[] {
  if (!areOnly(platforms, ['github', 'gitlab'])) {
    return [];
  }
  const { text, isRegexp } = pattern;
  switch (claim) {
    case 'source_ref':
      return isRegexp ? regexpRefFaults(text) : refFaults(text);
    case 'runner': {
      const runners = (['github', 'gitlab'] as const)
        .filter((name) => platforms.has(name))
        .flatMap((name) => RUNNERS[name]);
      return noneOf(claim, pattern, [...new Set(runners)]);
    }
    case 'visibility':
      return noneOf(claim, pattern, VISIBILITIES);
    case 'trigger':
      return platforms.has('gitlab') ? [] : eventFaults(claim, pattern);
    case 'source_repository_id':
    case 'source_owner_id':
      return isRegexp || /^[0-9*]+$/.test(text)
        ? []
        : [['never-matches', `${quote(text)} is no id: ids are numbers, as the API of the platform shows them`]];
    default:
      return [];
  }
}

function noneOf(claim: string, pattern: PatternText, values: readonly string[]): readonly Fault[] {
  return meetsOne(claim, pattern, values)
    ? []
    : [['never-matches', `${quote(claim)} is never ${quote(pattern.text)}; expected ${values.join(', ')}`]];
}

function eventFaults(claim: string, pattern: PatternText): readonly Fault[] {
  if (meetsOne(claim, pattern, GITHUB_EVENTS)) {
    return [];
  }
  const meant = MEANT_EVENTS[pattern.text.toLowerCase()];
  const remedy = meant === undefined ? nearest(pattern.text, GITHUB_EVENTS) : `; write ${meant}`;
  return [['unknown-trigger', `no workflow is started by ${quote(pattern.text)}${remedy}`]];
}

function meetsOne(claim: string, { text, isRegexp }: PatternText, values: readonly string[]): boolean {
  const pattern = compilePattern(isRegexp ? { regexp: text } : text, claim);
  return values.some((value) => pattern.matches(value));
}

/** Of a regular expression only what is plain at its beginning can be told. */
function regexpRefFaults(text: string): readonly Fault[] {
  const name = /^\^?(v|main|master|tags|heads)(?=[\\/.[(*+?$]|$)/.exec(text)?.[1];
  return name === undefined
    ? []
    : [
        [
          'incomplete-ref',
          `${quote(text)} is no whole ref: a regexp has to match from the first letter on; begin with refs/tags/ or refs/heads/`,
        ],
      ];
}
