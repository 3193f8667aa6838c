import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/lib/clock.ts';
import { createRateLimit } from '../../src/log/rate-limit.ts';

const never = new AbortController().signal;
const MINUTE = 60_000;

/** Time passes by sleeping, and as it is told to. */
class SleepingClock implements Clock {
  time = 1_000_000;

  now(): Date {
    return new Date(this.time);
  }

  async sleep(ms: number): Promise<void> {
    this.time += ms;
  }
}

/** When each of `count` requests in a row went. */
async function send(limit: ReturnType<typeof createRateLimit>, clock: SleepingClock, count: number): Promise<number[]> {
  const sent: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    await limit.turn(never);
    sent.push(clock.time);
  }
  return sent;
}

/** The most requests in any window of a minute. */
function mostInAMinute(sent: readonly number[]): number {
  return Math.max(...sent.map((from) => sent.filter((time) => time >= from && time < from + MINUTE).length));
}

describe('createRateLimit()', () => {
  it.each([1, 2, 60, 300, 900])('lets no more than %i requests go in any minute, and nearly so many', async (rate) => {
    const clock = new SleepingClock();
    const most = mostInAMinute(await send(createRateLimit(rate, clock), clock, 2 * rate + 10));
    expect(most).toBeLessThanOrEqual(rate);
    expect(most).toBeGreaterThanOrEqual(Math.floor(0.98 * rate));
  });

  it('lets no more go in any minute however requests come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 500 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 1, max: 40 })), { maxLength: 30 }),
        async (rate, groups) => {
          const clock = new SleepingClock();
          const limit = createRateLimit(rate, clock);
          const sent: number[] = [0];
          for (const [pause, count] of groups) {
            clock.time += pause;
            sent.push(...(await send(limit, clock, count)));
          }
          expect(mostInAMinute(sent)).toBeLessThanOrEqual(rate);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('makes nobody wait without a limit', async () => {
    const clock = new SleepingClock();
    expect(new Set(await send(createRateLimit(undefined, clock), clock, 1000)).size).toBe(1);
  });

  it('halves its rate when refused, and has it again after minutes, but never more', async () => {
    const clock = new SleepingClock();
    const limit = createRateLimit(600, clock);
    const [first = 0] = await send(limit, clock, 100);
    limit.refused(first);
    const slowed = mostInAMinute(await send(limit, clock, 300));
    expect([slowed > 250, slowed < 400]).toEqual([true, true]);
    clock.time += 30 * MINUTE;
    const most = mostInAMinute(await send(limit, clock, 1500));
    expect([most <= 600, most > 580]).toEqual([true, true]);
  });

  it('counts refusals of what was under way together once', async () => {
    const clock = new SleepingClock();
    const limit = createRateLimit(600, clock);
    const sent = await send(limit, clock, 8);
    clock.time += 50;
    sent.forEach((time) => {
      limit.refused(time);
    });
    expect(mostInAMinute(await send(limit, clock, 400))).toBeGreaterThan(290);
  });

  it('is never slower than one request a second for refusals alone', async () => {
    const clock = new SleepingClock();
    const limit = createRateLimit(600, clock);
    for (let refusals = 0; refusals < 20; refusals += 1) {
      const [sent = 0] = await send(limit, clock, 1);
      limit.refused(sent);
    }
    const before = clock.time;
    await send(limit, clock, 60);
    expect(clock.time - before).toBeLessThanOrEqual(MINUTE);
  });

  it('goes at half the rate that a host without a known limit refused, and later as fast as ever', async () => {
    const clock = new SleepingClock();
    const limit = createRateLimit(undefined, clock);
    // Twenty a second, for long enough to be seen.
    for (let turn = 0; turn < 2000; turn += 1) {
      await limit.turn(never);
      clock.time += 50;
    }
    limit.refused(clock.time);
    const most = mostInAMinute(await send(limit, clock, 600));
    expect([most > 500, most < 900]).toEqual([true, true]);
    clock.time += 120 * MINUTE;
    expect(new Set(await send(limit, clock, 1000)).size).toBe(1);
  });

  it('spreads what the host says is left over its window, and goes as before after it', async () => {
    const clock = new SleepingClock();
    const limit = createRateLimit(undefined, clock);
    await send(limit, clock, 1);
    limit.spread(20, 10_000);
    const before = clock.time;
    await send(limit, clock, 20);
    expect(clock.time - before).toBeGreaterThan(5000);
    clock.time += 10_000;
    expect(new Set(await send(limit, clock, 100)).size).toBe(1);
  });

  it('spaces nothing by more than a second for what the host says is left', async () => {
    const clock = new SleepingClock();
    const limit = createRateLimit(undefined, clock);
    limit.spread(1, 60_000);
    const before = clock.time;
    await send(limit, clock, 18);
    expect(clock.time - before).toBe(10_000);
  });

  it('does not wait longer when the clock is set back', async () => {
    const clock = new SleepingClock();
    const limit = createRateLimit(60, clock);
    await send(limit, clock, 2);
    limit.refused(clock.time);
    limit.spread(1, 50_000);
    clock.time -= 900_000;
    const before = clock.time;
    await send(limit, clock, 1);
    expect(clock.time - before).toBeLessThanOrEqual(2000);
  });
});
