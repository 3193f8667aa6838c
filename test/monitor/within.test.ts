import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { within } from '../../src/monitor/within.ts';
import { NEVER } from '../support/monitor-rig.ts';

/** Settles when `signal` aborts, as an exchange does that drips on and on. */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_, failed) => {
    signal.addEventListener('abort', () => {
      failed(new Error('broken off'));
    });
  });

describe('within()', () => {
  it('gives what is done in time, and does not go on to wait', async () => {
    let slept = false;
    const clock: Clock = {
      ...systemClock,
      sleep: async (_ms, signal) => {
        await systemClock.sleep(2 ** 31 - 1, signal);
        slept = true;
      },
    };
    expect(await within(1000, 'x', async () => 7, clock, NEVER)).toBe(7);
    await systemClock.sleep(0, NEVER);
    expect(slept).toBe(true);
  });

  it('breaks off what takes longer, and says so', async () => {
    const clock: Clock = { ...systemClock, sleep: async () => undefined };
    await expect(within(1000, 'Cannot look', endless, clock, NEVER)).rejects.toMatchObject({
      name: 'LogUnavailable',
      message: 'Cannot look: not done within 1000 ms',
    });
  });

  it('passes on why the work failed, and that it was to end', async () => {
    const fail = async (): Promise<never> => {
      throw new TypeError('our own');
    };
    await expect(within(1000, 'x', fail, systemClock, NEVER)).rejects.toThrow(TypeError);
    const end = new AbortController();
    const work = within(1000, 'x', endless, systemClock, end.signal);
    end.abort(new Error('the end'));
    await expect(work).rejects.toThrow('the end');
  });
});
