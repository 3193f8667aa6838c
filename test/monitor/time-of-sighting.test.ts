import { describe, expect, it } from 'vitest';
import { timeOfSighting } from '../../src/monitor/time-of-sighting.ts';
import type { ChainVerdict } from '../../src/policy/watch.ts';
import { makeSigner } from '../support/alert-drafts.ts';

const [MINUTE, DAY] = [60_000, 86_400_000];
const SEEN = new Date('2026-11-21T12:00:00.000Z');
const began = SEEN.getTime() - 30 * DAY;
const logged = SEEN.getTime() - MINUTE;

/** A signer with a certificate that is good for so long. */
const certified = (life: number) => {
  const { certificate, ...signer } = makeSigner({});
  return { ...signer, certificate: certificate && { ...certificate, notBefore: began, notAfter: began + life } };
};

const timeOf = (life: number, integratedTime: number | null, chain: ChainVerdict | null = 'trusted') =>
  timeOfSighting(certified(life), { integratedTime }, { chain }, SEEN);

describe('timeOfSighting()', () => {
  it.each([
    ['ten minutes', 10 * MINUTE],
    ['a day', DAY],
  ])('is when a trusted certificate of %s began, whatever the log says', (_, life) => {
    expect(timeOf(life, logged / 1000)).toEqual({ at: began, isWhenSeen: false });
    expect(timeOf(life, null)).toEqual({ at: began, isWhenSeen: false });
  });

  it('is not when one began that is good for a year: it signs all year', () => {
    expect(timeOf(365 * DAY, logged / 1000)).toEqual({ at: logged, isWhenSeen: false });
    expect(timeOf(365 * DAY, null)).toEqual({ at: SEEN.getTime(), isWhenSeen: true });
  });

  it('is never before such a certificate began', () => {
    expect(timeOf(365 * DAY, began / 1000 - 60)).toEqual({ at: began, isWhenSeen: false });
  });

  it.each<ChainVerdict>(['untrusted', 'unknown'])('does not go by a certificate that is %s', (chain) => {
    expect(timeOf(10 * MINUTE, logged / 1000, chain)).toEqual({ at: logged, isWhenSeen: false });
  });

  it('believes no log that says it was later than now, or no time at all', () => {
    expect(timeOf(10 * MINUTE, SEEN.getTime() / 1000 + 60, 'untrusted')).toEqual({
      at: SEEN.getTime(),
      isWhenSeen: false,
    });
    expect(timeOf(10 * MINUTE, Number.NaN, 'untrusted')).toEqual({ at: SEEN.getTime(), isWhenSeen: true });
  });
});
