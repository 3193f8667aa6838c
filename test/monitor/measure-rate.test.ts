import { describe, expect, it } from 'vitest';
import { measureRate } from '../../src/monitor/measure-rate.ts';

const at = (seconds: number, size: number) => ({ size, at: new Date(seconds * 1000) });

describe('measureRate()', () => {
  it('is entries a second', () => {
    expect(measureRate(at(0, 100), at(5, 600), null)).toBe(100);
  });

  it('follows a change within some minutes', () => {
    let rate = measureRate(at(0, 0), at(5, 500), null);
    for (let step = 1; step <= 36; step += 1) {
      const before = rate;
      rate = measureRate(at(step * 5, step * 5), at(step * 5 + 5, step * 5 + 5), rate);
      expect(rate).toBeLessThan(before);
    }
    expect(rate).toBeGreaterThan(1);
    expect(rate).toBeLessThan(6);
  });

  it('counts a long stretch for more than a short one', () => {
    const short = measureRate(at(0, 0), at(5, 0), 100);
    const long = measureRate(at(0, 0), at(300, 0), 100);
    expect(long).toBeLessThan(1);
    expect(short).toBeGreaterThan(90);
  });
});
