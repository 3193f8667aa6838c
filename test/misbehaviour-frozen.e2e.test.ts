import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startFakeLog } from './fakes/fake-log.ts';
import { startFakeRekorV1 } from './fakes/fake-rekor-v1.ts';
import { fillers, NOW } from './support/actors.ts';
import { siteV1, siteV2 } from './support/log-sites.ts';
import { misbehaving, outcomeOf, standings } from './support/misbehaviour-outcome.ts';
import { enact, PHASES } from './support/misbehaviour-phases.ts';
import { SuspectStage } from './support/suspect-stage.ts';

// No rows for CT logs: neither RFC 6962 nor c2sp.org/static-ct-api has a way to say that a log has ended.

let stage: SuspectStage;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});

afterEach(async () => {
  await stage.close();
  vi.useRealTimers();
});

describe('a rekor-v2 log that grows although it signed that it had ended', () => {
  it.each(PHASES)('is stopped, told and proven %s', async (phase) => {
    const log = await startFakeLog();
    stage = await SuspectStage.open(siteV2(log));
    const enacted = await enact(stage, 'rekor-v2', phase, {
      ...{ seen: true, signed: true },
      prepare: () => {
        log.freeze();
      },
      misbehave: () => {
        log.heal();
        log.append(fillers(16, 4000));
      },
    });
    const row = { kind: 'frozen-log-grew', severity: 'critical', signed: true } as const;
    const outcome = await outcomeOf(stage, enacted.exit);
    expect(outcome).toEqual(misbehaving(row, phase, enacted));

    // Only an operator lets it go on.
    log.freeze();
    expect(await stage.once()).toBe(1);
    expect(standings(stage)).toEqual({ suspect: outcome.suspect, honest: outcome.honest });
  });
});

// Nobody signs that a shard of Rekor v1 has ended: it has once all of it is verified, and the next one begins behind it.
// So there is no such log at start, nor in the middle of its catch-up.
describe('a rekor-v1 shard that grows although it had ended', () => {
  it('is told and held until it shows its end again, after a restart', async () => {
    const rekor = await startFakeRekorV1();
    // Its first shard, which is the one that is suspected.
    const site = siteV1(rekor);
    stage = await SuspectStage.open(site);
    const [first] = rekor.shards;
    const standing = { state: 'misbehaving', verified: 21, examined: 21 };
    const enacted = await enact(stage, 'rekor-v1', 'after a restart', {
      ...{ seen: true, signed: true },
      prepare: () => {
        rekor.rollOver({ sameKey: true });
        rekor.append(fillers(3, 100));
      },
      misbehave: () => {
        first.append(fillers(2, 200));
      },
    });
    const row = { kind: 'frozen-log-grew', severity: 'critical', signed: false } as const;
    const expected = misbehaving(row, 'after a restart', enacted);
    expect(await outcomeOf(stage, enacted.exit)).toEqual({
      ...expected,
      suspect: standing,
      again: { ...expected.again, suspect: standing },
    });

    first.headSize = () => 21;
    expect(await stage.once()).toBe(0);
    expect(standings(stage)).toMatchObject({ suspect: { ...standing, state: 'frozen' } });
  });
});
