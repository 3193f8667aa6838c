import { describe, expect, it } from 'vitest';
import { parseRateWindow } from '../../src/log/rate-headers.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const read = (headers: Readonly<Record<string, string>>) => parseRateWindow((name) => headers[name], NOW);

describe('parseRateWindow()', () => {
  it.each([
    ['a policy', { ratelimit: '"default";r=50;t=30' }, { remaining: 50, resetMs: 30_000 }],
    ['a policy with more', { ratelimit: '"default";pk=:YWJj:;t=7;r=0;q=100' }, { remaining: 0, resetMs: 7000 }],
    ['the tightest of policies', { ratelimit: '"day";r=900;t=50, "second";r=3;t=1' }, { remaining: 3, resetMs: 1000 }],
    ['the earlier form', { ratelimit: 'limit=100, remaining=50, reset=20' }, { remaining: 50, resetMs: 20_000 }],
    ['three headers', { 'ratelimit-remaining': '12', 'ratelimit-reset': ' 9 ' }, { remaining: 12, resetMs: 9000 }],
    [
      'the time itself',
      { 'ratelimit-remaining': '1', 'ratelimit-reset': '1795262430' },
      { remaining: 1, resetMs: 30_000 },
    ],
    [
      'a time of the past',
      { 'ratelimit-remaining': '1', 'ratelimit-reset': '1795262000' },
      { remaining: 1, resetMs: 0 },
    ],
    ['a long window', { 'ratelimit-remaining': '0', 'ratelimit-reset': '86400' }, { remaining: 0, resetMs: 60_000 }],
  ])('reads %s', (_, headers, window) => {
    expect(read(headers)).toEqual(window);
  });

  it.each([
    ['nothing', {}],
    ['no time', { ratelimit: '"default";r=50' }],
    ['no count', { 'ratelimit-reset': '5' }],
    ['a negative count', { 'ratelimit-remaining': '-1', 'ratelimit-reset': '5' }],
    ['a fraction', { ratelimit: '"default";r=0.5;t=1.5' }],
    ['no number', { 'ratelimit-remaining': 'few', 'ratelimit-reset': 'soon' }],
    ['more digits than any count', { ratelimit: `"default";r=${'9'.repeat(400)};t=1` }],
    ['another name', { ratelimit: '"default";wr=5;wt=5' }],
  ])('is null for %s', (_, headers) => {
    expect(read(headers)).toBeNull();
  });
});
