import { NOW } from '../actors.ts';
import { runSigner } from '../github-run.ts';
import type { LogSite } from '../log-sites.ts';
import { DAY_MS, type Act, type Scene } from './scene.ts';

const MINUTE_MS = 60_000;

const watch = (name: string, burst: string): string => `
  - name: ${name}
    select: [{ source_repository: acme/${name} }]
    expect:
      issuer: https://token.actions.githubusercontent.com
      builder: acme/${name}/.github/workflows/release.yml@refs/heads/main
      source_ref: refs/heads/main
      trigger: push
    burst: ${burst}
    severity: high
`;

/** A run that signs so many packages, evenly over some minutes. */
interface Release {
  readonly day: number;
  readonly packages: number;
  readonly minutes?: number;
  readonly run?: number;
}

/** What such a run of `acme/NAME` logs. */
function release(name: string, site: LogSite, { day, packages, minutes = 6, run = day }: Release): readonly Buffer[] {
  const first = NOW.getTime() + day * DAY_MS;
  return Array.from({ length: packages }, (_, place) => {
    const at = new Date(first + Math.floor((place * minutes * MINUTE_MS) / packages));
    // Each job has a certificate of its own.
    const signer = runSigner({ repository: `acme/${name}`, ref: 'refs/heads/main', at, run: 9000 + run });
    return site.entry(signer, `${name} ${run} ${place}`);
  });
}

/** Days of the weeks before: a release each week, and a patch behind every other. */
const WEEKS = Array.from({ length: 6 }, (_, week) => 7 * (week - 6));

/** A router: up to four packages a release. A monorepo: thirty in each run. A project with three. */
const PAST = (site: LogSite): readonly Buffer[] =>
  WEEKS.flatMap((day, week) => [
    ...release('router', site, { day, packages: 2 + (week % 3) }),
    ...(week % 2 === 0 ? release('router', site, { day: day + 2, packages: 1 }) : []),
    ...release('monorepo', site, { day, packages: 30 }),
    ...release('slow', site, { day, packages: 3, minutes: 3 }),
  ]);

const ATTACK: Act = {
  what: '84 packages within six minutes, by two runs of the real pipeline, and a monorepo as ever',
  day: 1,
  entries: (site) => [
    ...release('monorepo', site, { day: 0, packages: 34 }),
    ...release('router', site, { day: 0, packages: 42, run: 1 }),
    ...release('router', site, { day: 0, packages: 42, run: 2 }),
  ],
  told: ['high burst router'],
  // Those above the limit.
  alerts: ['high burst router x74'],
};

/** The real pipeline is driven by somebody else: nothing is wrong in any certificate. */
export const BURSTS: Scene = {
  watches: ['router', 'monorepo', 'slow'].map((name) => watch(name, '{ per: 10m, over: auto }')).join(''),
  acts: [
    { what: 'weeks of releases', day: 0, entries: PAST, told: [] },
    ATTACK,
    {
      what: 'what goes on with the same burst is counted',
      day: 1,
      entries: (site) => release('router', site, { day: 0, packages: 2, run: 3 }),
      told: [],
      counted: true,
      alerts: ['high burst router x76'],
    },
    {
      what: 'usual releases, the week after',
      day: 8,
      entries: (site) => [
        ...release('monorepo', site, { day: 7, packages: 28 }),
        ...release('router', site, { day: 7, packages: 4 }),
        ...release('slow', site, { day: 7, packages: 3 }),
      ],
      told: [],
      alerts: ['high burst router x76'],
    },
    {
      what: 'one run that signs thirty over five hours: never many at a time, and too many for a run',
      day: 9,
      entries: (site) => release('slow', site, { day: 8, packages: 30, minutes: 300 }),
      told: ['high burst slow'],
      alerts: ['high burst router x76', 'high burst slow x20'],
    },
  ],
};

/** The same, held against a number. */
export const COUNTED: Scene = {
  watches: watch('counted', '{ per: 10m, over: 50 }'),
  acts: [
    { what: 'a monorepo', day: 0, entries: (site) => release('counted', site, { day: -1, packages: 50 }), told: [] },
    {
      what: 'one more than there may be',
      day: 1,
      entries: (site) => release('counted', site, { day: 0, packages: 51 }),
      told: ['high burst counted'],
    },
  ],
};
