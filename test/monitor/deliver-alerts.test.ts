import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeliveryError } from '../../src/alert/sink.ts';
import { DeliveryBench } from '../support/delivery-bench.ts';
import { scriptedSink } from '../support/scripted-sink.ts';

const WAIT = { timeout: 30_000, interval: 5 };

let bench: DeliveryBench;
beforeEach(() => {
  bench = new DeliveryBench();
});
afterEach(() => bench.close());

describe('deliverAlerts()', () => {
  it('makes one message of what is about the same thing and waits together', async () => {
    const sink = scriptedSink();
    bench.start({ security: sink });
    const ids = [bench.say('a', ['security'], {}, 4_000), bench.say('b', ['security'], {}, 4_000)];
    const other = bench.say('c', ['security'], { watch: 'other' }, 4_000);
    await vi.waitFor(bench.isIdle, WAIT);
    expect(sink.taken.map(({ content }) => content)).toEqual([`2: ${ids.join(' ')}`, `1: ${other}`]);
  });

  it('lists twenty alerts and counts the others', async () => {
    const sink = scriptedSink();
    const ids = Array.from({ length: 45 }, (_, number) => bench.say(`refs/heads/${number}`, ['security']));
    bench.start({ security: sink });
    await vi.waitFor(bench.isIdle, WAIT);
    expect(sink.taken.map(({ content }) => content)).toEqual([`45: ${ids.slice(0, 20).join(' ')}`]);
  });

  it('sends with an id and bytes that stay the same until it is taken', async () => {
    const sink = scriptedSink();
    sink.script(() => Promise.reject(new DeliveryError('no')));
    const id = bench.say('a', ['security']);
    bench.start({ security: sink });
    await vi.waitFor(() => {
      expect(sink.attempts.length).toBeGreaterThanOrEqual(3);
    }, WAIT);
    // A repeat meanwhile is only counted.
    bench.say('a', ['security']);
    sink.script(async () => undefined);
    await vi.waitFor(bench.isIdle, WAIT);
    expect(new Set(sink.attempts.map((attempt) => JSON.stringify(attempt))).size).toBe(1);
    expect(sink.taken).toMatchObject([{ content: `1: ${id}` }]);
  });

  it('backs off ever longer', async () => {
    const sink = scriptedSink();
    const times: number[] = [];
    sink.script(async () => {
      times.push(bench.clock.now().getTime());
      await Promise.reject(new DeliveryError('no'));
    });
    bench.say('a', ['security']);
    bench.start({ security: sink });
    await vi.waitFor(() => {
      expect(times.length).toBe(5);
    }, WAIT);
    const gaps = times.slice(1).map((time, position) => time - (times[position] ?? 0));
    expect(gaps.map((gap, position) => gap >= 750 * 2 ** position)).toEqual([true, true, true, true]);
  });

  it('does not let one message that is refused hold up the next', async () => {
    const sink = scriptedSink();
    const poison = bench.say('poison', ['security'], { watch: 'poison' });
    sink.script(({ content }) =>
      content.includes(poison) ? Promise.reject(new DeliveryError('invalid', { refused: true })) : Promise.resolve(),
    );
    bench.start({ security: sink });
    await vi.waitFor(() => {
      expect(sink.attempts.length).toBeGreaterThanOrEqual(4);
    }, WAIT);
    bench.say('good', ['security'], { watch: 'good' });
    await vi.waitFor(() => {
      expect(sink.taken).toHaveLength(1);
    }, WAIT);
    expect(bench.waiting()).toBe(1);
  });

  it('goes on when the error is one of our own', async () => {
    const sink = scriptedSink();
    sink.script(() => {
      throw new TypeError('a fault of ours');
    });
    bench.say('a', ['security']);
    bench.start({ security: sink });
    await vi.waitFor(() => {
      expect(bench.messages()).toMatchObject([{ last_error: 'a fault of ours' }]);
    }, WAIT);
    sink.script(async () => undefined);
    await vi.waitFor(bench.isIdle, WAIT);
  });

  it('gives an attempt under way a moment to end when the program ends', async () => {
    const sink = scriptedSink();
    sink.script(async () => {
      bench.stop();
      await bench.clock.sleep(200, new AbortController().signal);
    });
    bench.say('a', ['security']);
    bench.start({ security: sink });
    await bench.ended();
    expect(bench.waiting()).toBe(0);
  });

  it('ends although a sink hangs and heeds no signal, and sends again after the restart', async () => {
    const sink = scriptedSink();
    sink.script(() => {
      bench.stop();
      return new Promise(() => undefined);
    });
    bench.say('a', ['security']);
    bench.start({ security: sink });
    await bench.ended();
    expect(bench.messages()).toMatchObject([{ attempts: 0, state: 'pending' }]);
    await bench.restart();
    sink.script(async () => undefined);
    bench.start({ security: sink });
    await vi.waitFor(bench.isIdle, WAIT);
    expect(sink.attempts).toHaveLength(2);
    expect(sink.attempts[1]).toEqual(sink.attempts[0]);
  });

  it('sends the same message again when the program was killed before it was recorded', async () => {
    const sink = scriptedSink();
    const id = bench.say('a', ['security']);
    sink.script(async () => {
      bench.store.close();
    });
    bench.start({ security: sink });
    await expect(bench.ended()).rejects.toThrow(/not open/);
    await bench.restart();
    sink.script(async () => undefined);
    bench.say('b', ['security']);
    bench.start({ security: sink });
    await vi.waitFor(bench.isIdle, WAIT);
    expect(sink.taken.map(({ content }) => content)).toEqual([`1: ${id}`, `1: ${id}`, expect.stringMatching(/^1: /)]);
    expect(sink.taken[1]).toEqual(sink.taken[0]);
  });

  it('tries at once after a restart what would have waited', async () => {
    const sink = scriptedSink();
    sink.script(() => Promise.reject(new DeliveryError('busy', { retryAfter: '3600' })));
    bench.say('a', ['security']);
    bench.start({ security: sink });
    await vi.waitFor(() => {
      expect(bench.messages()).toMatchObject([{ attempts: 1 }]);
    }, WAIT);
    bench.say('b', ['security'], { watch: 'b' }, 86_400_000);
    await bench.restart();
    sink.script(async () => undefined);
    bench.start({ security: sink });
    await vi.waitFor(bench.isIdle, WAIT);
    expect(sink.taken).toHaveLength(2);
  });
});
