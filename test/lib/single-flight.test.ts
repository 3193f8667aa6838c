import { describe, expect, it } from 'vitest';
import { SingleFlight } from '../../src/lib/single-flight.ts';

const { signal } = new AbortController();

/** Work that is done when the test says so. */
function held() {
  const settle: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  const work = (): Promise<string> =>
    new Promise((resolve, reject) => {
      settle.push({ resolve, reject });
    });
  return { work, settle };
}

describe('SingleFlight', () => {
  it('runs work once for callers at the same time, and again for a later one', async () => {
    const flights = new SingleFlight<string>();
    const { work, settle } = held();
    const both = Promise.all([flights.run('a', signal, work), flights.run('a', signal, work)]);
    settle[0]?.resolve('first');
    expect(await both).toEqual(['first', 'first']);
    const later = flights.run('a', signal, work);
    settle[1]?.resolve('second');
    expect(await later).toBe('second');
    expect(settle).toHaveLength(2);
  });

  it('keeps keys apart', async () => {
    const flights = new SingleFlight<string>();
    expect(await Promise.all(['a', 'b'].map((key) => flights.run(key, signal, () => Promise.resolve(key))))).toEqual([
      'a',
      'b',
    ]);
  });

  it('fails every caller when the work fails, and starts anew after that', async () => {
    const flights = new SingleFlight<string>();
    const { work, settle } = held();
    const both = Promise.allSettled([flights.run('a', signal, work), flights.run('a', signal, work)]);
    settle[0]?.reject(new Error('no'));
    expect((await both).map((result) => result.status)).toEqual(['rejected', 'rejected']);
    expect(await flights.run('a', signal, () => Promise.resolve('yes'))).toBe('yes');
  });

  it('starts the work of a caller who joined when the one who began it aborts', async () => {
    const flights = new SingleFlight<string>();
    const { work, settle } = held();
    const beginner = new AbortController();
    const begun = flights.run('a', beginner.signal, work);
    const joined = flights.run('a', signal, () => Promise.resolve('own'));
    beginner.abort();
    settle[0]?.reject(new Error('aborted'));
    await expect(begun).rejects.toThrow('aborted');
    expect(await joined).toBe('own');
  });

  it('fails a caller who joined and aborted as well', async () => {
    const flights = new SingleFlight<string>();
    const { work, settle } = held();
    const aborted = AbortSignal.abort();
    const both = Promise.allSettled([flights.run('a', aborted, work), flights.run('a', aborted, work)]);
    settle[0]?.reject(new Error('aborted'));
    expect((await both).map((result) => result.status)).toEqual(['rejected', 'rejected']);
    expect(settle).toHaveLength(1);
  });
});
