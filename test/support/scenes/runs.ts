import { runSigner, type GitHubRun } from '../github-run.ts';
import type { LogSite } from '../log-sites.ts';
import type { Scene } from './scene.ts';

const sign = (site: LogSite, run: GitHubRun): readonly Buffer[] => {
  const signer = runSigner(run);
  return [site.entry(signer, JSON.stringify(run)), site.envelope([signer], JSON.stringify(run))];
};

const NEW_WORKFLOW = 'high unexpected workflows builder,workflow';

/** In the repository with a policy and in the one without. */
const signBoth = (site: LogSite, run: GitHubRun): readonly Buffer[] =>
  ['acme/workflows', 'acme/observed'].flatMap((repository) =>
    sign(site, { repository, ref: 'refs/heads/main', ...run }),
  );

/** A workflow signs that never did, in a repository with a policy and in one without. */
export const WORKFLOWS: Scene = {
  watches: `
  - name: workflows
    select: [{ source_repository: acme/workflows }]
    expect:
      builder: acme/workflows/.github/workflows/release.yml@refs/heads/main
      workflow: acme/workflows/.github/workflows/release.yml@refs/heads/main
    first_seen: [builder, workflow]
  - name: observed
    description: No policy yet
    select: [{ source_repository: acme/observed }]
    first_seen: [workflow]
    severity: medium
`,
  acts: [
    {
      what: 'the first workflow of each, which is the first that was ever seen',
      day: 0,
      entries: (site) => signBoth(site, {}),
      told: ['high first-seen workflows builder,workflow', 'medium first-seen observed workflow'],
    },
    {
      what: 'the same again',
      day: 1,
      entries: (site) => signBoth(site, { run: 2 }),
      told: [],
    },
    {
      what: 'a new workflow of each',
      day: 1,
      entries: (site) => signBoth(site, { workflow: 'nightly.yml' }),
      told: [NEW_WORKFLOW, 'medium first-seen observed workflow'],
      alerts: [
        'high first-seen workflows builder,workflow',
        `${NEW_WORKFLOW} x2`,
        'medium first-seen observed workflow',
        'medium first-seen observed workflow',
      ],
    },
    {
      what: 'the new ones again',
      day: 2,
      entries: (site) => signBoth(site, { workflow: 'nightly.yml', run: 2 }),
      told: [],
      counted: true,
      alerts: [
        'high first-seen workflows builder,workflow',
        `${NEW_WORKFLOW} x4`,
        'medium first-seen observed workflow',
        'medium first-seen observed workflow',
      ],
    },
  ],
};

/** Runs that were started by what anybody can do. */
export const TRIGGERS: Scene = {
  watches: `
  - name: triggers
    select: [{ source_repository: acme/triggers }]
    expect: { source_ref: refs/tags/v*, trigger: [push, release, workflow_dispatch] }
    severity: critical
  - name: no-dispatch
    select: [{ source_repository: acme/no-dispatch }]
    expect: { source_ref: refs/tags/v*, trigger: [push, release] }
`,
  acts: [
    {
      what: 'what is listed',
      day: 0,
      entries: (site) => [
        ...['push', 'release', 'workflow_dispatch'].flatMap((trigger) =>
          sign(site, { repository: 'acme/triggers', claims: { trigger } }),
        ),
        ...['push', 'release'].flatMap((trigger) =>
          sign(site, { repository: 'acme/no-dispatch', claims: { trigger } }),
        ),
      ],
      told: [],
    },
    ...['pull_request_target', 'issue_comment', 'workflow_run'].map((trigger, place) => ({
      what: trigger,
      day: 0,
      entries: (site: LogSite) => sign(site, { repository: 'acme/triggers', claims: { trigger } }),
      told: ['critical unexpected triggers trigger'],
      alerts: Array.from({ length: place + 1 }, () => 'critical unexpected triggers trigger x2'),
    })),
    {
      what: 'workflow_dispatch where it is not listed',
      day: 0,
      entries: (site) => sign(site, { repository: 'acme/no-dispatch', claims: { trigger: 'workflow_dispatch' } }),
      told: ['high unexpected no-dispatch trigger'],
      alerts: [
        ...Array.from({ length: 3 }, () => 'critical unexpected triggers trigger x2'),
        'high unexpected no-dispatch trigger x2',
      ],
    },
  ],
};

/** A machine that somebody else may hold signs a release. */
export const RUNNERS: Scene = {
  watches: `
  - name: runners
    select: [{ source_repository: acme/runners }]
    expect: { source_ref: refs/tags/v*, runner: github-hosted }
`,
  acts: [
    {
      what: 'machines of GitHub',
      day: 0,
      entries: (site) => sign(site, { repository: 'acme/runners' }),
      told: [],
    },
    {
      what: 'a machine of one’s own',
      day: 0,
      entries: (site) => sign(site, { repository: 'acme/runners', claims: { runner: 'self-hosted' } }),
      told: ['high unexpected runners runner'],
      alerts: ['high unexpected runners runner x2'],
    },
  ],
};

const TAGGED = { repository: 'acme/environments', ref: 'refs/tags/v2.0.0' };

/** Somebody who may push a tag, and may not release. */
export const ENVIRONMENTS: Scene = {
  watches: `
  - name: with-environment
    select: [{ source_repository: acme/environments }]
    expect: { source_ref: refs/tags/v*, environment: release }
    severity: critical
  - name: without-environment
    select: [{ source_repository: acme/environments }]
    expect: { source_ref: refs/tags/v* }
`,
  acts: [
    {
      what: 'ordinary releases',
      day: 0,
      entries: (site) =>
        ['v1.0.0', 'v1.0.1'].flatMap((tag) =>
          sign(site, { ...TAGGED, ref: `refs/tags/${tag}`, claims: { environment: 'release' } }),
        ),
      told: [],
    },
    {
      what: 'a tag at a commit that nobody knows, outside of the environment, and in another one',
      day: 0,
      entries: (site) => [
        ...sign(site, { ...TAGGED, claims: { source_digest: 'f'.repeat(40) } }),
        ...sign(site, { ...TAGGED, claims: { environment: 'staging' } }),
      ],
      told: ['critical unexpected with-environment environment', 'critical unexpected with-environment environment'],
      alerts: [
        'critical unexpected with-environment environment x2',
        'critical unexpected with-environment environment x2',
      ],
    },
  ],
};
