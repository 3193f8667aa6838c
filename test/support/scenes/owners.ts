import { generateKeyPairSync } from 'node:crypto';
import type { EntrySigner } from '../../../src/demo/entries.ts';
import { fingerprintOf } from '../actors.ts';
import { ACME_ID, runSigner, type GitHubRun } from '../github-run.ts';
import type { LogSite } from '../log-sites.ts';
import type { Scene } from './scene.ts';

const sign = (site: LogSite, run: GitHubRun): readonly Buffer[] => {
  const signer = runSigner(run);
  return [site.entry(signer, JSON.stringify(run)), site.envelope([signer], JSON.stringify(run))];
};

const REGISTERED_ANEW = 'critical unexpected registered source_owner_id,source_repository_id';

/** A repository was deleted, and somebody else registered its name. */
export const REGISTERED: Scene = {
  watches: `
  - name: registered
    select: [{ source_repository: acme/registered }]
    expect:
      builder: acme/registered/.github/workflows/release.yml@refs/tags/v*
      source_repository_id: '777001'
      source_owner: https://github.com/acme
      source_owner_id: '${ACME_ID}'
    severity: critical
`,
  acts: [
    {
      what: 'the repository that it was, under any spelling of its name',
      day: 0,
      entries: (site) =>
        ['acme/registered', 'Acme/Registered'].flatMap((repository) =>
          sign(site, { repository, claims: { source_repository_id: '777001', source_owner_id: ACME_ID } }),
        ),
      told: [],
    },
    {
      what: 'one of the same names and other numbers',
      day: 1,
      entries: (site) =>
        sign(site, {
          repository: 'acme/registered',
          claims: { source_repository_id: '999001', source_owner_id: '999002' },
        }),
      told: [REGISTERED_ANEW],
      alerts: [`${REGISTERED_ANEW} x2`],
    },
  ],
};

const OUR_BUILDER = 'acme/builder/.github/workflows/build.yml@refs/tags/v1';

/** Reusable workflows: who signs is not whose source it is. */
export const BUILDERS: Scene = {
  watches: `
  - name: builders
    select:
      - source_repository: acme/builders
      - subject: https://github.com/acme/builders/**
    expect:
      builder: [acme/builders/.github/workflows/release.yml@refs/tags/v*, ${OUR_BUILDER}]
      workflow: acme/builders/.github/workflows/release.yml@refs/tags/v*
    severity: critical
`,
  acts: [
    {
      what: 'our own builders for our repository, and our reusable one for strangers',
      day: 0,
      entries: (site) => [
        ...sign(site, { repository: 'acme/builders' }),
        ...sign(site, { repository: 'acme/builders', builder: OUR_BUILDER }),
        ...sign(site, { repository: 'stranger/app', builder: OUR_BUILDER }),
        ...sign(site, {
          repository: 'stranger/app',
          builder: 'evil/actions/.github/workflows/release.yml@refs/tags/v1',
        }),
      ],
      told: [],
    },
    {
      what: 'a builder that nobody knows, for our repository',
      day: 0,
      entries: (site) =>
        sign(site, { repository: 'acme/builders', builder: 'evil/actions/.github/workflows/release.yml@refs/tags/v1' }),
      told: ['critical unexpected builders builder'],
      alerts: ['critical unexpected builders builder x2'],
    },
  ],
};

/** Who asks who else uses their builder is told. */
export const BUILDER_USERS: Scene = {
  watches: `
  - name: builder-users
    select: [{ builder: acme/asked/.github/workflows/build.yml@** }]
    expect: { source_repository: acme/* }
`,
  acts: [
    {
      what: 'our reusable builder, used by ourselves and by strangers',
      day: 0,
      entries: (site) =>
        ['acme/user', 'stranger/app'].flatMap((repository) =>
          sign(site, { repository, builder: 'acme/asked/.github/workflows/build.yml@refs/tags/v1' }),
        ),
      told: ['high unexpected builder-users source_repository'],
      alerts: ['high unexpected builder-users source_repository x2'],
    },
  ],
};

const newKey = (): EntrySigner => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [retired, current, foreign] = [newKey(), newKey(), newKey()] as const;

/** A key that was taken out of use signs again. */
export const KEYS: Scene = {
  watches: `
  - name: keys
    select:
      - key: ${fingerprintOf(current)}
      - key: ${fingerprintOf(retired)} # until 2025
    expect: { key: ${fingerprintOf(current)} }
    severity: critical
`,
  acts: [
    {
      what: 'the key that is in use, and one that is nobody’s here',
      day: 0,
      entries: (site) => [site.entry(current), site.envelope([current]), site.entry(foreign)],
      told: [],
    },
    {
      what: 'the retired key',
      day: 0,
      entries: (site) => [site.entry(retired), site.envelope([retired])],
      told: ['critical unexpected keys key'],
      alerts: ['critical unexpected keys key x2'],
    },
  ],
};
