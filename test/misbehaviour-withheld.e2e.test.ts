import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fillers, NOW } from './support/actors.ts';
import { misbehaving, outcomeOf, standings, type Outcome } from './support/misbehaviour-outcome.ts';
import { EVERY, growHonest, isBundled, isTold, look, middleOf, type Phase } from './support/misbehaviour-phases.ts';
import { SuspectStage } from './support/suspect-stage.ts';
import { until } from './support/until.ts';

const MINUTE = 60_000;

let stage: SuspectStage;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});

afterEach(async () => {
  await stage.close();
  vi.useRealTimers();
});

describe.each(EVERY)('a %s log that withholds an entry for longer than stale_after', (name, start) => {
  beforeEach(async () => {
    // Of a CT log, whose merge delay is a day, it would be that else.
    stage = await SuspectStage.open(await start(), { suspect: { stale_after: '1h' } });
  });

  it('is told at start, and stepped over', async () => {
    stage.suspect.append(fillers(300));
    stage.suspect.withhold(7);
    expect(await stage.once()).toBe(3);
    expect(standings(stage)).toMatchObject({ suspect: { state: 'unreachable', verified: null } });
    outlast();
    const exit = await stage.once();
    await expectToldAndFilled('at start', exit, isBundled(name) ? [0, 256] : [7, 8]);
  });

  it('is told in mid-catch-up, and stepped over', async () => {
    const { verified, examined, size, missing } = middleOf(name);
    stage.suspect.append(fillers(verified));
    expect(await stage.once()).toBe(0);
    stage.suspect.append(fillers(size - verified, verified));
    stage.suspect.withhold(missing);
    const daemon = stage.start();
    // Noted as missing: from then on the hour counts.
    await until(
      'it waits there',
      () => look(stage)?.state === 'unreachable' && look(stage)?.examined_size === examined,
    );
    outlast();
    await until('it was told', () => isTold(stage));
    await until('it went on', () => look(stage)?.verified_size === stage.suspect.size);
    await until('the honest log went on', () => look(stage, stage.honest)?.verified_size === stage.honest.size);
    await expectToldAndFilled('in mid-catch-up', await daemon.stop(), isBundled(name) ? [256, 512] : [33, 34]);
  });

  it('is told after a restart, and stepped over', async () => {
    stage.suspect.append(fillers(256));
    expect(await stage.once()).toBe(0);
    stage.suspect.append(fillers(344, 256));
    stage.suspect.withhold(280);
    expect(await stage.once()).toBe(3);
    expect(standings(stage)).toMatchObject({ suspect: { state: 'unreachable', verified: 256 } });
    outlast();
    const exit = await stage.once();
    await expectToldAndFilled('after a restart', exit, isBundled(name) ? [256, 512] : [280, 281]);
  });
});

/** An hour goes by, and more, in which both logs grow. */
function outlast(): void {
  stage.suspect.append(fillers(1, 5000));
  growHonest(stage);
  pass(61);
}

function pass(minutes: number): void {
  vi.setSystemTime(Date.now() + minutes * MINUTE);
  stage.suspect.timeIs(new Date());
}

async function expectToldAndFilled(phase: Phase, exit: Outcome['exit'], [from, to]: readonly [number, number]) {
  const { origin, size } = stage.suspect;
  const suspect = { state: 'verified', verified: size, examined: size };
  const row = { kind: 'entries-withheld', severity: 'high', signed: false } as const;
  const expected = misbehaving(row, phase, { exit, held: { verified: size, examined: size } });
  const [alert] = expected.alerts;
  expect(await outcomeOf(stage, exit)).toEqual({
    ...expected,
    // What goes on is told of once, and not counted at each poll.
    alerts: [{ ...alert, occurrences: 1 }],
    suspect,
    again: { ...expected.again, exit: 0, repeats: 0, suspect },
  });
  expect((await stage.status()).gaps).toEqual([{ log: origin, from, to, reason: 'withheld' }]);

  stage.suspect.heal();
  pass(2);
  expect(await stage.once()).toBe(0);
  expect((await stage.status()).gaps).toEqual([]);
  expect((await stage.alerts()).map(({ kind, state }) => `${kind} ${state}`)).toEqual(['entries-withheld closed']);
}
