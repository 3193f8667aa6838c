import { runSigner, type GitHubRun } from '../github-run.ts';
import type { LogSite } from '../log-sites.ts';
import type { Scene } from './scene.ts';

const REPOSITORY = 'acme/branches';

/** Releases at tags and on the branches that are listed. */
export function branchesWatch(...branches: readonly string[]): string {
  const refs = ['refs/tags/v*', ...branches.map((branch) => `refs/heads/${branch}`)];
  const builders = refs.map((ref) => `${REPOSITORY}/.github/workflows/release.yml@${ref}`);
  return `
  - name: branches
    description: Releases of ${REPOSITORY}
    select:
      - source_repository: ${REPOSITORY}
      - subject: https://github.com/${REPOSITORY}/**
    expect:
      issuer: https://token.actions.githubusercontent.com
      builder: [${builders.join(', ')}]
      source_ref: [${refs.join(', ')}]
      trigger: [push, release]
      runner: github-hosted
    severity: critical
`;
}

/** A signature over a blob, and an attestation: by a run of acme/branches. */
export function releasedAt(ref: string, site: LogSite, run: GitHubRun = {}): readonly Buffer[] {
  const signer = runSigner({ repository: REPOSITORY, ref, ...run });
  return [site.entry(signer, `branches ${ref}`), site.envelope([signer], `{"ref":"${ref}"}`)];
}

const SNAPSHOT = 'critical unexpected branches builder,source_ref';

/** A branch with a copy of the release workflow signs, as the worm's did that went through npm. */
export const BRANCHES: Scene = {
  watches: branchesWatch('main', 'trunk', 'release-*', 'backport/*'),
  acts: [
    {
      what: 'tags, the default branch under both its names, release and backport branches that are listed',
      day: 0,
      entries: (site) =>
        ['tags/v1.0.0', 'heads/main', 'heads/trunk', 'heads/release-1', 'heads/backport/v1'].flatMap((ref) =>
          releasedAt(`refs/${ref}`, site),
        ),
      told: [],
    },
    {
      what: 'two branches that nobody listed, among releases',
      day: 0,
      entries: (site) => [
        ...releasedAt('refs/tags/v1.0.1', site),
        ...releasedAt('refs/heads/snapshot-1a2b3c', site),
        ...releasedAt('refs/heads/snapshot-4d5e6f', site),
        ...releasedAt('refs/heads/main', site),
      ],
      told: [SNAPSHOT, SNAPSHOT],
      alerts: [`${SNAPSHOT} x2`, `${SNAPSHOT} x2`],
    },
    {
      what: 'the same branch once more, which was told',
      day: 1,
      entries: (site) => releasedAt('refs/heads/snapshot-1a2b3c', site),
      told: [],
      counted: true,
      alerts: [`${SNAPSHOT} x2`, `${SNAPSHOT} x4`],
    },
  ],
};
