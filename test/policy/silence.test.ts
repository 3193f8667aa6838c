import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silenceOf } from '../../src/policy/silence.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-21T12:00:00Z');

/** A silence that began `silent` days ago, with every log verified up to `behind` days ago. */
const after = (silent: number, behind = 0, cadence = 30) =>
  silenceOf({
    cadenceMs: cadence * DAY,
    from: NOW - silent * DAY,
    verifiedTo: behind === Infinity ? null : NOW - behind * DAY,
    now: NOW,
  });

describe('silenceOf()', () => {
  it.each([
    ['is quiet before the cadence is over', after(29.9), 'quiet', 29.9],
    ['is missing from then on', after(30), 'missing', 30],
    ['is held while a log is not verified so far', after(31, 2), 'held', 29],
    ['is missing where a log lags, but was verified so far', after(33, 2), 'missing', 31],
    ['is held by a log that was never verified', after(400, Infinity), 'held', 0],
    ['is held by a log that was verified before it began', after(31, 40), 'held', 0],
    ['is quiet in a log that was never verified, before the cadence is over', after(3, Infinity), 'quiet', 0],
    ['is quiet when it begins in the future: the clock was set back', after(-400), 'quiet', 0],
    ['counts no time that has not come: a log was verified by a clock that ran ahead', after(3, -400), 'quiet', 3],
  ] as const)('%s', (_, silence, state, days) => {
    expect(silence).toMatchObject({ state, silentMs: days * DAY });
  });

  it('says when something is missing', () => {
    expect(after(31, 2).dueAt).toBe(NOW - DAY);
    expect(after(-400).dueAt).toBe(NOW + 430 * DAY);
  });

  const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
  const awaited = fc.record({
    cadenceMs: fc.integer({ min: 1, max: 3650 * DAY }),
    from: time,
    verifiedTo: fc.option(time),
    now: time,
  });

  it('tells nothing that not every log shows, and nothing before its time', () => {
    fc.assert(
      fc.property(awaited, (given) => {
        const { state, silentMs, dueAt } = silenceOf(given);
        const upTo = Math.min(given.verifiedTo ?? -Infinity, given.now);
        expect(state === 'missing').toBe(upTo >= given.from + given.cadenceMs);
        expect(state === 'quiet').toBe(given.now < dueAt);
        expect(silentMs).toBeGreaterThanOrEqual(0);
        expect(silentMs).toBeLessThanOrEqual(Math.max(given.now - given.from, 0));
      }),
    );
  });

  it('goes on to be missing however far more is verified, until something later is expected', () => {
    fc.assert(
      fc.property(awaited, fc.nat(), fc.nat(), (given, later, verified) => {
        const { verifiedTo } = given;
        fc.pre(silenceOf(given).state === 'missing' && verifiedTo !== null);
        const then = { ...given, now: given.now + later, verifiedTo: verifiedTo + verified };
        expect(silenceOf(then).state).toBe('missing');
        expect(silenceOf({ ...then, from: then.now }).state).toBe('quiet');
      }),
    );
  });
});
