import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createLoops } from '../../src/lib/loops.ts';

/** Goes on until it is to end, and notes that it did. */
function untilEnded(ended: string[], name: string) {
  return async (until: AbortSignal): Promise<void> => {
    if (!until.aborted) {
      await once(until, 'abort');
    }
    ended.push(name);
  };
}

describe('createLoops()', () => {
  it('stops one and lets the others go on', async () => {
    const ended: string[] = [];
    const stop = new AbortController();
    const loops = createLoops(stop.signal);
    const a = loops.start(untilEnded(ended, 'a'));
    loops.start(untilEnded(ended, 'b'));
    await a.stop();
    expect([ended, loops.signal.aborted]).toEqual([['a'], false]);
    stop.abort();
    await loops.end();
    expect(ended).toEqual(['a', 'b']);
  });

  it('ends them all at one fault, and throws it only when each has ended', async () => {
    const ended: string[] = [];
    const loops = createLoops(new AbortController().signal);
    loops.start(untilEnded(ended, 'a'));
    loops.start(() => Promise.reject(new Error('first')));
    const late = loops.start(async (until) => {
      await untilEnded(ended, 'late')(until);
      throw new Error('second');
    });
    await once(loops.signal, 'abort');
    await expect(loops.end()).rejects.toThrow('first');
    expect(ended).toEqual(['a', 'late']);
    // Nothing is thrown twice by who only wants it to end.
    await late.stop();
  });

  it('takes a fault that is thrown at once', async () => {
    const loops = createLoops(new AbortController().signal);
    const fault = loops.start(() => {
      throw new Error('at once');
    });
    await fault.stop();
    expect(loops.signal.aborted).toBe(true);
    await expect(loops.end()).rejects.toThrow('at once');
  });

  it('ends at once what is started late', async () => {
    const ended: string[] = [];
    const loops = createLoops(AbortSignal.abort());
    loops.start(untilEnded(ended, 'a'));
    await loops.end();
    expect(ended).toEqual(['a']);
  });
});
