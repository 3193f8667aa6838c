import { describe, expect, it } from 'vitest';
import { prefetch } from '../../src/log/prefetch.ts';

const never = new AbortController().signal;

/** Loads that end when they are told to, and end with the reason of their signal when that aborts. */
function controlledLoads() {
  const started: number[] = [];
  const aborted: number[] = [];
  const ends = new Map<number, (output: string) => void>();
  return {
    started,
    aborted,
    finish: (input: number) => ends.get(input)?.(`loaded ${input}`),
    load: (input: number, signal: AbortSignal) =>
      new Promise<string>((resolve, reject) => {
        started.push(input);
        ends.set(input, resolve);
        signal.addEventListener('abort', () => {
          aborted.push(input);
          reject(signal.reason as Error);
        });
      }),
  };
}

describe('prefetch()', () => {
  it('yields in order whatever order the loads end in', async () => {
    const loads = controlledLoads();
    const results = prefetch([1, 2, 3], 3, loads.load, never);
    const all = [results.next(), results.next(), results.next(), results.next()];
    [3, 2, 1].forEach(loads.finish);
    expect((await Promise.all(all)).map((result) => result.value)).toEqual([
      'loaded 1',
      'loaded 2',
      'loaded 3',
      undefined,
    ]);
  });

  it('keeps no more loads under way than allowed', async () => {
    const loads = controlledLoads();
    const results = prefetch([1, 2, 3, 4, 5, 6], 2, loads.load, never);
    const first = results.next();
    expect(loads.started).toEqual([1, 2]);
    loads.finish(1);
    await first;
    expect(loads.started).toEqual([1, 2, 3]);
    const second = results.next();
    loads.finish(3);
    expect(loads.started).toEqual([1, 2, 3]);
    loads.finish(2);
    await second;
    expect(loads.started).toEqual([1, 2, 3, 4]);
    const last = results.return();
    await last;
  });

  it('aborts what is under way when the consumer stops', async () => {
    const loads = controlledLoads();
    const results = prefetch([1, 2, 3, 4, 5], 3, loads.load, never);
    const first = results.next();
    loads.finish(1);
    await first;
    await results.return();
    expect(loads).toMatchObject({ started: [1, 2, 3, 4], aborted: [1, 2, 3, 4] });
  });

  it('rethrows the failure of a load in its turn and aborts the others', async () => {
    const failure = new Error('no');
    const aborted: number[] = [];
    const load = async (input: number, signal: AbortSignal): Promise<string> => {
      signal.addEventListener('abort', () => aborted.push(input));
      return input === 2 ? Promise.reject(failure) : `loaded ${input}`;
    };
    const results = prefetch([1, 2, 3], 3, load, never);
    expect(await results.next()).toEqual({ done: false, value: 'loaded 1' });
    await expect(results.next()).rejects.toBe(failure);
    expect(aborted).toContain(3);
  });

  it('throws the reason of its signal', async () => {
    const controller = new AbortController();
    const loads = controlledLoads();
    const results = prefetch([1, 2, 3], 2, loads.load, controller.signal);
    const first = results.next();
    const reason = new Error('shutting down');
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect(loads).toMatchObject({ started: [1, 2], aborted: [1, 2] });
  });

  it('loads nothing when its signal aborted before', async () => {
    const loads = controlledLoads();
    const reason = new Error('shutting down');
    await expect(prefetch([1], 2, loads.load, AbortSignal.abort(reason)).next()).rejects.toBe(reason);
    expect(loads.started).toEqual([]);
  });

  it('yields nothing from nothing', async () => {
    expect(await prefetch([], 2, controlledLoads().load, never).next()).toEqual({ done: true, value: undefined });
  });
});
