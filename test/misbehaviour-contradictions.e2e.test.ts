import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MisbehaviourKind } from '../src/log/log.ts';
import { sha256 } from '../src/tlog/hash.ts';
import { fillers, NOW } from './support/actors.ts';
import type { LogSite } from './support/log-sites.ts';
import { misbehaving, outcomeOf, standings } from './support/misbehaviour-outcome.ts';
import { enact, EVERY, PHASES, type SiteName } from './support/misbehaviour-phases.ts';
import { SuspectStage } from './support/suspect-stage.ts';

const ANOTHER_ROOT = sha256(Buffer.from('another history'));

/** Two notes, both signed by the log, of which only one can be true. */
const CONTRADICTIONS: readonly (readonly [what: string, kind: MisbehaviourKind, misbehave: (site: LogSite) => void])[] =
  [
    [
      'another history of the same size',
      'fork',
      (site) => {
        site.fork(5);
      },
    ],
    [
      'another root of the same size that no entries make',
      'fork',
      (site) => {
        site.signHead(site.size, ANOTHER_ROOT);
      },
    ],
    [
      'a larger tree of another history',
      'fork',
      (site) => {
        site.fork(site.size - 4);
        site.append(fillers(16, site.size));
      },
    ],
    [
      'a smaller tree that is no prefix',
      'rollback',
      (site) => {
        site.signHead(site.size - 4, ANOTHER_ROOT);
      },
    ],
  ];

/** What it is while the log signs nothing else: Rekor v1 signs its true root with each entry. */
const AT_FIRST: Readonly<Record<SiteName, { kind: MisbehaviourKind; signed: boolean }>> = {
  'rekor-v2': { kind: 'entry-mismatch', signed: false },
  'rekor-v1': { kind: 'fork', signed: true },
  'static-ct': { kind: 'entry-mismatch', signed: false },
  rfc6962: { kind: 'entry-mismatch', signed: false },
};

let stage: SuspectStage;

beforeEach(() => {
  // Nothing is due by the clock: what is told at once did not wait.
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});

afterEach(async () => {
  await stage.close();
  vi.useRealTimers();
});

describe.each(EVERY)('a %s log that signs', (name, start) => {
  describe.each(CONTRADICTIONS)('%s', (_what, kind, misbehave) => {
    it.each(PHASES)('is stopped, told and proven %s', async (phase) => {
      stage = await SuspectStage.open(await start());
      const enacted = await enact(stage, name, phase, { seen: true, signed: true, misbehave });
      const outcome = await outcomeOf(stage, enacted.exit);
      expect(outcome).toEqual(misbehaving({ kind, severity: 'critical', signed: true }, phase, enacted));

      // Only an operator lets it go on, whatever it shows now.
      stage.suspect.heal();
      stage.suspect.append(fillers(3, 1000));
      expect(await stage.once()).toBe(1);
      expect(standings(stage)).toEqual({ suspect: outcome.suspect, honest: outcome.honest });
    });
  });
});

describe.each(EVERY)('a %s log that signs a root that no entries make', (name, start) => {
  it.each(PHASES)('is told and held, and stopped once it signs the true one, %s', async (phase) => {
    stage = await SuspectStage.open(await start());
    const enacted = await enact(stage, name, phase, {
      seen: false,
      signed: true,
      misbehave: (site, read) => {
        site.append(fillers(5, 2000 + read));
        site.signHead(site.size, ANOTHER_ROOT);
      },
    });
    const outcome = await outcomeOf(stage, enacted.exit);
    expect(outcome).toEqual(misbehaving({ ...AT_FIRST[name], severity: 'critical' }, phase, enacted));

    stage.suspect.heal();
    expect(await stage.once()).toBe(1);
    const fork = (await stage.alerts()).find(({ kind }) => kind === 'fork');
    expect(fork).toMatchObject({ occurrences: 1, state: 'open', severity: 'critical' });
    expect((await stage.verify(await stage.evidence(fork?.id ?? ''))).status).toBe(0);
    expect(standings(stage)).toEqual({ suspect: outcome.suspect, honest: outcome.honest });
  });
});
