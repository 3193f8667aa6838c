import { certify, forger } from '../actors.ts';
import { githubRun, runSigner, type GitHubRun } from '../github-run.ts';
import type { LogSite } from '../log-sites.ts';
import type { Scene } from './scene.ts';

const OURS: GitHubRun = { repository: 'acme/forged' };

/** Under a certificate that anybody can make for oneself: the log accepts it. */
const forge = (site: LogSite, run: GitHubRun): readonly Buffer[] => {
  const signer = certify(githubRun(run), forger);
  return [site.entry(signer, JSON.stringify(run)), site.envelope([signer], JSON.stringify(run))];
};

/** Somebody certifies to oneself whatever is ours. */
export const FORGED: Scene = {
  watches: `
  - name: forged
    select: [{ source_repository: acme/forged }]
    expect: { source_ref: refs/tags/v*, runner: github-hosted }
    severity: critical
`,
  acts: [
    {
      what: 'a release, and what is forged in the name of others',
      day: 0,
      entries: (site) => [site.entry(runSigner(OURS)), ...forge(site, { repository: 'globex/forged' })],
      told: [],
    },
    {
      what: 'what is forged in our name, whatever it claims, is one quiet alert',
      day: 0,
      entries: (site) => [
        ...forge(site, OURS),
        ...forge(site, { ...OURS, ref: 'refs/heads/evil' }),
        ...forge(site, { ...OURS, claims: { runner: 'self-hosted' } }),
        site.entry(runSigner(OURS), 'a release in between'),
      ],
      told: ['low forged forged'],
      alerts: ['low forged forged x6'],
    },
    {
      what: 'and stays one',
      day: 1,
      entries: (site) => forge(site, { ...OURS, workflow: 'other.yml' }),
      told: [],
      counted: true,
      alerts: ['low forged forged x8'],
    },
  ],
};
