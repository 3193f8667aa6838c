import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConfigFolder, type ConfigFolder } from './config-folder.ts';
import { messagesOf, rulesOf, watch } from './warnings-of.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
});

afterAll(() => {
  folder.remove();
});

/** The rules that one pattern of a claim draws; `beside`: claims of the same item. */
function rules(claim: string, pattern: string, beside = ''): string[] {
  return messagesOf(folder, watch(`{ ${claim}: ${pattern}${beside === '' ? '' : `, ${beside}`} }`)).map(
    ([rule]) => rule,
  );
}

const GITHUB = 'issuer: "https://token.actions.githubusercontent.com"';
const SHA = 'a'.repeat(40);

describe('a regular expression', () => {
  it.each<[claim: string, regexp: string, ...rules: string[]]>([
    // As users of rekor-monitor and policy-controller write them.
    ['subject', '.*@acme.com', 'unescaped-dot', 'unanchored-guess'],
    ['subject', '.*@acme\\.com', 'unanchored-guess'],
    ['subject', '(.+)@acme\\.com', 'unanchored-guess'],
    ['subject', '[^@/]+@acme\\.com'],
    ['subject', '[^@/]+@acme.com', 'unescaped-dot'],
    ['subject', '(?i)[^@/]+@acme\\.com'],
    ['key_subject', '.*@acme\\.com'],
    ['subject', '.*acme.*', 'unanchored-guess'],
    ['subject', '^.*acme.*$', 'redundant-anchor', 'unanchored-guess'],
    ['subject', 'https://github.com/acme/.*', 'unescaped-dot'],
    ['issuer', 'https://accounts.google.com(?s:.*)', 'unescaped-dot'],
    ['subject', 'https://github\\.com/acme/.*'],
    ['subject', 'https://github\\.com/acme.*', 'unanchored-guess'],
    ['subject', '.*github.com/acme/.*', 'unescaped-dot', 'unanchored-guess'],
    ['issuer', 'https://token.actions.githubusercontent.com', 'unescaped-dot'],
    ['issuer', 'https://token\\.actions\\.githubusercontent\\.com'],
    ['issuer', 'https://\\Qtoken.actions.githubusercontent.com\\E'],
    ['issuer', '.*', 'selects-all'],
    ['source_ref', '.*release.*'],
    ['trigger', '.*', 'selects-all'],
    ['environment', '.+', 'selects-all'],
    ['run', '.*/acme/.*', 'unanchored-guess'],
    // A version is no host.
    ['source_ref', 'refs/tags/v1.2'],
    ['subject', 'https://github\\.com/acme/widget/\\.github/workflows/release.yml@refs/tags/v1.2'],
    // Anchors.
    ['source_ref', '^refs/tags/v1$', 'redundant-anchor'],
    ['source_ref', '^refs/tags/v1|refs/tags/v2$', 'split-anchors'],
    ['source_ref', '^refs/tags/v1$|^refs/tags/v2$', 'redundant-anchor'],
    ['source_ref', '^(refs/tags/v1|refs/tags/v2)$', 'redundant-anchor'],
    ['source_ref', '^refs/tags/[|$]$', 'redundant-anchor'],
    ['source_ref', '^refs/tags/[]|]$', 'redundant-anchor'],
    ['source_ref', 'refs/tags/a\\|b\\$'],
    ['source_ref', 'refs/(tags|heads)/v1'],
    // What a whole match needs.
    ['subject', 'github\\.com/acme/.*', 'never-matches'],
    ['subject', 'acme/widget/.*', 'never-matches'],
    ['builder', 'acme/widget/.*', 'never-matches'],
    ['subject', 'spiffe://acme/.*'],
    ['builder', 'https://github\\.com/acme/widget/\\.github/workflows/release\\.ya?ml', 'missing-ref'],
    ['builder', 'https://github\\.com/acme/widget/\\.github/workflows/release\\.ya?ml@.*'],
    [
      'builder',
      'https://github\\.com/a/b/\\.github/workflows/x\\.yml@.*|https://github\\.com/a/b/\\.github/workflows/y\\.yml',
    ],
    ['subject', 'https://github\\.com/acme/widget/blob/main/.*', 'blob-subject'],
    ['subject', 'https://github\\.com/acme/blob/\\.github/.*'],
    // Case.
    ['subject', '(?i)https://github\\.com/acme/.*', 'folded-case'],
    ['source_ref', '(?i)refs/heads/main'],
    ['subject', '(?s)https://github\\.com/acme/.*'],
  ])('%s: %s', (claim, regexp, ...expected) => {
    expect(rules(claim, `{ regexp: '${regexp}' }`)).toEqual(expected);
  });

  it('may begin with anything where it says what must not be', () => {
    expect(rules('subject', `[{ not: { regexp: '.*acme.*' } }]`)).toEqual([]);
  });

  it('may end in a mail domain where the issuer vouches for nothing but mail addresses', () => {
    const mail = `{ regexp: '.*@acme\\.com' }`;
    expect(rules('subject', mail, 'issuer: https://accounts.google.com')).toEqual([]);
    expect(
      rules('subject', '"**@acme.com"', 'issuer: [https://accounts.google.com, https://github.com/login/oauth]'),
    ).toEqual([]);
    expect(rules('subject', mail, 'issuer: https://oidc.acme.test')).toEqual(['unanchored-guess']);
  });

  it('is told with its remedy', () => {
    const yaml = watch(`{ subject: { regexp: '.*@acme\\.com' } }`);
    expect(messagesOf(folder, yaml)).toEqual([
      [
        'unanchored-guess',
        'select[0].subject.regexp',
        `".*@acme\\\\.com" also accepts a stranger's workflow whose branch is named so (https://github.com/…@refs/heads/x@acme.com): write "*@acme.com"`,
      ],
    ]);
  });
});

describe('a string pattern of an address', () => {
  it.each<[claim: string, pattern: string, ...rules: string[]]>([
    ['subject', '*@acme.com'],
    ['subject', '**@acme.com', 'unanchored-guess'],
    ['subject', '**/acme/widget/**', 'unanchored-guess'],
    ['builder', '**/.github/workflows/release.yml@refs/tags/v*', 'unanchored-guess'],
    ['builder', '**@refs/tags/v*'],
    // Stars and slashes.
    ['subject', 'https://github.com/acme/*', 'single-star'],
    ['subject', 'https://github.com/acme/widget/*', 'single-star'],
    ['subject', 'https://github.com/acme/widget/.github/workflows/*', 'single-star'],
    ['builder', 'acme/widget/.github/workflows/release.yml@*', 'single-star'],
    ['builder', 'acme/widget/.github/workflows/release.yml*', 'single-star'],
    ['builder', 'acme/widget/.github/workflows/release.yml@refs/heads/*', 'single-star'],
    ['builder', 'acme/widget/.github/workflows/release.yml@refs/tags/*', 'single-star'],
    ['builder', 'acme/widget/.github/workflows/release.yml@refs/tags/v*'],
    ['builder', 'acme/widget/.github/workflows/release.yml@**'],
    ['builder', 'acme/widget/**'],
    ['builder', 'acme/*/.github/workflows/*@refs/heads/main'],
    ['builder', 'Acme/Widget/.github/workflows/release.yml@refs/pull/7/merge'],
    ['builder', `acme/widget/.github/workflows/release.yml@${SHA}`],
    ['builder', 'acme/widget/.github/workflows/release.yml@aaaaaaa*'],
    ['workflow', `acme/widget/.github/workflows/release.yml@${SHA}`, 'incomplete-ref'],
    ['workflow', 'acme/widget/dynamic/pages/pages-build-deployment@refs/heads/main'],
    // Refs.
    ['builder', 'acme/widget/.github/workflows/release.yml', 'missing-ref'],
    ['workflow', 'acme/*/.github/workflows/release.yaml', 'missing-ref'],
    ['subject', 'https://github.com/acme/widget/.github/workflows/release.yml', 'missing-ref'],
    ['builder', 'acme/widget/.github/workflows/release.yml@v1.2.3', 'incomplete-ref'],
    ['builder', 'acme/widget/.github/workflows/release.yml@main', 'incomplete-ref'],
    ['builder', 'acme/widget/.github/workflows/release.yml@tags/v1', 'incomplete-ref'],
    ['subject', 'https://github.com/acme/widget/.github/workflows/release.yml@refs/tag/v1', 'incomplete-ref'],
    // No workflow at all.
    ['builder', 'release.yml', 'never-matches'],
    ['builder', '.github/workflows/release.yml@refs/tags/v*', 'never-matches'],
    ['workflow', 'Release build', 'never-matches'],
    ['builder', 'acme/widget', 'never-matches'],
    ['builder', 'acme/widget/release.yml@refs/tags/v*', 'never-matches'],
    ['builder', 'https://github.com/actions/runner/github-hosted', 'never-matches'],
    ['slsa_builder', 'https://github.com/actions/runner/github-hosted', 'attestation-unseen'],
    ['slsa_builder', 'https://github.com/Attestations/GitHubHostedActions@v1', 'attestation-unseen'],
    // Pages.
    ['subject', 'https://github.com/acme/widget/blob/main/.github/workflows/x.yml@refs/heads/main', 'blob-subject'],
    ['subject', 'https://github.com/acme/widget/tree/main/**', 'page-address'],
    ['builder', 'https://github.com/acme/widget/actions/runs/1', 'page-address'],
    ['builder', 'acme/widget/blob/main/.github/workflows/x.yml', 'page-address'],
    ['source_repository', 'https://github.com/acme/widget/tree/main', 'page-address'],
    ['subject', 'https://github.com/acme/blob/**'],
    ['subject', 'https://github.com/acme/widget/.github/workflows/x.yml@refs/heads/blob/x'],
    ['run', 'https://github.com/acme/widget/actions/runs/1/attempts/1'],
    ['run', 'https://github.com/acme/widget/actions/runs/1', 'never-matches'],
    ['run', 'https://github.com/acme/widget/**'],
    // GitLab.
    ['subject', 'https://gitlab.com/acme/widget//.gitlab-ci.yml@refs/heads/main'],
    ['subject', 'https://gitlab.com/acme/widget//.gitlab-ci.yml', 'missing-ref'],
    ['subject', 'https://gitlab.com/acme/**'],
    ['source_repository', 'https://gitlab.com/acme/group/widget'],
    ['subject', 'https://gitlab.acme.test/acme/widget'],
    ['subject', 'https://buildkite.com/acme/widget'],
    // Repositories and owners.
    ['source_repository', 'acme/widget'],
    ['source_repository', 'acme/*'],
    ['source_repository', 'acme/**'],
    ['source_repository', 'https://github.com/**'],
    ['source_repository', 'acme/widget/**', 'never-matches'],
    ['source_repository', 'acme/widget.git', 'never-matches'],
    ['source_repository', 'https://github.com/acme', 'never-matches'],
    ['source_repository', 'http://github.com/acme/widget', 'never-matches'],
    ['source_repository', 'git+https://github.com/acme/widget', 'never-matches'],
    ['source_repository', '"git@github.com:acme/widget.git"', 'never-matches'],
    ['source_repository', 'https://www.github.com/acme/widget', 'never-matches'],
    ['source_uri', 'git+https://github.com/acme/widget', 'attestation-unseen'],
    ['source_owner', 'acme'],
    ['source_owner', 'acme-*'],
    ['source_owner', 'acme/widget', 'never-matches'],
    ['source_owner', 'https://github.com/acme/', 'never-matches'],
    // Subjects as other tools print them.
    ['subject', '"URI:https://github.com/acme/widget/**"', 'never-matches'],
    ['subject', '"email:a@acme.com"', 'never-matches'],
    ['subject', '"mailto:a@acme.com"', 'never-matches'],
    ['subject', '"repo:acme/widget:ref:refs/heads/main"', 'never-matches'],
    ['subject', 'github.com/acme/widget/**', 'never-matches'],
    ['subject', 'https://kubernetes.io/namespaces/build/serviceaccounts/signer'],
    // Digests.
    ['source_digest', SHA],
    ['source_digest', 'abc1234', 'never-matches'],
    ['source_digest', 'abc1234*'],
  ])('%s: %s', (claim, pattern, ...expected) => {
    expect(rules(claim, pattern.startsWith('"') ? pattern : `"${pattern}"`)).toEqual(expected);
  });

  it.each([
    ['acme/widget/.github/workflows/release.yml@v1.2', 'after "@" write "refs/tags/v1.2"'],
    ['acme/widget/.github/workflows/release.yml@main', 'after "@" write "refs/heads/main"'],
    ['acme/widget/.github/workflows/release.yml@next', 'after "@" write "refs/heads/next", or "refs/tags/next"'],
    ['acme/widget/.github/workflows/release.yml@refs/tag/v*', 'after "@" write "refs/tags/v*"'],
    ['acme/widget/.github/workflows/release.yml@ref/heads/a/b', 'after "@" write "refs/heads/a/b"'],
  ])('builder: %s: what to write instead', (builder, remedy) => {
    expect(messagesOf(folder, watch(`{ builder: ${builder} }`))[0]?.[2]).toContain(remedy);
  });
});

describe('values of GitHub and GitLab', () => {
  it.each<[claim: string, pattern: string, ...rules: string[]]>([
    ['source_ref', 'v*', 'incomplete-ref'],
    ['source_ref', 'main', 'incomplete-ref'],
    ['source_ref', 'tags/v1', 'incomplete-ref'],
    ['source_ref', 'refs/tag/v1', 'incomplete-ref'],
    ['source_ref', '[refs/tags/v*, refs/head/main]', 'incomplete-ref'],
    ['source_ref', '"refs/*"', 'incomplete-ref'],
    ['source_ref', '"refs/**"'],
    ['source_ref', '"**/main"'],
    ['source_ref', 'refs/heads/main'],
    ['source_ref', 'refs/pull/7/merge'],
    ['source_ref', 'refs/tags/cli/v*'],
    ['source_ref', 'refs/tags/*', 'single-star'],
    ['source_ref', '{ not: refs/heads/* }', 'single-star'],
    ['source_ref', 'refs/heads/release/*'],
    ['source_ref', `{ regexp: 'refs/heads/[^/]+' }`],
    ['source_ref', `{ regexp: 'v\\d+.*' }`, 'incomplete-ref'],
    ['source_ref', `{ regexp: 'main' }`, 'incomplete-ref'],
    ['source_ref', `{ regexp: 'refs/tags/v.*' }`],
    ['runner', 'github-hosted'],
    ['runner', '[github-hosted, self-hosted]'],
    ['runner', 'ubuntu-latest', 'never-matches'],
    ['runner', 'gitlab-hosted', 'never-matches'],
    ['runner', '{ not: self_hosted }', 'never-matches'],
    ['runner', '"*-hosted"'],
    ['trigger', '[push, release, workflow_dispatch, schedule, merge_group]'],
    ['trigger', 'pull-request', 'unknown-trigger'],
    ['trigger', 'workflow_call', 'unknown-trigger'],
    ['trigger', '{ not: [pull_request_targt] }', 'unknown-trigger'],
    ['trigger', '"pull_request*"'],
    ['visibility', 'public'],
    ['visibility', 'Public', 'never-matches'],
    ['source_repository_id', '"123456"'],
    ['source_repository_id', 'acme/widget', 'never-matches'],
    ['source_owner_id', 'acme', 'never-matches'],
    ['source_owner_id', '{ not: "123" }'],
  ])('%s: %s', (claim, pattern, ...expected) => {
    expect(rules(claim, pattern, GITHUB)).toEqual(expected);
  });

  it('are known by addresses too, where no issuer is named', () => {
    expect(rules('source_ref', 'v*', 'source_repository: acme/widget')).toEqual(['incomplete-ref']);
    expect(rules('runner', 'linux', 'subject: "https://gitlab.com/acme/**"')).toEqual(['never-matches']);
    expect(rules('runner', 'gitlab-hosted', 'issuer: https://gitlab.com')).toEqual([]);
    expect(rules('trigger', 'web', 'issuer: https://gitlab.com')).toEqual([]);
  });

  it.each(['https://oidc.codefresh.io', 'https://oidc.circleci.com/org/x', 'https://gitlab.acme.test', '"**"'])(
    'are not asked of %s',
    (issuer) => {
      const beside = `issuer: ${issuer}, source_repository: acme/widget`;
      expect(
        ['source_ref: main', 'runner: linux', 'trigger: web', 'source_owner_id: x'].map((claim) =>
          rules(claim.split(': ')[0] ?? '', claim.split(': ')[1] ?? '', beside),
        ),
      ).toEqual([[], [], [], []]);
    },
  );

  it('leaves the addresses of repositories to the platform', () => {
    expect(rules('source_repository', 'github.com/acme/widget', 'issuer: https://oidc.circleci.com/org/x')).toEqual([]);
    expect(rules('source_repository', 'github.com/acme/widget', GITHUB)).toEqual(['never-matches']);
  });

  it('names the event that was meant', () => {
    const messages = (trigger: string): unknown =>
      messagesOf(folder, watch(`{ ${GITHUB}, trigger: ${trigger} }`)).map(([, , message]) => message);
    expect(messages('pull_requst_target')).toEqual([
      'no workflow is started by "pull_requst_target"; did you mean "pull_request_target"?',
    ]);
    expect(messages('tag')).toEqual(['no workflow is started by "tag"; write push']);
  });
});

describe('an issuer', () => {
  it.each<[issuer: string, ...rules: string[]]>([
    ['https://token.actions.githubusercontent.com'],
    ['https://token.actions.githubusercontent.com/acme'],
    ['https://token.actions.githubusercontent.com/', 'misspelt-issuer'],
    ['http://token.actions.githubusercontent.com', 'misspelt-issuer'],
    ['token.actions.githubusercontent.com', 'misspelt-issuer'],
    ['https://token.action.githubusercontent.com', 'misspelt-issuer'],
    ['https://actions.githubusercontent.com', 'misspelt-issuer'],
    ['https://github.com', 'misspelt-issuer'],
    ['https://github.com/login/oauth'],
    ['https://accounts.google.com/', 'misspelt-issuer'],
    ['https://gitlab.com/', 'misspelt-issuer'],
    ['https://gitlab.com'],
    ['https://gitea.com'],
    ['https://oidc.acme.test/'],
    ['http://oidc.local:8080'],
    ['https://westeurope.oic.prod-aks.azure.com/1/2/'],
    ['https://*.oic.prod-aks.azure.com/**'],
    ['https://oauth2.sigstore.dev/auth', 'never-matches'],
  ])('%s', (issuer, ...expected) => {
    expect(rules('issuer', `"${issuer}"`)).toEqual(expected);
  });

  it.each<[issuer: string, ...rules: string[]]>([
    ['https://token\\.actions\\.githubusercontent\\.com/', 'misspelt-issuer'],
    ['https://token\\.actions\\.githubusercontent\\.com/?'],
    ['https://token\\.actions\\.githubusercontent\\.com/acme'],
    ['https://.*'],
    ['token\\.actions\\.githubusercontent\\.com', 'misspelt-issuer'],
  ])('{ regexp: %s }', (issuer, ...expected) => {
    expect(rules('issuer', `{ regexp: '${issuer}' }`)).toEqual(expected);
  });
});

describe('artifacts.allow', () => {
  it('is looked at like select', () => {
    const yaml = watch(
      '{ key: k }',
      'kind: dsse',
      '  artifacts: { follow: true, allow: [{ subject: acme/widget, source_ref: main }, { issuer: https://gitlab.com/ }] }',
    );
    expect(rulesOf(folder, yaml)).toEqual([
      'never-matches artifacts.allow[0].subject',
      'misspelt-issuer artifacts.allow[1].issuer',
    ]);
  });
});
