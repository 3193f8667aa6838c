import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogUnavailable } from '../../src/log/log.ts';
import { prefetch, type ReadAhead } from '../../src/log/prefetch.ts';

const never = new AbortController().signal;

/** So many loads at once, however large. */
const ahead = (most: number): ReadAhead<string> => ({ most, budgetBytes: 1e9, maxBytes: 1e6, bytesOf: () => 1 });

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
    const results = prefetch([1, 2, 3], ahead(3), loads.load, never);
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
    const results = prefetch([1, 2, 3, 4, 5, 6], ahead(2), loads.load, never);
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
    const results = prefetch([1, 2, 3, 4, 5], ahead(3), loads.load, never);
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
    const results = prefetch([1, 2, 3], ahead(3), load, never);
    expect(await results.next()).toEqual({ done: false, value: 'loaded 1' });
    await expect(results.next()).rejects.toBe(failure);
    expect(aborted).toContain(3);
  });

  it('throws the reason of its signal', async () => {
    const controller = new AbortController();
    const loads = controlledLoads();
    const results = prefetch([1, 2, 3], ahead(2), loads.load, controller.signal);
    const first = results.next();
    const reason = new Error('shutting down');
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect(loads).toMatchObject({ started: [1, 2], aborted: [1, 2] });
  });

  it('loads nothing when its signal aborted before', async () => {
    const loads = controlledLoads();
    const reason = new Error('shutting down');
    await expect(prefetch([1], ahead(2), loads.load, AbortSignal.abort(reason)).next()).rejects.toBe(reason);
    expect(loads.started).toEqual([]);
  });

  it('yields nothing from nothing', async () => {
    expect(await prefetch([], ahead(2), controlledLoads().load, never).next()).toEqual({
      done: true,
      value: undefined,
    });
  });
});

/** A server of answers of given sizes; what is under way and what was allowed for it is counted. */
function answering(sizes: readonly number[]) {
  const allowed: number[][] = sizes.map(() => []);
  let underway = 0;
  const most = { atOnce: 0 };
  return {
    allowed,
    most,
    load: async (input: number, _: AbortSignal, maxBytes: number): Promise<number> => {
      allowed[input]?.push(maxBytes);
      underway += 1;
      most.atOnce = Math.max(most.atOnce, underway);
      await new Promise(setImmediate);
      underway -= 1;
      const size = sizes[input] ?? 0;
      if (size > maxBytes) {
        throw new LogUnavailable('too large', { tooLarge: true });
      }
      return size;
    },
  };
}

async function readAll(sizes: readonly number[], limits: Omit<ReadAhead<number>, 'bytesOf'>) {
  const server = answering(sizes);
  const plan = { ...limits, bytesOf: (size: number) => size };
  const outputs: number[] = [];
  for await (const output of prefetch(sizes.keys(), plan, server.load, never)) {
    outputs.push(output);
  }
  return { outputs, ...server };
}

describe('prefetch() within a budget of bytes', () => {
  const limits = { most: 8, budgetBytes: 800, maxBytes: 400 };

  it('keeps all that is allowed under way while answers are small', async () => {
    const { outputs, allowed, most } = await readAll(Array(40).fill(50), limits);
    expect(outputs.length).toBe(40);
    expect(allowed.every((tries) => tries.length === 1 && tries[0] === 100)).toBe(true);
    expect(most.atOnce).toBe(8);
  });

  it('loads fewer at once when answers are large', async () => {
    const server = answering(Array(40).fill(390));
    const held: number[] = [];
    let reserved = 0;
    const load = async (input: number, signal: AbortSignal, maxBytes: number): Promise<number> => {
      reserved += maxBytes;
      held.push(reserved);
      try {
        return await server.load(input, signal, maxBytes);
      } finally {
        reserved -= maxBytes;
      }
    };
    const results = prefetch(server.allowed.keys(), { ...limits, bytesOf: (size) => size }, load, never);
    let count = 0;
    for await (const size of results) count += size > 0 ? 1 : 0;
    expect(count).toBe(40);
    // The first ones could not be known to be large; what is loaded again in its turn comes on top.
    expect(Math.max(...held)).toBeLessThanOrEqual(limits.budgetBytes + limits.maxBytes);
    expect(server.allowed.slice(8).every((tries) => tries.length === 1)).toBe(true);
  });

  it('loads again, with all that an answer may have, what is larger than those before it', async () => {
    const { outputs, allowed } = await readAll([10, 10, 350, 10], limits);
    expect(outputs).toEqual([10, 10, 350, 10]);
    expect(allowed).toEqual([[100], [100], [100, 400], [100]]);
  });

  it('goes back to small allowances after large answers', async () => {
    const { allowed } = await readAll([350, ...Array<number>(60).fill(10)], limits);
    expect(allowed.at(-1)).toEqual([100]);
  });

  it('fails in its turn with what is larger than any answer may be', async () => {
    const server = answering([10, 401, 10]);
    const results = prefetch([0, 1, 2], { ...limits, bytesOf: (size) => size }, server.load, never);
    expect((await results.next()).value).toBe(10);
    await expect(results.next()).rejects.toMatchObject({ tooLarge: true });
    expect(server.allowed[1]).toEqual([100, 400]);
  });

  it('never holds more than the budget and one answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        async (sizes, most) => {
          const server = answering(sizes);
          let held = 0;
          let peak = 0;
          const load = async (input: number, signal: AbortSignal, maxBytes: number): Promise<number> => {
            held += maxBytes;
            peak = Math.max(peak, held);
            try {
              const size = await server.load(input, signal, maxBytes);
              held += size - maxBytes;
              return size;
            } catch (error) {
              held -= maxBytes;
              throw error;
            }
          };
          const plan = { most, budgetBytes: 800, maxBytes: 400, bytesOf: (size: number) => size };
          const outputs: number[] = [];
          for await (const output of prefetch(sizes.keys(), plan, load, never)) {
            outputs.push(output);
            await new Promise(setImmediate);
            held -= output;
          }
          expect(outputs).toEqual(sizes);
          expect(peak).toBeLessThanOrEqual(800 + 400);
        },
      ),
      { numRuns: 40 },
    );
  });
});
