import { runSigner } from '../github-run.ts';
import type { LogSite } from '../log-sites.ts';
import type { Scene } from './scene.ts';

const watch = (name: string, cadence = ''): string => `
  - name: ${name}
    select: [{ source_repository: acme/${name} }]
    expect: { source_ref: refs/tags/v* }
    severity: high${cadence}
`;

const release = (site: LogSite, name: string, ref = 'refs/tags/v1'): Buffer =>
  site.entry(runSigner({ repository: `acme/${name}`, ref }), `${name} ${ref} ${Date.now()}`);

/** A token is stolen and used past CI: no log holds anything of it, and only the silence speaks. */
export const SILENCE: Scene = {
  watches: [
    watch('punctual', '\n    cadence: 30d'),
    watch('regular', '\n    cadence: 30d'),
    watch('quiet'),
    watch('never-signed'),
  ].join(''),
  acts: [
    {
      what: 'a release of each project, but of one',
      day: 0,
      entries: (site) => ['punctual', 'regular', 'quiet'].map((name) => release(site, name)),
      told: [],
    },
    {
      what: 'all in time',
      day: 29,
      entries: (site) => [release(site, 'regular', 'refs/tags/v2')],
      told: [],
    },
    {
      what: 'a release that was expected, and is not there; what is signed from a branch is none',
      day: 31,
      entries: (site) => [release(site, 'punctual', 'refs/heads/main')],
      told: ['high missing punctual', 'high unexpected punctual source_ref'],
    },
    {
      what: 'the same silence goes on',
      day: 58,
      entries: (site) => [release(site, 'regular', 'refs/tags/v3')],
      told: [],
    },
    {
      what: 'the next release ends it',
      day: 59,
      entries: (site) => [release(site, 'punctual', 'refs/tags/v2')],
      told: [],
      alerts: ['high missing punctual closed', 'high unexpected punctual source_ref'],
    },
    {
      what: 'and then there is another one; what needs no cadence stays silent for ever',
      day: 90,
      entries: (site) => [release(site, 'somebody-else')],
      told: ['high missing punctual', 'high missing regular'],
      alerts: ['high missing punctual x2', 'high missing regular', 'high unexpected punctual source_ref'],
    },
  ],
};
