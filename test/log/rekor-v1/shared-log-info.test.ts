import { beforeEach, describe, expect, it } from 'vitest';
import type { LogInfo } from '../../../src/log/rekor-v1/api.ts';
import { shareLogInfo, type FetchLogInfo } from '../../../src/log/rekor-v1/shared-log-info.ts';
import { NEVER } from './tail.ts';

interface Request {
  readonly fresh: boolean;
  answer(url: string): void;
  fail(error: Error): void;
}

const ALICE = {};
const BOB = {};
const CAROL = {};

let now: number;
let requests: Request[];
let info: FetchLogInfo;

beforeEach(() => {
  now = 1_700_000_000_000;
  requests = [];
  const load = (fresh: boolean) =>
    new Promise<LogInfo>((resolve, reject) => {
      requests.push({
        fresh,
        answer: (url) => {
          resolve({ url, shards: [] });
        },
        fail: reject,
      });
    });
  info = shareLogInfo(load, { now: () => new Date(now), sleep: async () => undefined });
});

describe('shareLogInfo()', () => {
  it('shares the answer that is under way', async () => {
    const asked = [info(ALICE, false, NEVER), info(BOB, false, NEVER), info(CAROL, false, NEVER)];
    requests[0]?.answer('first');
    expect(await urls(asked)).toEqual(['first', 'first', 'first']);
    expect(requests.length).toBe(1);
  });

  it('shares an answer for one second', async () => {
    await answered(info(CAROL, false, NEVER), 'first');
    now += 999;
    expect(await urls([info(ALICE, false, NEVER)])).toEqual(['first']);
    now += 1;
    expect(await answered(info(BOB, false, NEVER), 'second')).toBe('second');
  });

  it('gives nobody the same answer twice', async () => {
    expect(await answered(info(ALICE, false, NEVER), 'first')).toBe('first');
    expect(await answered(info(ALICE, false, NEVER), 'second')).toBe('second');
    expect(await urls([info(BOB, false, NEVER)])).toEqual(['second']);
    expect(await answered(info(BOB, false, NEVER), 'third')).toBe('third');
  });

  it('asks past an answer that may come from a cache when told to', async () => {
    await answered(info(CAROL, false, NEVER), 'first');
    expect(await answered(info(ALICE, true, NEVER), 'second')).toBe('second');
    expect(requests.map(({ fresh }) => fresh)).toEqual([false, true]);
  });

  it('asks past a request that may be answered by a cache when told to', async () => {
    const cached = info(ALICE, false, NEVER);
    const fresh = info(BOB, true, NEVER);
    requests[0]?.answer('cached');
    requests[1]?.answer('fresh');
    expect(await urls([cached, fresh])).toEqual(['cached', 'fresh']);
  });

  it('asks again after a failure', async () => {
    const asked = [info(ALICE, false, NEVER), info(BOB, false, NEVER)];
    requests[0]?.fail(new Error('down'));
    expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await answered(info(ALICE, false, NEVER), 'up')).toBe('up');
  });

  it('does not trust a clock that was set back', async () => {
    await answered(info(CAROL, false, NEVER), 'first');
    now -= 1;
    expect(await answered(info(ALICE, false, NEVER), 'second')).toBe('second');
  });
});

/** Answers the request that `asked` just made. */
async function answered(asked: Promise<LogInfo>, url: string): Promise<string> {
  requests.at(-1)?.answer(url);
  return (await asked).url;
}

async function urls(asked: readonly Promise<LogInfo>[]): Promise<string[]> {
  return (await Promise.all(asked)).map(({ url }) => url);
}
