import { runSigner, type GitHubRun } from '../github-run.ts';
import type { LogSite } from '../log-sites.ts';
import { certify } from '../actors.ts';
import type { Scene } from './scene.ts';

const sign = (site: LogSite, run: GitHubRun, artifact = 'the artifact'): Buffer => site.entry(runSigner(run), artifact);

/** A person, by the account that the issuer knows. */
const signedBy = (site: LogSite, mail: string): Buffer =>
  site.entry(
    certify({ subject: mail, notBefore: new Date(), claims: { issuer: 'https://accounts.google.com' } }),
    'the artifact',
  );

const OURS: GitHubRun = { repository: 'acme-tools/artifacts', ref: 'refs/tags/v1.0.0' };

/** Somebody else signs the digest of what is ours. */
export const ARTIFACTS: Scene = {
  watches: `
  - name: artifacts
    select: [{ source_repository: acme-tools/artifacts }]
    expect:
      builder: acme-tools/artifacts/.github/workflows/release.yml@refs/tags/v*
      source_ref: refs/tags/v*
    artifacts:
      follow: true
      allow:
        - { subject: 'https://github.com/downstream/**', issuer: https://token.actions.githubusercontent.com }
        - { subject: packager@distribution.example }
    severity: critical
  - name: artifacts-mirror
    select: [{ source_repository: acme-tools/mirror }]
    expect:
      source_ref: refs/heads/main
`,
  acts: [
    {
      what: 'our release, also a second time, distributions that are listed, and another watch of ours',
      day: 0,
      entries: (site) => [
        sign(site, OURS),
        sign(site, { repository: 'downstream/packages', ref: 'refs/heads/main' }),
        signedBy(site, 'packager@distribution.example'),
        sign(site, { repository: 'acme-tools/mirror', ref: 'refs/heads/main' }),
        sign(site, OURS),
        // What is not ours is no concern of ours, whoever signs it.
        sign(site, { repository: 'globex/mirror' }, 'another artifact'),
        sign(site, { repository: 'acrne-tools/artifacts' }, 'another artifact'),
      ],
      told: [],
    },
    {
      what: 'a stranger, twice',
      day: 0,
      entries: (site) => [sign(site, { repository: 'globex/mirror' }), sign(site, { repository: 'globex/mirror' })],
      told: ['low artifact-resigned artifacts'],
      alerts: ['low artifact-resigned artifacts x2'],
    },
    {
      what: 'two whose name imitates ours, and a distribution that imitates one that is listed',
      day: 0,
      entries: (site) => [
        sign(site, { repository: 'acrne-tools/artifacts' }),
        sign(site, { repository: 'acme-tool5/artifacts' }),
        sign(site, { repository: 'downstream-packages/packages' }),
      ],
      told: ['high artifact-resigned artifacts', 'high artifact-resigned artifacts', 'low artifact-resigned artifacts'],
      alerts: [
        'high artifact-resigned artifacts',
        'high artifact-resigned artifacts',
        'low artifact-resigned artifacts',
        'low artifact-resigned artifacts x2',
      ],
    },
  ],
};
